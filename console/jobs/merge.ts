/** Lists of several tenants as one, and what was read before beside what is read now. */
import type { JobPage, JobSummary } from '../api/schema.ts';

/** All that was read of one tenant's list. */
export interface Reading {
  readonly jobs: ReadonlyMap<string, JobSummary>;
  /** Where it goes on; undefined at its end. */
  readonly next: string | undefined;
  readonly examined: number;
}

export const NOTHING: Reading = { jobs: new Map(), next: undefined, examined: 0 };

/** The newest first, jobs of one moment by their ids, as the API has them. */
function byAge(a: JobSummary, b: JobSummary): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

/**
 * The first page again: what it should have and does not is no longer of this filter. What is older than its last job stays as
 * it was read, and so does the place where the list goes on.
 */
export function withFirst(before: Reading, page: JobPage): Reading {
  const oldest = page.next === undefined ? '' : (page.items.at(-1)?.createdAt ?? '\uffff');
  const older = [...before.jobs.values()].filter(({ createdAt }) => createdAt < oldest);
  return {
    jobs: new Map([...page.items, ...older].map((job) => [job.id, job])),
    next: older.length > 0 || before.examined > page.examined ? before.next : page.next,
    examined: Math.max(before.examined, page.examined),
  };
}

/** The next page. */
export function withNext(before: Reading, page: JobPage): Reading {
  return {
    jobs: new Map([...before.jobs, ...page.items.map((job) => [job.id, job] as const)]),
    next: page.next,
    examined: before.examined + page.examined,
  };
}

/** Jobs that are older than what was read of another tenant wait until that is read as well, or their order would be wrong. */
export function merged(readings: readonly Reading[]): JobSummary[] {
  const ends = readings.flatMap(({ jobs, next }) => {
    if (next === undefined) return [];
    const times = [...jobs.values()].map(({ createdAt }) => createdAt);
    return [times.reduce((oldest, at) => (at < oldest ? at : oldest), '\uffff')];
  });
  const from = readings.length === 1 ? '' : ends.reduce((latest, at) => (at > latest ? at : latest), '');
  const all = readings.flatMap(({ jobs }) => [...jobs.values()]);
  return all.filter(({ createdAt }) => from === '\uffff' || createdAt >= from).toSorted(byAge);
}
