/** Which occurrences of a schedule run now, and the messages for their jobs. Each computation gives the same messages. */
import { fnv1a } from '../job/identity.ts';
import type { CancelRequest } from '../request/request.ts';
import type { Calendar } from './calendar.ts';
import { advanced, type Outcome, type Schedule, withOutcomes } from './schedule.ts';

/** Reconcile comes every minute, and looks a minute ahead; an occurrence of before was missed. */
const ON_TIME_MS = 120_000;
/** How many of the missed ones one run sends; the next run finds the rest. */
const MAX_AT_ONCE = 100;
/** After this time the message of a job has made its record, or been refused. */
const BIRTH_MS = 120_000;

/** What is known of the job of the last occurrence: absent when it has no record. */
export type LastJob = { readonly isFinal: boolean } | undefined;

export interface Occurrence {
  readonly at: number;
  readonly idempotencyKey: string;
  /** The body of a message to the front queue. */
  readonly body: string;
  /** From now; a message that is late has none. */
  readonly delayMs: number;
}

export interface Firing {
  readonly runs: readonly Occurrence[];
  /** The job whose end is asked for before a new one is sent. */
  readonly replaces?: CancelRequest;
  /** The record afterwards. */
  readonly next: Schedule;
}

export interface Moment {
  readonly nowMs: number;
  /** Occurrences up to here are decided. */
  readonly byMs: number;
  readonly calendar: Calendar;
  readonly lastJob: LastJob;
  jobIdOf(tenantId: string, idempotencyKey: string): string;
}

/** @returns undefined when there is nothing to decide */
export function planFiring(schedule: Schedule, moment: Moment): Firing | undefined {
  const { nextAt, paused, deletedAt } = schedule;
  // Not by `dueAt`, which says when reconcile looks again: after failures that is later than an occurrence, which is due all the same.
  if (nextAt === undefined || nextAt > moment.byMs || paused !== undefined || deletedAt !== undefined)
    return undefined;
  const { due, missed, decidedUntil } = dueOccurrences(schedule, moment);
  const { runs, left } = withoutOverlap(schedule, due, moment);
  const occurrences = runs.map((at) => occurrence(schedule, at, moment.nowMs));
  const sent = occurrences.map(({ at, idempotencyKey }) => ({
    at,
    jobId: moment.jobIdOf(schedule.tenantId, idempotencyKey),
  }));
  const last = sent.at(-1) ?? schedule.last;
  const outcomes = [...missed, ...skipped(left, 'overlap'), ...sent];
  const recorded = {
    ...schedule,
    decidedUntil,
    ...(last === undefined ? {} : { last }),
    recent: withOutcomes(
      schedule.recent,
      outcomes.toSorted((a, b) => a.at - b.at),
    ),
  };
  return {
    runs: occurrences,
    ...(runs.length > 0 ? replacing(schedule, moment) : {}),
    next: advanced(recorded, moment.calendar, moment.nowMs),
  };
}

interface Due {
  readonly due: readonly number[];
  /** All from the first to the last of them. */
  readonly missed: readonly Outcome[];
  readonly decidedUntil: number;
}

function dueOccurrences(schedule: Schedule, { nowMs, byMs, calendar }: Moment): Due {
  const { catchUp, catchUpSeconds, decidedUntil } = schedule;
  const oldestMs = nowMs - (catchUp === 'none' ? ON_TIME_MS : Math.max(ON_TIME_MS, catchUpSeconds * 1000));
  const first = calendar.next(decidedUntil);
  const found: number[] = [];
  let at = calendar.next(Math.max(decidedUntil, oldestMs - 1));
  for (; at !== undefined && at <= byMs; at = calendar.next(at)) {
    if (catchUp === 'all' && found.length === MAX_AT_ONCE) break;
    found.push(at);
  }
  const last = found.at(-1) ?? Math.max(decidedUntil, oldestMs - 1);
  const onTime = found.filter((each) => each > nowMs - ON_TIME_MS);
  const due = catchUp === 'all' ? found : onTime.length > 0 ? onTime : found.slice(-1);
  const left = found.filter((each) => !due.includes(each));
  // Those that are too old are not counted one by one: a schedule may have rested for a year.
  const isTooOld = first !== undefined && first < oldestMs;
  const missed = isTooOld ? skipped([first, left.at(-1) ?? oldestMs - 1], 'missed') : skipped(left, 'missed');
  return { due, missed, decidedUntil: last };
}

function withoutOverlap({ overlap, last, jitterSeconds }: Schedule, due: readonly number[], moment: Moment) {
  const none: readonly number[] = [];
  if (overlap === 'allow' || overlap === 'queue') return { runs: due, left: none };
  if (overlap === 'replace') return { runs: due.slice(-1), left: due.slice(0, -1) };
  const bornByMs = last === undefined ? 0 : last.at + jitterSeconds * 1000 + BIRTH_MS;
  const isRunning = moment.lastJob === undefined ? moment.nowMs < bornByMs : moment.lastJob.isFinal === false;
  return isRunning ? { runs: none, left: due } : { runs: due.slice(0, 1), left: due.slice(1) };
}

/** A job that is over is left alone: a cancel of a failed one would take its redrive with it. */
function replacing({ overlap, last, tenantId }: Schedule, { lastJob }: Moment) {
  if (overlap !== 'replace' || last === undefined || lastJob?.isFinal === true) return {};
  const replaces: CancelRequest = {
    specVersion: '1',
    action: 'job.cancel',
    tenantId,
    jobId: last.jobId,
  };
  return { replaces };
}

function skipped(at: readonly number[], why: 'overlap' | 'missed'): Outcome[] {
  const [first] = at;
  return first === undefined ? [] : [{ at: first, until: at.at(-1) ?? first, skipped: why }];
}

function occurrence(schedule: Schedule, at: number, nowMs: number): Occurrence {
  const { scheduleId, tenantId, jitterSeconds } = schedule;
  const idempotencyKey = `schedule:${scheduleId}:${minuteOf(at)}`;
  const jitterMs = fnv1a(`${tenantId} ${idempotencyKey}`) % (jitterSeconds * 1000 + 1);
  const runAt = at + jitterMs;
  const body = bodyOf(schedule, { idempotencyKey, runAt: new Date(runAt).toISOString() });
  return { at, idempotencyKey, body, delayMs: Math.max(0, runAt - nowMs) };
}

/** @example 2026-11-30T02:00Z */
const minuteOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

/** Jobs of `queue` run one after the other, as all jobs of one concurrency key. */
export function bodyOf(
  { tenantId, scheduleId, job, overlap }: Pick<Schedule, 'tenantId' | 'scheduleId' | 'job' | 'overlap'>,
  own: { readonly idempotencyKey: string; readonly runAt?: string },
): string {
  const concurrency = overlap === 'queue' ? { concurrencyKey: `schedule:${scheduleId}` } : {};
  return JSON.stringify({ specVersion: '1', tenantId, ...job, ...concurrency, ...own });
}
