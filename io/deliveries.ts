/** The delivery rows: one for each event owed to each endpoint, under its job. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Delivery } from '../domain/delivery.ts';
import type { Chance } from './clock.ts';
import { type Key, table } from './table.ts';
import { together } from './together.ts';

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

export function deliveryStore(db: DynamoDBDocumentClient, tableName: string, chance: Chance): DeliveryStore {
  const items = table(db, tableName, chance);
  // Every event of a batch looks for its rows at the same moment.
  const read = together<string, Delivery>(async (names) => {
    const rows = (await items.getAll(names.map(keyOf))).map((item) => Delivery.parse(item));
    return new Map(rows.map((row) => [nameOf(row), row]));
  });
  return {
    get: (name) => read(nameOf(name)),

    async record(seen, next) {
      const key = keyOf(nameOf(next));
      // Twice: the second finds the row, or another number of tries in it.
      if (seen === undefined) return (await items.insert(key, next)) === undefined ? 'written' : 'lost';
      return items.change(key, { from: seen, to: next }, { tries: seen.tries });
    },
  };
}

/** `<jobId> <sort key>`: the two parts of the key in one text, since job ids have no spaces. */
function nameOf({ jobId, sequence, endpointId }: DeliveryName): string {
  return `${jobId} DELIVERY#${String(sequence).padStart(6, '0')}#${endpointId}`;
}

function keyOf(name: string): Key {
  const space = name.indexOf(' ');
  return { pk: `JOB#${name.slice(0, space)}`, sk: name.slice(space + 1) };
}
