/** Failed jobs of all tenants, by the rows that they left, and in groups of alike ones. */
import { problem } from '../../domain/errors.ts';
import {
  daysOf,
  type FailureFilter,
  type FailureGroup,
  type FailurePlace,
  failureCursorOf,
  failurePlaceIn,
  groupsOf,
  isListed,
} from '../../domain/reading/failure-list.ts';
import type { FailureRow } from '../../domain/reading/failure-row.ts';
import { MAX_EXAMINED } from '../../domain/reading/listing.ts';
import type { FailureStore } from '../../io/table/failures.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { apart } from '../apart.ts';
import type { Refused } from './refused.ts';

export interface ListFailuresPorts {
  readonly failures: Pick<FailureStore, 'page'>;
  readonly jobs: Pick<JobStore, 'load'>;
}

export interface FailuresPage {
  readonly kind: 'page';
  /** The newest first. */
  readonly rows: readonly FailureRow[];
  /** Continues the list; absent at its end. A page without rows may have one. */
  readonly next?: string;
  /** How many rows were read for this page. */
  readonly examined: number;
}

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Reads from the newest day on until `limit` rows match or 1,000 were examined. */
export async function listFailures(
  { failures, jobs }: ListFailuresPorts,
  filter: FailureFilter,
  { limit, cursor }: Asked,
): Promise<FailuresPage | Refused> {
  const start = cursor === undefined ? undefined : failurePlaceIn(cursor, filter);
  if (cursor !== undefined && start === undefined) {
    const expected = 'Expected the cursor of the page before, with the same filter.';
    return { kind: 'refused', problem: problem('cursor_invalid', '/cursor', expected) };
  }
  const found: FailureRow[] = [];
  let examined = 0;
  // No job has this id: the list begins behind all that failed at `until` or later.
  let after: FailurePlace = start ?? { failedAt: filter.untilMs, jobId: '' };
  const days = daysOf(filter.sinceMs, start === undefined ? filter.untilMs : start.failedAt + 1);
  for (const day of days) {
    for (let hasMore = true; hasMore; ) {
      const page = await failures.page(day, Math.min(100, MAX_EXAMINED - examined), after);
      const listed = page.rows.filter((row) => isListed(row, filter));
      const shown = new Set(filter.isOpen === true ? await openOf(jobs, listed) : listed);
      for (const row of page.rows) {
        if (row.failedAt < filter.sinceMs) return { kind: 'page', rows: found, examined };
        examined += 1;
        after = row;
        if (shown.has(row)) found.push(row);
        if (found.length === limit || examined === MAX_EXAMINED)
          return { kind: 'page', rows: found, examined, next: failureCursorOf(row, filter) };
      }
      // A page whose rows cannot be read says nothing of where it ends.
      hasMore = page.hasMore && page.rows.length > 0;
    }
  }
  return { kind: 'page', rows: found, examined };
}

/** Those whose job can still be run again. The record alone knows: a row is written once, when its job has failed. */
async function openOf(
  jobs: ListFailuresPorts['jobs'],
  rows: readonly FailureRow[],
): Promise<readonly FailureRow[]> {
  if (rows.length === 0) return rows;
  const records = await jobs.load(rows.map(({ jobId }) => jobId));
  const { done } = await apart(rows, async ({ jobId }) => {
    const job = records.get(jobId);
    return job !== undefined && job.redrivenAs === undefined && job.discarded === undefined;
  });
  const settled = new Set(done.filter(({ result }) => !result).map(({ item }) => item));
  // A record that this version cannot read is shown: nothing says that an operator has dealt with it.
  return rows.filter((row) => !settled.has(row));
}

export interface GroupsPage {
  readonly kind: 'groups';
  /** The largest first. */
  readonly groups: readonly FailureGroup[];
  /** There are more failures than one page examines: these go on behind it. */
  readonly next?: string;
  readonly examined: number;
}

/** The groups of up to 1,000 failures. */
export async function groupFailures(
  ports: ListFailuresPorts,
  filter: FailureFilter,
  cursor: string | undefined,
): Promise<GroupsPage | Refused> {
  const page = await listFailures(ports, filter, { limit: MAX_EXAMINED, cursor });
  if (page.kind === 'refused') return page;
  const { rows, ...rest } = page;
  return { ...rest, kind: 'groups', groups: groupsOf(rows) };
}
