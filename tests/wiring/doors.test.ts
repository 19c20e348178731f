/** The doors of the API: what opens them, and what no role may do around them. */
import { expect, it, test } from '@jest/globals';
import { FunctionUrl, Role, resources } from '../support/template.ts';

it('the door for operators is a Function URL that IAM guards', () => {
  const doors = resources('AWS::Lambda::Url', FunctionUrl);
  expect(doors.map(([, url]) => [url.TargetFunctionArn, url.AuthType])).toEqual([
    ['OperateLambdaFunction', 'AWS_IAM'],
  ]);
});

/** An invocation of the function itself could carry any caller's name. */
test.each(resources('AWS::IAM::Role', Role))('%s may not invoke a door', (_, statements) => {
  const invoking = statements.filter(({ Action }) =>
    Action.some((action) => /^lambda:Invoke|\*/.test(action)),
  );
  const targets = invoking.flatMap(({ Resource }) => Resource);
  expect(targets.filter((target) => /Operate|\*/.test(target))).toEqual([]);
});
