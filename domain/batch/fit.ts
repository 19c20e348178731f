/** Whether the registry of this version can run a job that was accepted earlier. */
import type { Problem } from '../errors.ts';
import type { Failure, JobRecord } from '../job/job.ts';
import type { JobType } from '../job/job-type.ts';
import type { Parts } from '../job/parts.ts';
import { inputProblem } from '../request/admission.ts';
import type { SubmitPlan } from './submission.ts';

export type Fit =
  | { readonly kind: 'fits'; readonly type: JobType }
  /** No later attempt would help. */
  | { readonly kind: 'unfit'; readonly failure: Failure }
  /**
   * It is not the job that is wrong. While functions are replaced one by one, or after a rollback, a version meets jobs of
   * types that only the newer one has; the job is kept until a version that knows its type runs again.
   */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** The input is checked again only before a call of SubmitJob: of a job that AWS Batch may have, the worker checks it. */
const CALLS: ReadonlySet<SubmitPlan['kind']> = new Set(['begin', 'wait_for_slot', 'call']);

/** Whether the step needs the input, wherever it is: its values are arguments of SubmitJob. */
export const needsInput = (type: JobType | undefined, plan: SubmitPlan['kind']): boolean =>
  type?.parameters !== undefined && CALLS.has(plan);

/**
 * An input behind `inputRef`, or in an item of its own, is read only if the step needs it; the worker checks it by the same
 * rule.
 *
 * @param input absent: it was not read, or there is none
 */
export function fitOf(
  job: JobRecord,
  type: JobType | undefined,
  plan: SubmitPlan['kind'],
  input: Parts['input'],
): Fit {
  if (type === undefined)
    return { kind: 'unavailable', reason: `The job type ${job.jobType} is not registered in this version.` };
  if (input === undefined || !CALLS.has(plan)) return { kind: 'fits', type };
  let found: Problem | undefined;
  try {
    found = inputProblem(input, type);
    // What SubmitJob is asked with, tried out before the call is opened.
    if (found === undefined) type.parameters?.(type.input.parse(input));
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    return { kind: 'unavailable', reason: `The code of the job type ${job.jobType} throws ${name}.` };
  }
  if (found === undefined) return { kind: 'fits', type };
  const message = `The input does not match the present schema of its job type, at ${found.pointer}: ${found.message}`;
  return { kind: 'unfit', failure: { class: 'invalid_input', code: found.code, message } };
}
