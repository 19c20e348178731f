/** The attempts of one job: how far Batch has come with one, when one is over, and which of its Batch jobs may not work. */
import { changed, isFinal, type JobRecord, type Order } from './job.ts';

/**
 * Ranks of Batch's statuses. Those before capacity is found are one to us: none of them changes what a job is.
 */
export const RANK = {
  SUBMITTED: 1,
  PENDING: 1,
  RUNNABLE: 1,
  STARTING: 2,
  RUNNING: 3,
  SUCCEEDED: 9,
  FAILED: 9,
} as const;

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

interface BatchJobOfAttempt {
  readonly attempt: number;
  readonly batchJobId: string;
}

/**
 * Nothing of this attempt can begin any more: no container of it can claim, and it holds its slot in vain. Once true, it
 * stays true.
 */
export function isOver(job: JobRecord, attempt: number): boolean {
  return isFinal(job.state) || job.attempt > attempt || (job.attempt === attempt && job.state === 'retrying');
}

const BEFORE_A_SLOT: ReadonlySet<string> = new Set(['scheduled', 'blocked', 'waiting']);

/**
 * A slot of this attempt is of no use: the attempt is over, or it went to Batch without one, while its tenant had no caps,
 * and a wake-up gave it one later because its place in the waiting list had remained. Once true, it stays true.
 */
export function holdsInVain(job: JobRecord, attempt: number): boolean {
  const wentWithout = job.attempt === attempt && job.gated !== true && !BEFORE_A_SLOT.has(job.state);
  return isOver(job, attempt) || wentWithout;
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
