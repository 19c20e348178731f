/**
 * The turns that are booked for jobs which the rate limit has turned away: for each tenant, the moment until which its turns go.
 * A number is added to it without a condition on what another process read, so no write is lost, however many jobs are turned
 * away at once.
 *
 * A turn is a time to ask again, and no right to a call. Of two tenants that have booked the same moments each gets its share
 * from the rate limit, and what is turned away books anew.
 */
import { Fault } from '../../domain/fault.ts';
import { batched } from './batching.ts';
import type { Key, Table } from './table.ts';

export interface TurnBook {
  /**
   * Books the next turn of a tenant, not before `earliestMs`. Turns that are asked for at one moment are one write for each tenant.
   * A turn that is not used is lost.
   */
  book(tenantId: string, earliestMs: number): Promise<number>;
}

interface Asked {
  readonly tenantId: string;
  readonly earliestMs: number;
}

export function turnBook(items: Table, callsPerSecond: number): TurnBook {
  const stepMs = Math.ceil(1000 / callsPerSecond);
  const bookOne = batched<Asked, Promise<number>>(async (asked) => {
    const booked = new Map<Asked, Promise<number>>();
    for (const [tenantId, some] of Map.groupBy(asked, (each) => each.tenantId)) {
      const least = Math.min(...some.map(({ earliestMs }) => earliestMs));
      const end = items.add(keyOf(tenantId), 'bookedMs', { least, by: some.length * stepMs });
      for (const [i, each] of some.entries())
        booked.set(
          each,
          end.then((endMs) => endMs - (some.length - i) * stepMs),
        );
    }
    await Promise.allSettled(booked.values());
    return booked;
  });
  return {
    async book(tenantId, earliestMs) {
      const turnAt = await bookOne({ tenantId, earliestMs });
      if (turnAt === undefined) throw new Fault('Unanswered', 'No answer for a booked turn', tenantId);
      return turnAt;
    },
  };
}

const keyOf = (tenantId: string): Key => ({ pk: `TENANT#${tenantId}`, sk: 'TURNS' });
