/** How long a job is kept once it is over and settled: its record, and its input with it. */
import * as z from 'zod';
import type { JobRecord } from './job.ts';
import { isWhole } from './parts.ts';

/**
 * The least is longer than a dead letter of a failed job is kept, since without its record it can not be redriven, and than the tries of its
 * webhooks go on.
 */
const Days = z.int().min(15).max(3650);

/** By the final state. */
export const RetentionDays = z.strictObject({
  succeeded: Days,
  failed: Days,
  cancelled: Days,
  expired: Days,
});
export type RetentionDays = z.infer<typeof RetentionDays>;

const DAY_MS = 86_400_000;

/**
 * When the record of a final job may be removed, in epoch seconds, as DynamoDB expects it.
 * @see Amazon DynamoDB developer guide, "Using time to live": typically within a few days after that
 */
export function goneAfter(
  { state, finishedAt, stateAt }: Pick<JobRecord, 'state' | 'finishedAt' | 'stateAt'>,
  days: RetentionDays,
): number | undefined {
  const isKnown = (name: string): name is keyof RetentionDays => Object.hasOwn(days, name);
  return isKnown(state) ? Math.ceil(((finishedAt ?? stateAt) + days[state] * DAY_MS) / 1000) : undefined;
}

const DAY_SECONDS = 86_400;
/** Most jobs end within days, and are kept for 90 days then. */
const KEPT_SECONDS = 97 * DAY_SECONDS;
/** By how much the parts of a job may outlive its record. DynamoDB removes items some days late as well. */
const OVERHANG_SECONDS = 7 * DAY_SECONDS;
/** How late reconcile may be with a job before its parts go. */
const MARGIN_SECONDS = 14 * DAY_SECONDS;
const PROLONGED_SECONDS = 30 * DAY_SECONDS;

/**
 * When the parts of a new job may be removed, in epoch seconds. They are written once, so that is the time at which they most
 * likely go with their record.
 */
export const partsUntilOf = ({
  createdAt,
  eligibleAt = createdAt,
}: Pick<JobRecord, 'createdAt' | 'eligibleAt'>) => Math.ceil(eligibleAt / 1000) + KEPT_SECONDS;

/**
 * Another time for the parts of a job, if theirs will not do: they must outlive its record, but not by long, and one that is not
 * settled must have them beyond the moment at which reconcile looks at it again.
 *
 * @returns undefined: they stay as they are
 */
export function otherPartsUntil({
  partsUntil,
  expiresAt,
  dueAt = 0,
}: Pick<JobRecord, 'partsUntil' | 'expiresAt' | 'dueAt'>): number | undefined {
  if (expiresAt !== undefined) {
    const goWithIt =
      partsUntil !== undefined && partsUntil >= expiresAt && partsUntil <= expiresAt + OVERHANG_SECONDS;
    return goWithIt ? undefined : expiresAt;
  }
  const least = Math.ceil(dueAt / 1000) + MARGIN_SECONDS;
  return partsUntil !== undefined && partsUntil < least ? least + PROLONGED_SECONDS : undefined;
}

/**
 * When the roster of jobs that were recorded at this moment may be removed, in epoch seconds. That is when most of their records go;
 * one that stays longer leaves it.
 */
export const rosterUntil = ({ createdAt }: Pick<JobRecord, 'createdAt'>): number =>
  Math.ceil(createdAt / 1000) + KEPT_SECONDS;

/** Whether a record may be there when its roster is not, or may not be settled until shortly before. */
export function outlivesRoster(job: Pick<JobRecord, 'createdAt' | 'expiresAt' | 'dueAt'>): boolean {
  const { expiresAt, dueAt = 0 } = job;
  return (expiresAt ?? Math.ceil(dueAt / 1000) + MARGIN_SECONDS) > rosterUntil(job);
}

/** The next record of a job, with what must be written beside it or in it so that its parts and its place in the list last as long as it does. */
export function lasting(next: JobRecord): JobRecord {
  const partsUntil = isWhole(next) ? undefined : otherPartsUntil(next);
  const leaves = next.onRoster === true && outlivesRoster(next);
  if (partsUntil === undefined && !leaves) return next;
  const { onRoster, ...rest } = next;
  return {
    ...rest,
    ...(onRoster && !leaves && { onRoster }),
    ...(partsUntil !== undefined && { partsUntil }),
  };
}
