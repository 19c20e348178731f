/** One page of a tenant's jobs. */
import { problem } from '../../domain/errors.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import {
  cursorOf,
  isListed,
  type JobFilter,
  MAX_EXAMINED,
  MAX_PAGE,
  type Place,
  placeIn,
} from '../../domain/reading/listing.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { Refused } from './refused.ts';
import type { Mine } from './resources.ts';

export interface ListPorts {
  readonly lists: JobLists;
}

export interface JobsPage {
  readonly kind: 'page';
  /** The newest first. */
  readonly jobs: readonly JobRecord[];
  /** Continues the list; absent at its end. A page without jobs may have one. */
  readonly next?: string;
  /** How many records were read for this page. */
  readonly examined: number;
}

/**
 * Reads until `limit` jobs match or 1,000 were examined. The index lags, so a job of the last second may be missing.
 *
 * @param mine of one tenant
 * @param limit from 1 to 100
 */
export async function listJobs(
  { lists }: ListPorts,
  mine: Mine & { readonly tenantId: string },
  filter: JobFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<JobsPage | Refused> {
  const start = cursor === undefined ? undefined : placeIn(cursor, filter);
  if (cursor !== undefined && start === undefined) {
    const expected = 'Expected the cursor of the page before, with the same filter.';
    return { kind: 'refused', problem: problem('cursor_invalid', '/cursor', expected) };
  }
  const range = { tenantId: mine.tenantId, sinceMs: filter.sinceMs, untilMs: filter.untilMs };
  const found: JobRecord[] = [];
  let examined = 0;
  let after: Place | undefined = start;
  for (;;) {
    const page = await lists.page(range, Math.min(MAX_PAGE, MAX_EXAMINED - examined), after);
    const jobs = new Map(
      (await mine.jobs(page.places.map(({ jobId }) => jobId))).map((job) => [job.jobId, job]),
    );
    for (const [index, place] of page.places.entries()) {
      examined += 1;
      after = place;
      const job = jobs.get(place.jobId);
      if (job?.createdAt === place.createdAt && isListed(job, filter)) found.push(job);
      const hasMore = page.hasMore || index < page.places.length - 1;
      if (found.length === limit || examined === MAX_EXAMINED)
        return { kind: 'page', jobs: found, examined, ...(hasMore ? { next: cursorOf(place, filter) } : {}) };
    }
    if (!page.hasMore) return { kind: 'page', jobs: found, examined };
  }
}
