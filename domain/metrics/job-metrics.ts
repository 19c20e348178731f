/** What is counted of a job: of its record, and of each change of it, whichever step made it. */
import type { BatchReport } from '../batch/report.ts';
import { type ErrorCode, errorCatalogue } from '../errors.ts';
import { isFinal, type JobRecord } from '../job/job.ts';
import {
  AttemptsFailed,
  AttemptsUnpriced,
  EventDelaySeconds,
  JobsAccepted,
  JobsCancelled,
  JobsExpired,
  JobsFailed,
  JobsHeld,
  JobsRefused,
  JobsStuck,
  JobsSucceeded,
  RunSeconds,
  StartSeconds,
  WaitSeconds,
} from './catalogue.ts';
import { one, type Point } from './metric.ts';

export const accepted = ({ jobType }: JobRecord): Point[] => [one(JobsAccepted, { jobType })];

/** Codes are too many to be a dimension; the log line of each refusal has its code. */
export function refused(code: ErrorCode): Point[] {
  const entry = errorCatalogue[code];
  return [one(JobsRefused, { refusal: REFUSALS[('status' in entry && entry.status) || 400] ?? 'invalid' })];
}

const REFUSALS: Readonly<Record<number, string>> = { 403: 'forbidden', 422: 'conflict', 429: 'quota' };

/** Of one write of a record, from what was there to what is there. A repeated write is lost, and counts nothing. */
export function changedJob(seen: JobRecord, next: JobRecord): Point[] {
  const ended = next.endedAttempts.length > seen.endedAttempts.length ? attemptEnded(next) : [];
  if (next.stuck !== undefined && next.stuck.reason !== seen.stuck?.reason)
    return [one(JobsStuck, { reason: next.stuck.reason })];
  if (next.queued === true && seen.queued !== true) return [one(JobsHeld), ...ended];
  return next.state === seen.state ? ended : [...entered(seen, next), ...ended];
}

function entered(seen: JobRecord, next: JobRecord): Point[] {
  if (isFinal(next.state)) return over(next);
  if (next.state === 'submitting')
    return time(WaitSeconds, next, readySince(seen, next.stateAt), next.stateAt);
  return [];
}

function over({ state, jobType, failure }: JobRecord): Point[] {
  switch (state) {
    case 'succeeded':
      return [one(JobsSucceeded, { jobType })];
    case 'failed':
      return [one(JobsFailed, { jobType, failureClass: failure?.class ?? 'platform' })];
    case 'cancelled':
      return [one(JobsCancelled)];
    default:
      return [one(JobsExpired)];
  }
}

function attemptEnded(next: JobRecord): Point[] {
  const { startedAt, endedAt = next.stateAt, failure, usdMicro } = next.endedAttempts.at(-1) ?? {};
  const known: Point = { metric: EventDelaySeconds, value: Math.max(0, next.stateAt - endedAt) / 1000 };
  const unpriced = startedAt !== undefined && usdMicro === undefined ? [one(AttemptsUnpriced)] : [];
  const ran = [...time(RunSeconds, next, startedAt, endedAt), known, ...unpriced];
  return failure === undefined ? ran : [...ran, one(AttemptsFailed, { failureClass: failure.class })];
}

/** Since when nothing of its own kept its attempt: neither a time that its sender set, nor a backoff. */
export function readySince(job: JobRecord, nowMs: number): number {
  const { createdAt, eligibleAt = 0, nextAttemptAt = 0, platformWait, endedAttempts } = job;
  if (platformWait !== undefined) return platformWait.since;
  const backoffEnd = nextAttemptAt <= nowMs ? nextAttemptAt : 0;
  return Math.max(createdAt, eligibleAt, backoffEnd, endedAttempts.at(-1)?.endedAt ?? 0);
}

/** Of a report of AWS Batch that is news: how long it had the job before its container ran. Told once, with the end. */
export function started(job: JobRecord, { detail, ended }: BatchReport): Point[] {
  const { createdAt, startedAt } = detail;
  return ended && startedAt !== undefined ? time(StartSeconds, job, createdAt, startedAt) : [];
}

function time(
  metric: typeof RunSeconds,
  { jobType }: JobRecord,
  fromMs: number | undefined,
  toMs: number,
): Point[] {
  // Clocks of two machines differ, and no time is negative.
  if (fromMs === undefined) return [];
  return [{ metric, value: Math.max(0, toMs - fromMs) / 1000, of: { jobType } }];
}
