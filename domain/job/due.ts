/**
 * When reconcile must look at a job. Each record that is not settled has a `dueAt`, so a lost message, event or
 * process delays its job and never strands it. Steps only move it earlier; reconcile alone moves it later.
 * @see docs/developing/protocol.md, R10
 */
import { CLAIM_SKEW_MS } from '../executor/executor.ts';
import { changed, isFinal, type JobRecord } from './job.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
export const NEVER = Number.MAX_SAFE_INTEGER;

/** Longer than a healthy step takes, so that reconcile rarely repeats work that is under way. */
export const RECONCILE_GRACE_MS = 70 * SECOND;
/** How long AWS Batch may be silent about a job before it is asked. A wait for capacity may be long. */
const BATCH_SILENCE_MS = { submitted: 30 * MINUTE, starting: 10 * MINUTE, running: 10 * MINUTE } as const;
/** A job in the waiting list is woken by a release; this finds a job whose row was lost. */
const QUEUED_MS = 30 * MINUTE;
/** A job that waits for others is told when they end; this finds one that was not. */
const BLOCKED_MS = 30 * MINUTE;
const FIRST_ABSENCE_MS = 20 * MINUTE;
const UNCLEAR_MS = 2 * MINUTE;

/** The latest `dueAt` that a step into this record allows. */
export function soonest(job: JobRecord, nowMs: number): number {
  const bounds: number[] = [];
  if (job.state === 'scheduled' && job.eligibleAt !== undefined) bounds.push(job.eligibleAt);
  if (job.state === 'retrying' && job.nextAttemptAt !== undefined) bounds.push(job.nextAttemptAt);
  if (waitsForPlatform(job)) bounds.push(job.nextAttemptAt);
  bounds.push(runLimitOf(job));
  if (job.state === 'cancelling') bounds.push(nowMs + RECONCILE_GRACE_MS);
  if (job.unclearStatus !== undefined) bounds.push(nowMs + UNCLEAR_MS);
  // Reconcile publishes it, so that a container needs no right to the bus.
  if (job.progressVersion === job.version) bounds.push(nowMs);
  return Math.min(...bounds, limitOf(job), nowMs + BATCH_SILENCE_MS.submitted);
}

/** The next `dueAt` after reconcile has acted now. */
export function nextLook(job: JobRecord, nowMs: number): number {
  const limit = limitOf(job);
  return Math.min(waitOf(job, nowMs), limit > nowMs ? limit : NEVER);
}

/**
 * Until then Lambda may still begin, or go on with, the run of this attempt, and no service can be asked about it. After that it did not
 * come, or is lost.
 */
export function runLimitOf({ state, claimBy, endsBy, callOpen }: JobRecord): number {
  if (endsBy !== undefined) return endsBy;
  const isAwaited = claimBy !== undefined && callOpen === true && state === 'submitting';
  return isAwaited ? claimBy + CLAIM_SKEW_MS : NEVER;
}

function waitOf(job: JobRecord, nowMs: number): number {
  const runLimit = runLimitOf(job);
  if (runLimit !== NEVER && runLimit > nowMs) return runLimit;
  if (job.absences !== undefined) return nowMs + FIRST_ABSENCE_MS;
  if (waitsForTurn(job, nowMs)) return job.turnUntil;
  // Its message is sent now, and waits in the queue.
  if (isBeforeTurn(job, nowMs)) return job.turnAt + TURN_GRACE_MS;
  switch (job.state) {
    case 'scheduled':
      return Math.max(job.eligibleAt ?? nowMs, nowMs) + RECONCILE_GRACE_MS;
    case 'retrying':
      return Math.max(job.nextAttemptAt ?? nowMs, nowMs) + RECONCILE_GRACE_MS;
    case 'waiting':
      if (job.queued === true) return nowMs + QUEUED_MS;
      return Math.max(waitsForPlatform(job) ? job.nextAttemptAt : nowMs, nowMs) + RECONCILE_GRACE_MS;
    case 'blocked':
      // Its first message may be lost, and then no job that it waits for knows of it.
      return nowMs + (job.version === 1 || waitedTooLong(job, nowMs) ? RECONCILE_GRACE_MS : BLOCKED_MS);
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

/** SQS delays a message by at most this; reconcile takes care of longer waits. */
export const MAX_DELAY_MS = 15 * MINUTE;
/** Reconcile takes what falls due before its next run, and sends it with the delay that is left. */
const TAKEN_AHEAD_MS = MINUTE;
/** After its turn a message may wait in a busy queue for as long. */
const TURN_GRACE_MS = 2 * MINUTE;

/** Whether a turn is so far ahead that no message can wait for it: then reconcile sends one when it is near. */
export const isFarTurn = (turnAt: number, nowMs: number): boolean => turnAt - nowMs > MAX_DELAY_MS;

/** What a record says of a turn that is booked, so that reconcile does not take its message for lost and send one more. */
export function turnFields(
  turnAt: number,
  nowMs: number,
): { readonly turnAt: number; readonly turnUntil: number } {
  const isFar = isFarTurn(turnAt, nowMs);
  return { turnAt, turnUntil: isFar ? turnAt - TAKEN_AHEAD_MS : turnAt + TURN_GRACE_MS };
}

/**
 * The record of a job that the rate limit has turned away.
 *
 * @param begun the attempt as it begins with this write, if it does
 */
export function turnedAway(
  job: JobRecord,
  begun: JobRecord | undefined,
  turnAt: number,
  nowMs: number,
): JobRecord {
  const fields = turnFields(turnAt, nowMs);
  return begun === undefined ? changed(job, fields, nowMs) : { ...begun, ...fields };
}

/** Whether its submit message waits for its turn, or need not be sent yet. */
export function waitsForTurn(job: JobRecord, nowMs: number): job is JobRecord & { turnUntil: number } {
  return isUncalled(job) && (job.turnUntil ?? 0) > nowMs + TAKEN_AHEAD_MS;
}

/** Its turn is so near that its message may ask: the delay of a message has whole seconds. */
const NEAR_TURN_MS = 2 * SECOND;

/** Whether its turn is ahead: a message that comes before would book another one, and lose this. */
export function isBeforeTurn(job: JobRecord, nowMs: number): job is JobRecord & { turnAt: number } {
  return isUncalled(job) && (job.turnAt ?? 0) > nowMs + NEAR_TURN_MS;
}

function isUncalled({ state, callOpen, runId, queued }: JobRecord): boolean {
  const canCall = state === 'waiting' || (state === 'submitting' && callOpen !== true);
  return canCall && runId === undefined && queued !== true;
}

/** The time after which the job must not go on as it is. */
function limitOf(job: JobRecord): number {
  if (isFinal(job.state) || job.state === 'cancelling') return NEVER;
  const waitLimit = job.state === 'blocked' ? job.dependencyTimeoutAt : undefined;
  return Math.min(job.deadlineAt ?? NEVER, startLimitOf(job), waitLimit ?? NEVER);
}

/** Whether the time is over that a job gives to those that it waits for. */
export function waitedTooLong({ state, dependencyTimeoutAt }: JobRecord, nowMs: number): boolean {
  return state === 'blocked' && dependencyTimeoutAt !== undefined && dependencyTimeoutAt <= nowMs;
}

function startLimitOf(job: JobRecord): number {
  return mayExpire(job) ? (job.startBy ?? NEVER) : NEVER;
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
