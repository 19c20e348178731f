/** Lists of a tenant's jobs, by the index `byTenant`, which lags by a moment and has nothing but keys. */
import * as z from 'zod';
import type { Place } from '../../domain/reading/listing.ts';
import { parseRosterKey } from './due/rosters.ts';
import { readEach, readRow } from './rows.ts';
import type { Page, Position, Table } from './table.ts';

export interface JobLists {
  /**
   * The next places of a tenant's list, the newest first, those of one moment by the ids of their jobs. A place that has no job, or one that
   * was recorded at another moment, is none: its job is gone, or was never recorded then.
   *
   * @param after absent: from the newest. The place need not have a job any more
   */
  page(range: ListRange, limit: number, after?: Place): Promise<ListPage>;
}

export interface ListRange {
  readonly tenantId: string;
  /** Epoch ms, the first included and the second not. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export interface ListPage {
  readonly places: readonly Place[];
  /** Whether there may be more behind the last one. */
  readonly hasMore: boolean;
}

const Entry = z.object({ pk: z.string(), sk: z.string(), createdAt: z.int() });
type Entry = z.infer<typeof Entry>;

/** A row may be a roster of 25 jobs; their records are what a reader pays for. */
const LEAST_ROWS = 25;

export function jobLists(items: Table): JobLists {
  return {
    async page({ tenantId, sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }, limit, after) {
      const until = Math.min(untilMs - 1, after?.createdAt ?? untilMs);
      // DynamoDB refuses a range that ends before it begins.
      if (until < sinceMs) return { places: [], hasMore: false };
      const entries: Entry[] = [];
      let places: readonly Place[] = [];
      let next: Position | undefined;
      do {
        const page: Page = await items.query({
          index: 'byTenant',
          condition: 'tenantId = :tenantId AND createdAt BETWEEN :since AND :until',
          values: { ':tenantId': tenantId, ':since': sinceMs, ':until': until },
          newestFirst: true,
          limit: Math.max(limit, LEAST_ROWS),
          after: next,
        });
        entries.push(...readEach(page.items, (item) => readRow(Entry, item)).rows);
        next = page.next;
        places = placesOf(next === undefined ? entries : untilLastMoment(entries)).filter(
          (place) => after === undefined || isBehind(place, after),
        );
      } while (places.length === 0 && next !== undefined);
      return { places: places.slice(0, limit), hasMore: next !== undefined || places.length > limit };
    },
  };
}

/**
 * Without the moment at which the page ends, of which the next one may have more: the jobs of a roster lie between those of other
 * rows of its moment, so a reader orders a moment as a whole.
 */
function untilLastMoment(entries: readonly Entry[]): readonly Entry[] {
  const last = entries.at(-1)?.createdAt;
  return entries.filter(({ createdAt }) => createdAt !== last);
}

/** In the order of the list. A job that has left its roster has a row besides. */
function placesOf(entries: readonly Entry[]): readonly Place[] {
  const places = new Map(
    entries.flatMap(({ pk, sk, createdAt }) =>
      (parseRosterKey({ pk, sk })?.jobIds ?? [pk.slice('JOB#'.length)]).map((jobId) => [
        `${createdAt} ${jobId}`,
        { jobId, createdAt },
      ]),
    ),
  );
  return [...places.values()].toSorted((a, b) => (isBehind(a, b) ? 1 : -1));
}

const isBehind = (one: Place, other: Place): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.jobId < other.jobId);
