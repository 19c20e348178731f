/** Rosters at the level of the ports, the lists that are read by them, and what must hold of both. */
import type { RollName } from '../../domain/due/roll.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { rosterUntil } from '../../domain/job/retention.ts';
import { rosterKey } from '../../io/table/due/rosters.ts';
import type { JobLists, ListPage } from '../../io/table/job-lists.ts';
import type { Run } from './faults.ts';
import type { Process } from './world.ts';

export interface Rosters {
  put(roll: RollName): void;
  /** A page of a list, with the records that are there. */
  page(records: readonly JobRecord[], ...range: Parameters<JobLists['page']>): ListPage;
  /** R13: at each new record. */
  checkRecorded(process: Process, job: JobRecord): void;
  /** R11, R13: nothing that a record needs goes before it, or before reconcile looks at it again. */
  checkLasting(process: Process, next: JobRecord, partsEnd: number | undefined): void;
}

export function virtualRosters(run: Run): Rosters {
  const rosters = new Map<string, RollName>();
  return {
    put: (roll) => void rosters.set(`${rosterKey(roll).pk} ${rosterKey(roll).sk}`, roll),
    page(records, { tenantId, sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }, limit, after) {
      const own = records
        .filter(({ onRoster }) => !onRoster)
        .map((job) => ({ tenantId: job.tenantId, createdAt: job.createdAt, jobIds: [job.jobId] }));
      const named = [...own, ...rosters.values()]
        .filter((each) => each.tenantId === tenantId)
        .filter(({ createdAt }) => createdAt >= sinceMs && createdAt < untilMs)
        .flatMap(({ createdAt, jobIds }) => jobIds.map((jobId) => ({ createdAt, jobId })));
      const places = [...new Map(named.map((place) => [`${place.createdAt} ${place.jobId}`, place])).values()]
        .filter(
          ({ createdAt, jobId }) =>
            after === undefined ||
            createdAt < after.createdAt ||
            (createdAt === after.createdAt && jobId < after.jobId),
        )
        .toSorted((a, b) => b.createdAt - a.createdAt || (a.jobId < b.jobId ? 1 : -1));
      return { places: places.slice(0, limit), hasMore: places.length > limit };
    },
    checkRecorded(process, { jobId, createdAt, onRoster }) {
      const isThere = (roll: RollName) => roll.createdAt === createdAt && roll.jobIds.includes(jobId);
      if (onRoster && ![...rosters.values()].some(isThere))
        run.violate('R13', `${process.name} records a job whose roster is not there`, jobId);
    },
    checkLasting(process, next, partsEnd) {
      const { jobId, expiresAt = Math.ceil((next.dueAt ?? 0) / 1000) } = next;
      if (partsEnd !== undefined && partsEnd < expiresAt)
        run.violate('R11', `${process.name} leaves a record longer than its parts`, jobId);
      if (next.onRoster && rosterUntil(next) < expiresAt)
        run.violate('R13', `${process.name} leaves a record longer than its roster`, jobId);
    },
  };
}
