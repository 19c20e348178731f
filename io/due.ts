/** Reading the `due` index: what the sweep must look at. A hint only: the record itself is read again before acting. */
import { z } from 'zod';
import type { Position, Table } from './table.ts';

export interface DueIndex {
  /** Ids of the jobs of one shard that are due by then, the longest overdue first, a page at a time. */
  dueJobs(shard: string, byMs: number, after?: Position): Promise<DuePage>;
}

export interface DuePage {
  readonly jobIds: readonly string[];
  /** Absent on the last page. */
  readonly next?: Position;
}

const PAGE = 100;
const Keys = z.object({ pk: z.string().startsWith('JOB#'), sk: z.literal('JOB') });

export function dueIndex(items: Table): DueIndex {
  return {
    async dueJobs(shard, byMs, after) {
      const { items: found, ...page } = await items.query({
        index: 'due',
        condition: 'dueShard = :shard AND dueAt <= :by',
        values: { ':shard': shard, ':by': byMs },
        limit: PAGE,
        after,
      });
      return { jobIds: found.map((item) => Keys.parse(item).pk.slice('JOB#'.length)), ...page };
    },
  };
}
