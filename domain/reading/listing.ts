/** A list of jobs: its filter, and the cursor by which a reader continues it. */
import { fnv1a } from '../job/identity.ts';
import type { JobRecord, JobState } from '../job/job.ts';
import { decoded, encoded } from './cursor.ts';

export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly jobType?: string | undefined;
  /** Each of them, with exactly this value. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Accepted at or after this moment, and before the other; epoch ms. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** A job in the order of a list: the newest first, jobs of one moment by their ids. */
export interface Place {
  readonly createdAt: number;
  readonly jobId: string;
}

/** As many jobs as one page may have. */
export const MAX_PAGE = 100;
/** As many records as one page may cost to find them. A rare state does not make one page read a whole tenant. */
export const MAX_EXAMINED = 1000;

/** The times are left out: the index is asked by them. */
export function isListed(job: JobRecord, { state, jobType, tags = {} }: JobFilter): boolean {
  const carried = job.tags ?? {};
  return (
    (state === undefined || state === job.state) &&
    (jobType === undefined || jobType === job.jobType) &&
    Object.entries(tags).every(([key, value]) => Object.hasOwn(carried, key) && carried[key] === value)
  );
}

/** Opaque to readers. It names no tenant: the list it continues is always that of the reader. */
export function cursorOf({ createdAt, jobId }: Place, filter: JobFilter): string {
  return encoded({ at: createdAt, id: jobId, f: fingerprintOf(filter) });
}

/**
 * @returns undefined for a cursor of another filter, for text that is none, and for a place outside of the times that are
 *   asked for: DynamoDB refuses that one, and anyone can make a cursor
 */
export function placeIn(cursor: string, filter: JobFilter): Place | undefined {
  const place = decoded(cursor);
  const { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER } = filter;
  if (place === undefined || place.f !== fingerprintOf(filter)) return undefined;
  return place.at < sinceMs || place.at >= untilMs ? undefined : { createdAt: place.at, jobId: place.id };
}

/** A filter is the same in whatever order its fields were given. */
function fingerprintOf({ state, jobType, tags = {}, sinceMs, untilMs }: JobFilter): number {
  const sorted = Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return fnv1a(JSON.stringify([state, jobType, sorted, sinceMs, untilMs]));
}
