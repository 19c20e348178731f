/**
 * The deliveries in the table: one item for each event and endpoint, in the order of the events. The partition is an
 * endpoint and a day, so that the log and a replay are one query and need no index.
 */
import type { DeliveryPlace } from '../../domain/reading/delivery-places.ts';
import { Delivery, DeliveryName, RETENTION_MS, type Try } from '../../domain/webhook/delivery.ts';
import type { Range } from '../../domain/webhook/delivery-filter.ts';
import { anyDueAttributes, dueAttributes } from './due/turns.ts';
import { type RowUnreadable, readEach, readRow } from './rows.ts';
import type { Attributes, Key, Position, Table } from './table.ts';

export interface DeliveryStore {
  get(name: DeliveryName): Promise<Delivery | undefined>;
  /**
   * Records the outcome of a try, or the delivery before any.
   *
   * @param seen the delivery as it was before the try; absent for the first
   * @returns `lost` when another try was recorded meanwhile
   */
  record(seen: Delivery | undefined, next: Delivery): Promise<'written' | 'lost'>;
  /** Begins a new schedule. `lost`: another command did, or there was a try meanwhile. */
  replay(seen: Delivery, next: Delivery): Promise<'written' | 'lost'>;
  /** Moves `dueAt` on. `lost`: another run of reconcile did, or there was a try. */
  putOff(seen: Delivery, next: Delivery): Promise<'written' | 'lost'>;
}

export interface DeliveryLog {
  /** The events of one endpoint between two moments, the oldest first. */
  between(
    endpoint: EndpointName,
    fromMs: number,
    toMs: number,
    onUnreadable?: (error: RowUnreadable) => void,
  ): AsyncGenerator<Delivery>;
  /**
   * The next events of one endpoint, the newest first; days without events are passed over. Rows that this version cannot
   * read are left out.
   *
   * @param limit how many items are read at most: a kept try is one, too
   */
  page(
    endpoint: EndpointName,
    range: Range,
    limit: number,
    after?: DeliveryPlace,
  ): Promise<{
    readonly rows: readonly Delivery[];
    readonly examined: number;
    readonly next?: DeliveryPlace;
  }>;
  /** Its recorded tries, the first one first. */
  tries(delivery: Delivery): Promise<readonly Try[]>;
}

type EndpointName = Pick<DeliveryName, 'tenantId' | 'endpointId'>;

export function deliveryStore(items: Table): DeliveryStore & DeliveryLog {
  return {
    ...deliveryLog(items),

    async get(name) {
      const item = await items.get(deliveryKey(name));
      return item && rowOf(name, item);
    },

    async record(seen, next) {
      const key = deliveryKey(next);
      // Idempotent: a repeat finds the item, or another number of tries in it.
      if (seen === undefined)
        return (await items.insert(key, attributesOf(next))) === undefined ? 'written' : 'lost';
      // The last try is in the item; the one before moves out of it. Idempotent: a repeat finds the item.
      if (seen.last !== undefined && seen.last !== next.last)
        await items.insert(tryKey(seen), { ...seen.last, expiresAt: expiryOf(seen) });
      const change = changeOf(seen, next);
      return items.change(key, change, { tries: seen.tries, status: seen.status });
    },

    replay(seen, next) {
      const change = changeOf(seen, next);
      // Idempotent: a repeat finds it pending.
      return items.change(deliveryKey(seen), change, { tries: seen.tries, status: seen.status });
    },

    putOff(seen, next) {
      const change = changeOf(seen, next);
      // Idempotent: a repeat, or a second run of reconcile, finds another time.
      return items.change(deliveryKey(seen), change, { tries: seen.tries, dueAt: seen.dueAt });
    },
  };
}

function deliveryLog(items: Table): DeliveryLog {
  return {
    async *between(endpoint, fromMs, toMs, onUnreadable = raise) {
      for (let dayMs = startOfDay(fromMs); dayMs <= toMs; dayMs += DAY_MS) {
        const { pk } = deliveryKey({ ...endpoint, at: iso(dayMs), webhookId: '' });
        let after: Awaited<ReturnType<Table['query']>>['next'];
        do {
          const page = await items.query({
            condition: 'pk = :pk AND sk BETWEEN :from AND :to',
            values: { ':pk': pk, ':from': iso(fromMs), ':to': `${iso(toMs)}~` },
            after,
          });
          const { rows, unreadable } = readEach(page.items, (item) => {
            const name = parseDeliveryKey({ pk, sk: String(item['sk']) });
            return name && rowOf(name, item);
          });
          for (const error of unreadable) onUnreadable(error);
          for (const row of rows) if (row !== undefined) yield row;
          after = page.next;
        } while (after !== undefined);
      }
    },

    async page(endpoint, { fromMs, toMs }, limit, after) {
      const rows: Delivery[] = [];
      let examined = 0;
      const newestMs = after === undefined ? toMs : Math.min(toMs, Date.parse(after.at));
      // The place need not have a delivery any more; it is a position in its own day alone.
      let position: Position | undefined = after && { ...deliveryKey({ ...endpoint, ...after }) };
      for (let dayMs = startOfDay(newestMs); dayMs >= startOfDay(fromMs); dayMs -= DAY_MS) {
        const { pk } = deliveryKey({ ...endpoint, at: iso(dayMs), webhookId: '' });
        do {
          const page = await items.query({
            condition: 'pk = :pk AND sk BETWEEN :from AND :to',
            values: { ':pk': pk, ':from': iso(fromMs), ':to': `${iso(toMs)}~` },
            newestFirst: true,
            limit: Math.max(1, limit - examined),
            after: position?.['pk'] === pk ? position : undefined,
          });
          examined += page.items.length;
          const named = page.items.map((item) => parseDeliveryKey({ pk, sk: String(item['sk']) }));
          const read = readEach(page.items, (item) => {
            const name = named[page.items.indexOf(item)];
            return name && rowOf(name, item);
          });
          rows.push(...read.rows.filter((row) => row !== undefined));
          // The kept tries of a delivery come before it in this order, so a page does not end with one.
          const last = named.at(-1);
          if (examined >= limit && last !== undefined) return { rows, examined, next: last };
          position = page.next;
        } while (position !== undefined);
      }
      return { rows, examined };
    },

    async tries(delivery) {
      const { pk, sk } = deliveryKey(delivery);
      const page = await items.query({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        values: { ':pk': pk, ':prefix': `${sk}${TRY}` },
      });
      const { rows: before } = readEach(page.items, (item) => readRow(TryItem, item));
      return delivery.last === undefined ? before : [...before, delivery.last];
    },
  };
}

function raise(error: RowUnreadable): never {
  throw error;
}

const TryItem = Delivery.shape.last.unwrap();
const DAY_MS = 86_400_000;
const TRY = '#TRY#';
const iso = (ms: number) => new Date(ms).toISOString();
const startOfDay = (ms: number) => ms - (ms % DAY_MS);

export function deliveryKey({ tenantId, endpointId, at, webhookId }: DeliveryName): Key {
  return { pk: `DELIVERIES#${tenantId}#${endpointId}#${at.slice(0, 10)}`, sk: `${at}#${webhookId}` };
}

/** @returns undefined for any other item, a kept try among them */
export function parseDeliveryKey({ pk, sk }: Key): DeliveryName | undefined {
  const [kind, tenantId, endpointId] = pk.split('#');
  const [at, webhookId, ...more] = sk.split('#');
  if (kind !== 'DELIVERIES' || more.length > 0) return undefined;
  return DeliveryName.safeParse({ tenantId, endpointId, at, webhookId }).data;
}

function tryKey(delivery: Delivery): Key {
  const { pk, sk } = deliveryKey(delivery);
  return { pk, sk: `${sk}${TRY}${String(delivery.tries).padStart(4, '0')}` };
}

/** The name is in the key alone. The item is in the index `due` exactly while it is pending. */
function attributesOf(delivery: Delivery): Attributes {
  const { tenantId, endpointId: _, at: __, webhookId, ...row } = delivery;
  const due = dueAttributes(webhookId, { kind: 'delivery', tenantId, dueAt: row.dueAt });
  return { ...row, ...due, expiresAt: expiryOf(delivery) };
}

function changeOf(seen: Delivery, next: Delivery): { from: Attributes; to: Attributes } {
  const from = attributesOf(seen);
  return {
    from: seen.dueAt === next.dueAt ? from : { ...from, ...anyDueAttributes },
    to: attributesOf(next),
  };
}

/** Callers pass any object with the name, for instance the delivery that they will write: only the name is used. */
function rowOf({ tenantId, endpointId, at, webhookId }: DeliveryName, item: Attributes): Delivery {
  return readRow(Delivery, { ...item, tenantId, endpointId, at, webhookId });
}

/** The table's own expiry, in whole seconds. */
function expiryOf({ at }: DeliveryName): number {
  return Math.ceil((Date.parse(at) + RETENTION_MS) / 1000);
}
