/**
 * Reading the index `due`: the items that reconcile must look at. It is a hint: the item itself is read before
 * anything is done.
 */
import * as z from 'zod';
import type { DeliveryName } from '../../domain/webhook/delivery.ts';
import { parseDeliveryKey } from './deliveries.ts';
import type { Position, Table } from './table.ts';

export interface DueIndex {
  /** The items of one shard that are due by then, the most overdue first, a page at a time. */
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

/** An unknown kind of item was written by a newer version, whose reconcile will look at it. */
function dueOf({ pk, sk }: z.infer<typeof Keys>): Due | undefined {
  const [kind, id = ''] = pk.split('#');
  if (kind === 'JOB' && sk === 'JOB') return { kind: 'job', jobId: id };
  if (kind === 'TENANT' && sk === 'GATE') return { kind: 'gate', tenantId: id };
  const delivery = parseDeliveryKey({ pk, sk });
  return delivery && { kind: 'delivery', delivery };
}
