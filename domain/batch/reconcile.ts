/** What reconcile does about a job that is due: the record alone says what may have been lost. */
import { NEVER, nextLook, overdue, runLimitOf, waitsForTurn } from '../job/due.ts';
import { changed, isFinal, isUnsettled, type JobRecord } from '../job/job.ts';

export type Repair =
  /** Settled meanwhile: it should not be in the index any more. */
  | { readonly kind: 'nothing' }
  /** It should have a row in a waiting list, which a release at its tenant's gate leads to. */
  | { readonly kind: 'waits' }
  /** The rate limit had no turn for it yet, and its message comes back by itself. */
  | { readonly kind: 'turn' }
  /** Final and not settled, or the message for its next step may be lost: dispatch it. */
  | { readonly kind: 'dispatch' }
  /** A time of the job itself has passed. */
  | { readonly kind: 'give_up'; readonly why: 'expire' | 'deadline' }
  /** Its container has just reported progress. */
  | { readonly kind: 'publish_progress' }
  /** Lambda may still begin it, or go on with it. */
  | { readonly kind: 'run' }
  /** Lambda has ended its run by now, and its end was not reported. */
  | { readonly kind: 'lose' }
  /** AWS Batch has been silent about it: ask. */
  | { readonly kind: 'describe'; readonly runId: string };

export function planRepair(job: JobRecord, nowMs: number): Repair {
  if (isFinal(job.state)) return isUnsettled(job) ? { kind: 'dispatch' } : { kind: 'nothing' };
  const over = overdue(job, nowMs);
  if (over !== undefined) return { kind: 'give_up', why: over };
  const silence = silenceOf(job, nowMs);
  if (silence === 'over') return { kind: 'lose' };
  if (hasProgress(job, nowMs)) return { kind: 'publish_progress' };
  if (silence === 'healthy') return { kind: 'run' };
  // Tested before the states: a claim may have named the Batch job while the reply to SubmitJob is still unknown.
  if (job.runId !== undefined && job.state !== 'retrying') return { kind: 'describe', runId: job.runId };
  if (job.state === 'waiting' && job.queued === true) return { kind: 'waits' };
  if (waitsForTurn(job, nowMs)) return { kind: 'turn' };
  return { kind: 'dispatch' };
}

/** Of an attempt on Lambda; whether its call was lost, the submit step finds out. */
function silenceOf(job: JobRecord, nowMs: number): 'healthy' | 'over' | undefined {
  const limit = runLimitOf(job);
  if (limit > nowMs) return limit === NEVER ? undefined : 'healthy';
  return job.endsBy === undefined ? undefined : 'over';
}

/** Reconcile runs every minute; progress reported before the last run was published then. */
const FRESH_PROGRESS_MS = 120_000;

/** A container that reports is not silent, so Batch need not be asked about it. */
function hasProgress({ state, progress, progressVersion }: JobRecord, nowMs: number): boolean {
  if (state !== 'running' || progress === undefined || progressVersion === undefined) return false;
  return nowMs - progress.at < FRESH_PROGRESS_MS;
}

/**
 * The record with a later `dueAt`, so that a run that dies half-way does not make the next one begin with the same
 * job.
 */
export function postponed<Job extends JobRecord>(job: Job, nowMs: number): Job {
  return changed(job, { dueAt: nextLook(job, nowMs) }, nowMs);
}

/** The same for a record that is being changed anyway. */
export function putOff<Job extends JobRecord>(next: Job, nowMs: number): Job {
  return { ...next, dueAt: nextLook(next, nowMs) };
}

/** DescribeJobs omits the jobs that it does not know, and for a moment it may omit one that it knows. */
const ABSENCES_UNTIL_LOST = 3;

export function absence(job: JobRecord): { readonly kind: 'absent' | 'lost' } {
  return { kind: (job.absences ?? 0) + 1 >= ABSENCES_UNTIL_LOST ? 'lost' : 'absent' };
}
