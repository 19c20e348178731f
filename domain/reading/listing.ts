/** A list of jobs: its filter, and the cursor by which a reader continues it. */
import * as z from 'zod';
import { fnv1a } from '../job/identity.ts';
import { JOB_ID } from '../job/ids.ts';
import type { JobRecord, JobState } from '../job/job.ts';

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

const Cursor = z.strictObject({
  v: z.literal(1),
  at: z.int().nonnegative(),
  id: z.string().regex(JOB_ID),
  f: z.int(),
});

/** Opaque to readers. It names no tenant: the list it continues is always that of the reader. */
export function cursorOf({ createdAt, jobId }: Place, filter: JobFilter): string {
  const text = JSON.stringify({ v: 1, at: createdAt, id: jobId, f: fingerprintOf(filter) });
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @returns undefined for a cursor of another filter, and for text that is none */
export function placeIn(cursor: string, filter: JobFilter): Place | undefined {
  const { data } = Cursor.safeParse(decoded(cursor));
  if (data === undefined || data.f !== fingerprintOf(filter)) return undefined;
  return { createdAt: data.at, jobId: data.id };
}

function decoded(cursor: string): unknown {
  try {
    return JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined;
  }
}

/** A filter is the same in whatever order its fields were given. */
function fingerprintOf({ state, jobType, tags = {}, sinceMs, untilMs }: JobFilter): number {
  const sorted = Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return fnv1a(JSON.stringify([state, jobType, sorted, sinceMs, untilMs]));
}
