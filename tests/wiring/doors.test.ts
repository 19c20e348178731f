/** The doors of the API: what opens them, and what no role may do around them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, test } from '@jest/globals';
import { FunctionUrl, Role, resources, root, template } from '../support/template.ts';

it('the door for operators is a Function URL that IAM guards, and the other asks for a token itself', () => {
  const doors = resources('AWS::Lambda::Url', FunctionUrl);
  expect(doors.map(([, url]) => [url.TargetFunctionArn, url.AuthType])).toEqual([
    ['ApiLambdaFunction', 'NONE'],
    ['OperateLambdaFunction', 'AWS_IAM'],
  ]);
});

/** An invocation of the function itself could carry any caller's name. */
test.each(resources('AWS::IAM::Role', Role))('%s may not invoke a door', (_, statements) => {
  const invoking = statements.filter(({ Action }) =>
    Action.some((action) => /^lambda:Invoke|\*/.test(action)),
  );
  const targets = invoking.flatMap(({ Resource }) => Resource);
  // The functions of job types have an underscore after the stage, and a door has a dash.
  expect(targets.filter((target) => /^(Api|Operate)LambdaFunction$|(?<!_)\*/.test(target))).toEqual([]);
});

const roles = resources('AWS::IAM::Role', Role);
const allowed = (table: string) =>
  roles.flatMap(([role, statements]) =>
    statements
      .filter(({ Resource }) => Resource.some((target) => target.includes(table)))
      .flatMap(({ Action }) => Action.map((action) => `${role} ${action}`)),
  );

it('only the door for operators installs a credential; the other reads one key at a time', () => {
  expect(allowed('KeysTable').toSorted()).toEqual([
    'ApiRole dynamodb:BatchGetItem',
    'OperateRole dynamodb:BatchGetItem',
    // To take out those of a tenant that is erased.
    'OperateRole dynamodb:BatchWriteItem',
    'OperateRole dynamodb:PutItem',
    'OperateRole dynamodb:Query',
    'OperateRole dynamodb:UpdateItem',
  ]);
});

it('the door for tenants writes job records, groups, rolls and rosters, and nothing else: neither caps, nor endpoints, nor waiting lists', () => {
  const [, statements = []] = roles.find(([role]) => role === 'ApiRole') ?? [];
  const allowing = statements.filter(({ Effect }) => Effect === 'Allow');
  const writing = allowing.filter(({ Action }) =>
    Action.some((action) => action.startsWith('dynamodb:') && !/:(BatchGetItem|Query)$/.test(action)),
  );
  expect(writing).toEqual([
    expect.objectContaining({
      Resource: ['JobsTable'],
      Condition: {
        'ForAllValues:StringLike': {
          'dynamodb:LeadingKeys': ['JOB#*', 'GROUP#*', 'ROLL#*', 'ROSTER#*', 'SCHEDULES#*'],
        },
      },
    }),
  ]);
});

it('a stage that serves strangers must say how much of the account they may use up', () => {
  const { ApiConcurrency } = template.Parameters;
  expect(ApiConcurrency).toMatchObject({ Type: 'Number', Default: 0, MinValue: 0 });
  const limit = template.Resources['ApiLambdaFunction']?.Properties['ReservedConcurrentExecutions'];
  expect(limit).toEqual({ 'Fn::If': ['LimitsApi', { Ref: 'ApiConcurrency' }, { Ref: 'AWS::NoValue' }] });
  expect(readFileSync(join(root, 'serverless.yml'), 'utf8')).toMatch(
    / {2}prod:\n( {4}.*\n)* {4}leastApiConcurrency: 1\n/,
  );
});
