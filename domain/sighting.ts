/**
 * What Batch says about one of its jobs, and whose word it is.
 *
 * Batch's events come at least once, late and in any order, and more than one Batch job may exist for one attempt.
 * So before the lifecycle table is asked, this file decides whether a sighting is about the current attempt and
 * comes from the Batch job that has authority over it.
 */
import { z } from 'zod';
import { classify } from './failure.ts';
import { parseBatchJobName } from './identity.ts';
import { changed, isFinal, type JobRecord, type Order } from './job.ts';
import type { ExitMeaning } from './job-type.ts';
import type { Observation } from './lifecycle.ts';

/** The part of a Batch job we rely on. Unknown fields are welcome: AWS adds some without notice. */
export const BatchJobDetail = z.object({
  jobId: z.string(),
  jobName: z.string(),
  status: z.string(),
  statusReason: z.string().optional(),
  startedAt: z.number().optional(),
  stoppedAt: z.number().optional(),
  isTerminated: z.boolean().optional(),
  attempts: z.array(z.object({ container: z.object({}).optional() })).default([]),
  container: z
    .object({
      exitCode: z.number().optional(),
      reason: z.string().optional(),
      logStreamName: z.string().optional(),
    })
    .default({}),
  arrayProperties: z.object({ index: z.number().optional() }).optional(),
});
export type BatchJobDetail = z.infer<typeof BatchJobDetail>;

/** @see AWS Batch user guide, "AWS Batch job events": one event per state change, none for the submission */
export const BatchJobStateChange = z.object({
  source: z.literal('aws.batch'),
  'detail-type': z.literal('Batch Job State Change'),
  detail: BatchJobDetail,
});
export type BatchJobStateChange = z.infer<typeof BatchJobStateChange>;

const RANK = {
  SUBMITTED: 0,
  PENDING: 1,
  RUNNABLE: 2,
  STARTING: 3,
  RUNNING: 4,
  SUCCEEDED: 9,
  FAILED: 9,
} as const;
type BatchStatus = keyof typeof RANK;
const isBatchStatus = (status: string): status is BatchStatus => Object.hasOwn(RANK, status);

export interface Sighting extends BatchJobDetail {
  readonly status: BatchStatus;
  readonly job: { readonly jobId: string; readonly attempt: number };
  readonly order: Order;
  readonly ended: boolean;
}

export type Recognised =
  | { readonly kind: 'sighting'; readonly sighting: Sighting }
  | { readonly kind: 'ignored'; readonly why: 'foreign_name' | 'array_child' | 'unknown_status' };

export function recognise(detail: BatchJobDetail): Recognised {
  const job = parseBatchJobName(detail.jobName);
  if (job === undefined) return { kind: 'ignored', why: 'foreign_name' };
  if (detail.arrayProperties?.index !== undefined) return { kind: 'ignored', why: 'array_child' };
  if (!isBatchStatus(detail.status)) return { kind: 'ignored', why: 'unknown_status' };
  const rank = RANK[detail.status];
  const order = { tries: detail.attempts.length, rank };
  return {
    kind: 'sighting',
    sighting: { ...detail, status: detail.status, job, order, ended: rank === RANK.SUCCEEDED },
  };
}

/** The order an accepted submission stands for. */
export const acceptedOrder: Order = { tries: 0, rank: RANK.SUBMITTED };

/** The order a worker's claim stands for: container up, in Batch's try number `batchTry` (from 1). */
export function claimOrder(batchTry: number): Order {
  return { tries: batchTry - 1, rank: RANK.RUNNING };
}

/** Terminal beats everything; then Batch's tries; then the status within a try. Never the event's time: it has whole seconds. */
export function isNewer(seen: Order, known: Order | undefined): boolean {
  if (known === undefined) return true;
  if ((seen.rank === RANK.SUCCEEDED) !== (known.rank === RANK.SUCCEEDED)) return seen.rank === RANK.SUCCEEDED;
  return seen.tries !== known.tries ? seen.tries > known.tries : seen.rank > known.rank;
}

export type Verdict =
  /** An attempt the record has not reached: not of our making. */
  | { readonly kind: 'from_the_future' }
  /** The job is over (final, on a later attempt, or between attempts); `alive` containers of it must end. */
  | { readonly kind: 'past'; readonly alive: boolean }
  /** A second Batch job of the current attempt, not the one with authority. */
  | { readonly kind: 'stray'; readonly alive: boolean }
  /** Nothing new. When it is the very state on the record, that state may still have to be told. */
  | { readonly kind: 'seen_before'; readonly current: boolean }
  | { readonly kind: 'news'; readonly observation: Observation };

/** The rules in this order (each is needed where it stands: a late end of attempt 1 must not be adopted by attempt 2). */
export function judge(
  job: JobRecord,
  seen: Sighting,
  exitCodes: Readonly<Record<number, ExitMeaning>>,
  nowMs: number,
): Verdict {
  const alive = !seen.ended;
  if (isFinal(job.state) || seen.job.attempt < job.attempt) return { kind: 'past', alive };
  if (job.state === 'retrying') return { kind: 'past', alive: alive && seen.jobId !== job.batchJobId };
  if (seen.job.attempt > job.attempt) return { kind: 'from_the_future' };
  const other = job.batchJobId !== undefined && job.batchJobId !== seen.jobId;
  if (other || job.refused?.includes(seen.jobId)) return { kind: 'stray', alive };
  if (!isNewer(seen.order, job.order))
    return { kind: 'seen_before', current: !isNewer(job.order ?? seen.order, seen.order) };
  return { kind: 'news', observation: observationOf(job, seen, exitCodes, nowMs) };
}

function observationOf(
  job: JobRecord,
  seen: Sighting,
  exitCodes: Readonly<Record<number, ExitMeaning>>,
  nowMs: number,
): Observation {
  const common = { batchJobId: seen.jobId, order: seen.order };
  const ended = { startedAt: seen.startedAt, endedAt: seen.stoppedAt ?? nowMs };
  switch (seen.status) {
    case 'SUBMITTED':
    case 'PENDING':
    case 'RUNNABLE':
      return { kind: 'queued', ...common };
    case 'STARTING':
      return { kind: 'starting', ...common };
    case 'RUNNING':
      return { kind: 'running', ...common };
    case 'SUCCEEDED':
      return { kind: 'ended_well', ...common, ended };
    case 'FAILED':
      return { kind: 'ended_badly', ...common, ended, ...classify(seen, job.complaint, exitCodes) };
  }
}

interface BatchJobOfAttempt {
  readonly attempt: number;
  readonly batchJobId: string;
}

/** No container of this attempt can claim any more, so ending one needs no record of its refusal. */
function isOver(job: JobRecord, attempt: number): boolean {
  return isFinal(job.state) || job.attempt > attempt || (job.attempt === attempt && job.state === 'retrying');
}

/** The record with the stray refused, or undefined when that is needless, done, or wrong because it is the owner. */
export function refusing(job: JobRecord, { attempt, batchJobId }: BatchJobOfAttempt): JobRecord | undefined {
  const owner = job.batchJobId === undefined || job.batchJobId === batchJobId;
  if (isOver(job, attempt) || owner || job.refused?.includes(batchJobId)) return undefined;
  return changed(job, { refused: [...(job.refused ?? []), batchJobId] }, job.stateAt);
}

/** Whether a Batch job of this attempt may be ended without harm to the job. */
export function mayEnd(job: JobRecord, { attempt, batchJobId }: BatchJobOfAttempt): boolean {
  return isOver(job, attempt) || job.refused?.includes(batchJobId) === true;
}
