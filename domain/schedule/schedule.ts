/** The record of one schedule: when its jobs run, what they are, and which of its occurrences have been decided. */
import * as z from 'zod';
import type { Problem } from '../errors.ts';
import { JsonObject } from '../job/ids.ts';
import { type Calendar, calendarOf, type Timing } from './calendar.ts';

/** It is part of keys of jobs, beside the time of an occurrence. */
export const ScheduleId = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/,
    'expected 1 to 64 of a-z, 0-9, dot, dash and underscore, with a letter or digit at each end',
  );

/** What becomes of an occurrence while the job of the one before is not over. */
export const Overlap = z.enum(['allow', 'queue', 'skip', 'replace']);
/** Which of the occurrences that were missed run later, while nothing looked at the schedule. */
export const CatchUp = z.enum(['latest', 'none', 'all']);

export const DEFAULT_CATCH_UP_SECONDS = 86_400;
/** A week: the input of an older occurrence is likely to be gone. */
export const MAX_CATCH_UP_SECONDS = 604_800;
/** With it, the delay of a message of SQS is enough. */
export const MAX_JITTER_SECONDS = 600;
export const MAX_SCHEDULES = 100;

const EpochMs = z.int().nonnegative();

/** What its owner says of it; each change takes effect from the next occurrence. */
export const Definition = z.object({
  cron: z.string(),
  timeZone: z.string(),
  /** A request for a job without its tenant, key and time. */
  job: JsonObject,
  overlap: Overlap,
  catchUp: CatchUp,
  catchUpSeconds: z.int().positive(),
  jitterSeconds: z.int().nonnegative(),
  startAt: z.string().optional(),
  endAt: z.string().optional(),
});
export type Definition = z.infer<typeof Definition>;

/** What became of an occurrence, or of all from `at` to `until`. */
export const Outcome = z.union([
  z.object({ at: EpochMs, jobId: z.string() }),
  z.object({ at: EpochMs, until: EpochMs, skipped: z.enum(['overlap', 'missed']) }),
]);
export type Outcome = z.infer<typeof Outcome>;

export const Schedule = Definition.extend({
  tenantId: z.string(),
  scheduleId: z.string(),
  /** Raised by one with each write. */
  version: z.int().positive(),
  /** `by` is absent for an operator, whose reason is not for its tenant, and whose pause only an operator ends. */
  paused: z.object({ reason: z.string(), at: EpochMs, by: z.literal('tenant').optional() }).optional(),
  /** Each occurrence up to here has been sent or left out. */
  decidedUntil: EpochMs,
  /** Absent while it is paused, and when no occurrence is left. */
  nextAt: EpochMs.optional(),
  /** When reconcile must look at it: at `nextAt`. */
  dueAt: EpochMs.optional(),
  last: z.object({ at: EpochMs, jobId: z.string() }).optional(),
  /** The newest outcomes, the oldest of them first. */
  recent: z.array(Outcome),
  createdAt: EpochMs,
  changedAt: EpochMs,
  /** It is kept for a while, so that a new one of the same name decides no occurrence a second time. */
  deletedAt: EpochMs.optional(),
});
export type Schedule = z.infer<typeof Schedule>;
export type ScheduleName = Pick<Schedule, 'tenantId' | 'scheduleId'>;

const MAX_RECENT = 10;

export const withOutcomes = (recent: readonly Outcome[], more: readonly Outcome[]): Outcome[] =>
  [...recent, ...more].slice(-MAX_RECENT);

/** The calendar within the schedule's own bounds. */
export function boundedCalendar(
  definition: Timing & Pick<Definition, 'startAt' | 'endAt'>,
): Calendar | Problem {
  const calendar = calendarOf(definition);
  if ('code' in calendar) return calendar;
  const fromMs = definition.startAt === undefined ? 0 : Date.parse(definition.startAt);
  const untilMs = definition.endAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(definition.endAt);
  return {
    next(afterMs) {
      const found = calendar.next(Math.max(afterMs, fromMs - 1));
      return found === undefined || found > untilMs ? undefined : found;
    },
  };
}

/** The first occurrences after a moment. */
export function occurrencesAfter(calendar: Calendar, afterMs: number, count: number): number[] {
  const found: number[] = [];
  for (let at = calendar.next(afterMs); at !== undefined && found.length < count; at = calendar.next(at))
    found.push(at);
  return found;
}

/** The record with the time of its next occurrence, raised by one version. */
export function advanced(schedule: Schedule, calendar: Calendar, nowMs: number): Schedule {
  const { nextAt: _, dueAt: __, ...rest } = schedule;
  const idle = schedule.paused !== undefined || schedule.deletedAt !== undefined;
  const nextAt = idle ? undefined : calendar.next(schedule.decidedUntil);
  const times = nextAt === undefined ? {} : { nextAt, dueAt: nextAt };
  return { ...rest, ...times, version: schedule.version + 1, changedAt: nowMs };
}

export interface Pause {
  readonly reason: string;
  readonly by: 'operator' | 'tenant';
}

/** One that an operator asks for takes the place of its tenant's. @returns undefined when it rests already */
export function paused(schedule: Schedule, { reason, by }: Pause, nowMs: number): Schedule | undefined {
  const { nextAt: _, dueAt: __, paused: before, ...rest } = schedule;
  if (before !== undefined && (by === 'tenant' || !isByTenant(before))) return undefined;
  const pause = { reason, at: nowMs, ...(by === 'tenant' ? { by } : {}) };
  return { ...rest, version: schedule.version + 1, paused: pause, changedAt: nowMs };
}

const isByTenant = ({ by }: NonNullable<Schedule['paused']>): boolean => by === 'tenant';

/** What an operator has paused its tenant neither resumes nor removes, so as to make it anew. */
export const isKeptFrom = (who: Pause['by'], { paused: pause }: Schedule): boolean =>
  who === 'tenant' && pause !== undefined && !isByTenant(pause);

/** Occurrences of the pause are not missed: its owner did not want them. */
export function resumed(schedule: Schedule, calendar: Calendar, nowMs: number): Schedule | undefined {
  if (schedule.paused === undefined) return undefined;
  const { paused: _, ...rest } = schedule;
  return advanced({ ...rest, decidedUntil: Math.max(rest.decidedUntil, nowMs) }, calendar, nowMs);
}
