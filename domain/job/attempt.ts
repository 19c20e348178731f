/**
 * The attempts of one job: how far AWS Batch has come with an attempt, when it is over, and which of its Batch jobs
 * are refused.
 */
import { changed, isFinal, type JobRecord, type Order } from './job.ts';

/**
 * Ranks of the statuses of AWS Batch. The statuses before a machine is found have one rank: none of them changes the
 * job.
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

/** The order of an accepted submission. */
export const acceptedOrder: Order = { tries: 0, rank: RANK.SUBMITTED };

/** The order of a worker's claim: a running container in the Batch try `batchTry` (from 1). */
export function claimOrder(batchTry: number): Order {
  return { tries: batchTry - 1, rank: RANK.RUNNING };
}

/**
 * An end is above everything; then the number of Batch tries decides; then the status within a try. The event's time
 * is not used: it has whole seconds.
 */
export function isNewer(seen: Order, known: Order | undefined): boolean {
  if (known === undefined) return true;
  if ((seen.rank === RANK.SUCCEEDED) !== (known.rank === RANK.SUCCEEDED)) return seen.rank === RANK.SUCCEEDED;
  return seen.tries !== known.tries ? seen.tries > known.tries : seen.rank > known.rank;
}

interface BatchJobOfAttempt {
  readonly attempt: number;
  readonly runId: string;
}

/**
 * No container of this attempt can claim any more, and its slot is of no use. Once true, it stays true.
 * @see docs/developing/protocol.md, R2
 */
export function isOver(job: JobRecord, attempt: number): boolean {
  return isFinal(job.state) || job.attempt > attempt || (job.attempt === attempt && job.state === 'retrying');
}

const BEFORE_A_SLOT: ReadonlySet<string> = new Set(['scheduled', 'blocked', 'waiting']);

/**
 * This attempt must not hold a slot: it is over, or it was submitted without one (its tenant had no cap then) and was
 * granted one later from a leftover waiting row. Once true, it stays true.
 */
export function mustNotHold(job: JobRecord, attempt: number): boolean {
  const wentWithout = job.attempt === attempt && job.hasSlot !== true && !BEFORE_A_SLOT.has(job.state);
  return isOver(job, attempt) || wentWithout;
}

/**
 * The record with the duplicate Batch job refused; undefined when that is needless, done already, or wrong because
 * the Batch job owns the attempt.
 */
export function refusing(job: JobRecord, { attempt, runId }: BatchJobOfAttempt): JobRecord | undefined {
  const owner = job.runId === undefined || job.runId === runId;
  if (isOver(job, attempt) || owner || job.refused?.includes(runId)) return undefined;
  return changed(job, { refused: [...(job.refused ?? []), runId] }, job.stateAt);
}

/** Whether a Batch job of this attempt may be terminated without harm to the job. */
export function mayEnd(job: JobRecord, { attempt, runId }: BatchJobOfAttempt): boolean {
  return isOver(job, attempt) || job.refused?.includes(runId) === true;
}

/** The log that a report of a container at work names, if it does. */
export const streamOf = ({ logStream }: Pick<JobRecord, 'logStream'>) =>
  logStream === undefined ? {} : { logStream };
