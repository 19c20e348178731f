/**
 * When reconcile must look at a job. Each record that is not settled has a `dueAt`, so a lost message, event or
 * process delays its job and never strands it. Steps only move it earlier; reconcile alone moves it later.
 * @see docs/developing/protocol.md, R10
 */
import { changed, isFinal, type JobRecord } from './job.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Longer than a healthy step takes, so that reconcile rarely repeats work that is under way. */
export const RECONCILE_GRACE_MS = 70 * SECOND;
/** How long AWS Batch may be silent about a job before it is asked. A wait for capacity may be long. */
const BATCH_SILENCE_MS = { submitted: 30 * MINUTE, starting: 10 * MINUTE, running: 10 * MINUTE } as const;
/** A job in the waiting list is woken by a release; this finds a job whose row was lost. */
const QUEUED_MS = 30 * MINUTE;
const FIRST_ABSENCE_MS = 20 * MINUTE;
const UNCLEAR_MS = 2 * MINUTE;

/** The latest `dueAt` that a step into this record allows. */
export function soonest(job: JobRecord, nowMs: number): number {
  const bounds: number[] = [];
  if (job.state === 'scheduled' && job.eligibleAt !== undefined) bounds.push(job.eligibleAt);
  if (job.state === 'retrying' && job.nextAttemptAt !== undefined) bounds.push(job.nextAttemptAt);
  if (waitsForPlatform(job)) bounds.push(job.nextAttemptAt);
  if (job.state === 'cancelling') bounds.push(nowMs + RECONCILE_GRACE_MS);
  if (job.unclearStatus !== undefined) bounds.push(nowMs + UNCLEAR_MS);
  // Reconcile publishes it, so that a container needs no right to the bus.
  if (job.progressVersion === job.version) bounds.push(nowMs);
  return Math.min(...bounds, limitOf(job), nowMs + BATCH_SILENCE_MS.submitted);
}

/** The next `dueAt` after reconcile has acted now. */
export function nextLook(job: JobRecord, nowMs: number): number {
  const limit = limitOf(job);
  return Math.min(waitOf(job, nowMs), limit > nowMs ? limit : Number.MAX_SAFE_INTEGER);
}

function waitOf(job: JobRecord, nowMs: number): number {
  if (job.absences !== undefined) return nowMs + FIRST_ABSENCE_MS;
  if (waitsForTurn(job, nowMs)) return job.turnUntil;
  switch (job.state) {
    case 'scheduled':
      return Math.max(job.eligibleAt ?? nowMs, nowMs) + RECONCILE_GRACE_MS;
    case 'retrying':
      return Math.max(job.nextAttemptAt ?? nowMs, nowMs) + RECONCILE_GRACE_MS;
    case 'waiting':
      if (job.queued === true) return nowMs + QUEUED_MS;
      return Math.max(waitsForPlatform(job) ? job.nextAttemptAt : nowMs, nowMs) + RECONCILE_GRACE_MS;
    case 'submitted':
    case 'starting':
    case 'running':
      return nowMs + BATCH_SILENCE_MS[job.state];
    default:
      return nowMs + RECONCILE_GRACE_MS;
  }
}

/** It is not to ask for a slot before `nextAttemptAt`, because AWS Batch takes no job of its kind at present. */
export function waitsForPlatform(job: JobRecord): job is JobRecord & { nextAttemptAt: number } {
  return job.state === 'waiting' && job.queued !== true && job.nextAttemptAt !== undefined;
}

/** Long against the delay with which a message returns that had no turn, and the wait of a message in a busy queue. */
const TURN_MS = 5 * MINUTE;

/**
 * The record of a job that the rate limit has turned away, so that reconcile does not take its message for lost and send one
 * more: under a backlog each would circle through the queue beside the first.
 *
 * @param begun the attempt as it begins with this write, if it does
 * @returns undefined while what is on the record is good enough: a job that is turned away often is written seldom
 */
export function turnedAway(
  job: JobRecord,
  begun: JobRecord | undefined,
  nowMs: number,
): JobRecord | undefined {
  const turnUntil = nowMs + TURN_MS;
  if (begun !== undefined) return { ...begun, turnUntil };
  return (job.turnUntil ?? 0) > nowMs + TURN_MS / 2 ? undefined : changed(job, { turnUntil }, nowMs);
}

/** Whether its submit message is on its way back, with a turn that it did not get yet. */
export function waitsForTurn(job: JobRecord, nowMs: number): job is JobRecord & { turnUntil: number } {
  const isUncalled = job.state === 'waiting' || (job.state === 'submitting' && job.callOpen !== true);
  return isUncalled && job.runId === undefined && job.queued !== true && (job.turnUntil ?? 0) > nowMs;
}

/** The time after which the job must not go on as it is. */
function limitOf(job: JobRecord): number {
  if (isFinal(job.state) || job.state === 'cancelling') return Number.MAX_SAFE_INTEGER;
  return Math.min(job.deadlineAt ?? Number.MAX_SAFE_INTEGER, startLimitOf(job));
}

function startLimitOf(job: JobRecord): number {
  return mayExpire(job) ? (job.startBy ?? Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER;
}

/** Whether the job can still expire: none of its attempts was placed on a machine. */
export function mayExpire(job: JobRecord): boolean {
  const unstarted = ['scheduled', 'blocked', 'waiting', 'submitting', 'submitted'].includes(job.state);
  return unstarted && job.endedAttempts.length === 0 && job.startedAt === undefined;
}

/** Whether a limit of the sender has passed: for the whole job, or for its start. */
export function overdue(job: JobRecord, nowMs: number): 'expire' | 'deadline' | undefined {
  if (isFinal(job.state) || job.state === 'cancelling') return undefined;
  if (job.deadlineAt !== undefined && job.deadlineAt <= nowMs) return 'deadline';
  return job.startBy !== undefined && job.startBy <= nowMs && mayExpire(job) ? 'expire' : undefined;
}
