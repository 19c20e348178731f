/** Reading the `due` index: what the sweep must look at. A hint only: the item itself is read again before acting. */
import * as z from 'zod';
import type { DeliveryName } from '../../domain/webhook/delivery.ts';
import { parseDeliveryKey } from './deliveries.ts';
import type { Position, Table } from './table.ts';

export interface DueIndex {
  /** What of one shard is due by then, the longest overdue first, a page at a time. */
  due(shard: string, byMs: number, after?: Position): Promise<DuePage>;
}

export type Due =
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'delivery'; readonly delivery: DeliveryName }
  | { readonly kind: 'gate'; readonly tenantId: string };

export interface DuePage {
  readonly due: readonly Due[];
  /** Absent on the last page. */
  readonly next?: Position;
}

const PAGE = 100;
const Keys = z.object({ pk: z.string(), sk: z.string() });

export function dueIndex(items: Table): DueIndex {
  return {
    async due(shard, byMs, after) {
      const { items: found, ...page } = await items.query({
        index: 'due',
        condition: 'dueShard = :shard AND dueAt <= :by',
        values: { ':shard': shard, ':by': byMs },
        limit: PAGE,
        after,
      });
      return { due: found.flatMap((item) => dueOf(Keys.parse(item)) ?? []), ...page };
    },
  };
}

/** A kind of item that a newer version of the stack writes is its own to look at. */
function dueOf({ pk, sk }: z.infer<typeof Keys>): Due | undefined {
  const [kind, id = ''] = pk.split('#');
  if (kind === 'JOB' && sk === 'JOB') return { kind: 'job', jobId: id };
  if (kind === 'TENANT' && sk === 'GATE') return { kind: 'gate', tenantId: id };
  const delivery = parseDeliveryKey({ pk, sk });
  return delivery && { kind: 'delivery', delivery };
}
