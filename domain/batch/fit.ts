/** Whether the present registry can run a job that was accepted earlier; if not, a later attempt would not help. */
import type { Failure, JobRecord } from '../job/job.ts';
import type { JobType } from '../job/job-type.ts';
import { inputProblem } from '../request/admission.ts';
import type { SubmitPlan } from './submission.ts';

export type Fit =
  | { readonly kind: 'fits'; readonly type: JobType }
  | { readonly kind: 'unfit'; readonly failure: Failure };

/** The input is checked again only before a call of SubmitJob: of a job that AWS Batch may have, the worker checks it. */
const CALLS: ReadonlySet<SubmitPlan['kind']> = new Set(['begin', 'wait_for_slot', 'call']);

/** An input behind `inputRef` is not read here; the worker checks it by the same rule. */
export function fitOf(job: JobRecord, type: JobType | undefined, plan: SubmitPlan['kind']): Fit {
  if (type === undefined) {
    const message = `The job type ${job.jobType} is no longer registered.`;
    return { kind: 'unfit', failure: { class: 'platform', code: 'job_type_removed', message } };
  }
  const found = job.input !== undefined && CALLS.has(plan) ? inputProblem(job.input, type) : undefined;
  if (found === undefined) return { kind: 'fits', type };
  const message = `The input does not match the present schema of its job type, at ${found.pointer}: ${found.message}`;
  return { kind: 'unfit', failure: { class: 'invalid_input', code: found.code, message } };
}
