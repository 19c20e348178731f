/**
 * Clearance: what a job has left beside its record goes within the last days before the record does, so that nothing outlives it.
 * Nothing is written for it while the job runs: a walk through the old jobs of each tenant finds them, once a week.
 */
import * as z from 'zod';
import { isFunctionRun } from '../executor/executor.ts';
import type { JobRecord } from './job.ts';
import type { RetentionDays } from './retention.ts';

const DAY_MS = 86_400_000;
/** From the beginning of a walk to that of the next one. */
export const PERIOD_MS = 7 * DAY_MS;
/** Longer than from one walk to the next, so that each record is met before it goes, even if a walk takes three days. */
export const AHEAD_DAYS = 10;
const AHEAD_MS = AHEAD_DAYS * DAY_MS;

/** Where the walk is. */
export const Clearance = z.object({
  version: z.int().positive(),
  beganAt: z.int(),
  /** Absent: before the first tenant. */
  tenantId: z.string().optional(),
  step: z.enum(['jobs', 'objects', 'over']),
  /** The last job that was looked at. */
  job: z.object({ jobId: z.string(), createdAt: z.int() }).optional(),
  /** The key of the last object that was looked at. */
  object: z.string().optional(),
});
export type Clearance = z.infer<typeof Clearance>;

/** @returns undefined while it is not time for a walk */
export function walkAt(seen: Clearance | undefined, nowMs: number): Clearance | undefined {
  if (seen === undefined) return { version: 1, beganAt: nowMs, step: 'jobs' };
  if (seen.step !== 'over') return seen;
  if (nowMs < seen.beganAt + PERIOD_MS) return undefined;
  return { version: seen.version, beganAt: nowMs, step: 'jobs' };
}

/** To the first job of the next tenant, by id. @param tenantIds sorted */
export function atNextTenant(seen: Clearance, tenantIds: readonly string[]): Clearance {
  const next = tenantIds.find((id) => seen.tenantId === undefined || id > seen.tenantId);
  const { beganAt, version } = seen;
  return next === undefined
    ? { version, beganAt, step: 'over' }
    : { version, beganAt, step: 'jobs', tenantId: next };
}

/** No younger job, and no younger object, can be one whose record is about to go. */
export function clearedBefore(days: RetentionDays, nowMs: number): number {
  return nowMs - (Math.min(...Object.values(days)) - AHEAD_DAYS) * DAY_MS;
}

/** Whether what the job has left may go. One that is not over, or of which all is not told, has no `expiresAt`. */
export const isCleared = ({ expiresAt }: Pick<JobRecord, 'expiresAt'>, nowMs: number): boolean =>
  expiresAt !== undefined && expiresAt * 1000 <= nowMs + AHEAD_MS;

/** The logs of containers that worked for this job alone. That of a sandbox of Lambda has other jobs' lines as well. */
export const ownStreams = ({ endedAttempts }: Pick<JobRecord, 'endedAttempts'>): string[] =>
  endedAttempts.flatMap(({ logStream, runId }) =>
    logStream === undefined || isFunctionRun(runId) ? [] : [logStream],
  );

/** An object of a result goes by the bucket's rule or with its job, whichever is first. */
export const resultDays = (objectDays: number, days: RetentionDays): number =>
  Math.min(objectDays, days.succeeded - AHEAD_DAYS);
