/** The delivery rows: one for each event owed to each endpoint, under its job. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Delivery } from '../domain/delivery.ts';
import type { Chance } from './clock.ts';
import { coalesced } from './coalesce.ts';
import { type Key, table } from './table.ts';

export type DeliveryName = Pick<Delivery, 'jobId' | 'sequence' | 'endpointId'>;

export interface DeliveryStore {
  get(name: DeliveryName): Promise<Delivery | undefined>;
  /** Records the outcome of a try. `lost` means another try was recorded meanwhile. */
  record(delivery: Delivery): Promise<'written' | 'lost'>;
}

export function deliveryStore(db: DynamoDBDocumentClient, tableName: string, chance: Chance): DeliveryStore {
  const items = table(db, tableName, chance);
  // Every event of a batch looks for its rows at the same moment.
  const read = coalesced<string, Delivery>(async (names) => {
    const rows = (await items.getAll(names.map(keyOf))).map((item) => Delivery.parse(item));
    return new Map(rows.map((row) => [nameOf(row), row]));
  });
  return {
    get: (name) => read(nameOf(name)),

    async record(delivery) {
      // Twice: the row then has this many tries already. A delivered row is never made pending again.
      const newer = {
        expression: 'attribute_not_exists(pk) OR (tries < :tries AND #status = :pending)',
        names: { '#status': 'status' },
        values: { ':tries': delivery.tries, ':pending': 'pending' },
      };
      const stored = await items.put(keyOf(nameOf(delivery)), delivery, newer);
      return stored === undefined ? 'written' : 'lost';
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
