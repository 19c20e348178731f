/** Lists of a tenant's jobs, by the index `byTenant`, which lags by a moment and has nothing but keys. */
import * as z from 'zod';
import type { Place } from '../../domain/reading/listing.ts';
import { jobKey } from './jobs.ts';
import { readEach, readRow } from './rows.ts';
import type { Table } from './table.ts';

export interface JobLists {
  /**
   * The next jobs of a tenant, the newest first.
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

const Entry = z.object({ pk: z.string(), createdAt: z.int() });

export function jobLists(items: Table): JobLists {
  return {
    async page({ tenantId, sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }, limit, after) {
      const page = await items.query({
        index: 'byTenant',
        condition: 'tenantId = :tenantId AND createdAt BETWEEN :since AND :until',
        values: { ':tenantId': tenantId, ':since': sinceMs, ':until': untilMs - 1 },
        newestFirst: true,
        limit,
        // The whole key is made anew of the tenant that asks, so a place cannot lead into another tenant's partition.
        after: after && { ...jobKey(after.jobId), tenantId, createdAt: after.createdAt },
      });
      const { rows } = readEach(page.items, (item) => readRow(Entry, item));
      return {
        places: rows.map(({ pk, createdAt }) => ({ jobId: pk.slice('JOB#'.length), createdAt })),
        hasMore: page.next !== undefined,
      };
    },
  };
}
