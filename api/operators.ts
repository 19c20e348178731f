/** How the door for operators knows them: by IAM, which has checked the signature before the function runs. */
import type { Refused } from '../application/resources/refused.ts';
import { NOT_NARROWED } from '../domain/access/narrowing.ts';
import { problem } from '../domain/errors.ts';
import type { Identified } from './app.ts';
import type { FunctionUrl } from './lambda.ts';

/**
 * An event without the domain of a Function URL was made by an invocation of the function itself, and what it says of IAM is
 * its maker's word. No role has the right to make one (tests/wiring/doors.test.ts).
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html, "Request payload format"
 */
export async function operatorOf(_headers: Headers, { event }: FunctionUrl): Promise<Identified | Refused> {
  const context: object = event.requestContext;
  const arn = 'domainName' in context ? arnIn(context) : undefined;
  if (arn === undefined) {
    const expected = 'Expected a request to the Function URL, signed with credentials of AWS.';
    return { kind: 'refused', problem: problem('credential_missing', '/Authorization', expected) };
  }
  return { kind: 'identified', audience: 'operator', by: arn, narrowing: NOT_NARROWED, allows: () => true };
}

function arnIn(context: object): string | undefined {
  const iam = 'authorizer' in context ? partOf(context.authorizer, 'iam') : undefined;
  const arn = partOf(iam, 'userArn');
  return typeof arn === 'string' && arn !== '' ? arn : undefined;
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
