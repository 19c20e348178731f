/** Which container may do a job's work. Decided before the input is touched, and again at every write of the worker. */
import { advance, type Context } from './advance.ts';
import { claimOrder } from './attempt.ts';
import type { Result } from './job.ts';
import { isFinal, type JobRecord } from './job.ts';
import type { Complaint, Progress } from './lifecycle.ts';

/** One container: the attempt it was started for, its Batch job, and Batch's try number within that job (from 1). */
export interface Container {
  readonly attempt: number;
  readonly batchJobId: string;
  readonly try: number;
}

export type Claim =
  | { readonly kind: 'mine' }
  | { readonly kind: 'claim'; readonly next: JobRecord }
  /** Not an error: another container has the work, or nobody wants it any more. The container ends well. */
  | { readonly kind: 'superseded'; readonly why: string };

const CLAIMABLE = new Set(['submitting', 'submitted', 'starting', 'running']);

/**
 * The claim needs no Batch job id on the record: when the reply to SubmitJob was lost, the claim is what tells us.
 * The try number fences the old container of a host that was given up but still runs.
 */
export function claim(job: JobRecord, me: Container, context: Context): Claim {
  if (job.attempt !== me.attempt) return { kind: 'superseded', why: 'other_attempt' };
  if (!CLAIMABLE.has(job.state)) return { kind: 'superseded', why: `job_${job.state}` };
  if (job.refused?.includes(me.batchJobId)) return { kind: 'superseded', why: 'refused' };
  const held = job.claim;
  if (held !== undefined && held.batchJobId !== me.batchJobId)
    return { kind: 'superseded', why: 'claimed_by_another' };
  if (held !== undefined && held.try > me.try) return { kind: 'superseded', why: 'later_try_runs' };
  if (held?.try === me.try) return { kind: 'mine' };
  const known = job.batchJobId === me.batchJobId ? job.order?.tries : undefined;
  if (known !== undefined && known > claimOrder(me.try).tries)
    return { kind: 'superseded', why: 'later_try_known' };
  const observation = {
    kind: 'claimed',
    batchJobId: me.batchJobId,
    try: me.try,
    order: claimOrder(me.try),
  } as const;
  const next = advance(job, observation, context);
  return next === undefined ? { kind: 'superseded', why: `job_${job.state}` } : { kind: 'claim', next };
}

export type WorkerWord =
  | { readonly kind: 'committed'; readonly result: Result }
  | { readonly kind: 'progressed'; readonly progress: Progress }
  | { readonly kind: 'complained'; readonly complaint: Complaint };

/** The record with a word of the claim's holder, or undefined when this container holds it no more. */
export function hear(
  job: JobRecord,
  me: Container,
  word: WorkerWord,
  context: Context,
): JobRecord | undefined {
  return holds(job, me) ? advance(job, word, context) : undefined;
}

export function holds(job: JobRecord, me: Container): boolean {
  const mine =
    job.attempt === me.attempt && job.claim?.batchJobId === me.batchJobId && job.claim.try === me.try;
  return mine && !isFinal(job.state);
}
