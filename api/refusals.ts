/** How a refusal looks over HTTP, and what a failure of the stack is for its caller. */
import type { Refused } from '../application/resources/refused.ts';
import { type Problem, problem, statusOf } from '../domain/errors.ts';
import { Fault } from '../domain/fault.ts';
import { jsonPointer } from '../domain/request/explain.ts';
import { type ProblemBody, problemBody } from './contract/problem.ts';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The name of a parameter is the caller's text, so it is written as a pointer may have it. */
export const parameterInvalid = (name: string, expected: string): Refused => ({
  kind: 'refused',
  problem: problem('parameter_invalid', jsonPointer([name]), expected),
});

/** A client waits this long before it asks again. */
const RETRY_AFTER_SECONDS = 1;

const retryAfterOf = (status: number): number | undefined =>
  status === 429 || status === 503 ? RETRY_AFTER_SECONDS : undefined;

/** Also of one request among several. */
export const refusalBody = (why: Problem, requestId: string): ProblemBody =>
  problemBody(why, requestId, retryAfterOf(statusOf(why.code)));

export function refusal(
  why: Problem,
  requestId: string,
): Reply & { readonly headers: Record<string, string> } {
  const status = statusOf(why.code);
  const retryAfter = retryAfterOf(status);
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...(status === 401 ? { 'WWW-Authenticate': `Bearer error="${why.code}"` } : {}),
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    },
    body: JSON.stringify(refusalBody(why, requestId)),
  };
}

/** What AWS did not answer, and what other writers were faster with, may be tried again; the rest is a fault of ours. */
export function failureOf(error: unknown): Problem {
  const fromAws = error instanceof Error && '$metadata' in error;
  if (fromAws || error instanceof Fault)
    return problem(
      'try_again',
      '',
      'Expected an answer of the table, found none. Try again with the same key.',
    );
  return problem('internal', '', 'The request met a fault of this stack.');
}
