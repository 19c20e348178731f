/** The delivery rows: one for each event owed to each endpoint, under its job. */
import { Delivery } from '../domain/delivery.ts';
import type { Key, Table } from './table.ts';

export type DeliveryName = Pick<Delivery, 'jobId' | 'sequence' | 'endpointId'>;

export interface DeliveryStore {
  get(name: DeliveryName): Promise<Delivery | undefined>;
  /**
   * Records the outcome of a try.
   *
   * @param seen the row as it was before the try; absent for the first
   * @returns `lost` when another try was recorded meanwhile
   */
  record(seen: Delivery | undefined, next: Delivery): Promise<'written' | 'lost'>;
}

export function deliveryStore(items: Table): DeliveryStore {
  return {
    async get(name) {
      const item = await items.get(keyOf(name));
      return item && Delivery.parse(item);
    },

    async record(seen, next) {
      const key = keyOf(next);
      // Twice: the second finds the row, or another number of tries in it.
      if (seen === undefined) return (await items.insert(key, next)) === undefined ? 'written' : 'lost';
      return items.change(key, { from: seen, to: next }, { tries: seen.tries });
    },
  };
}

function keyOf({ jobId, sequence, endpointId }: DeliveryName): Key {
  return { pk: `JOB#${jobId}`, sk: `DELIVERY#${String(sequence).padStart(6, '0')}#${endpointId}` };
}
