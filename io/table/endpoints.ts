/** The endpoints of tenants in the table, and the health of each. */
import type * as z from 'zod';
import { Endpoint, type NewEndpoint } from '../../domain/webhook/endpoint.ts';
import { EndpointHealth, type EndpointName } from '../../domain/webhook/endpoint-health.ts';
import { limitPerKey } from '../process/limit-per-key.ts';
import { knownAttributes, readEach, readRow } from './rows.ts';
import { type Attributes, type Key, putOver, type Table } from './table.ts';

/** An endpoint with its health; one that never failed has none. */
export interface KnownEndpoint {
  readonly endpoint: Endpoint;
  readonly health: EndpointHealth | undefined;
}

export interface EndpointStore {
  list(tenantId: string): Promise<readonly KnownEndpoint[]>;
  get(name: EndpointName): Promise<Endpoint | undefined>;
  /**
   * Changes the stored endpoint; after a lost write it decides again.
   *
   * @param decide pure; undefined leaves it
   * @returns the endpoint as it is afterwards, or undefined when there is none: a removed one does not come back
   */
  change(
    name: EndpointName,
    decide: (endpoint: Endpoint) => Endpoint | undefined,
  ): Promise<Endpoint | undefined>;
  /**
   * The same for the health, whose item is made with its first change.
   * @throws Crowded
   *
   * @returns what was written, or what `decide` left as it was
   */
  changeHealth(
    name: EndpointName,
    decide: (health: EndpointHealth) => EndpointHealth | undefined,
  ): Promise<EndpointHealth>;
}

/** For the set-up of endpoints. The functions that send have no right to it. */
export interface EndpointRegister extends EndpointStore {
  /** @returns the one that is there, or undefined when this one was added */
  add(endpoint: NewEndpoint): Promise<Endpoint | undefined>;
  put(endpoint: NewEndpoint): Promise<void>;
  /** With its health. Pending deliveries are abandoned when they are due; the log is kept for its time. */
  remove(name: EndpointName): Promise<void>;
}

/** This many lost writes mean that many processes write this item at once. */
const MAX_TURNS = 12;

/** Nothing was written: the caller may go on without it, or try again later. */
export class Crowded extends Error {
  override readonly name = 'Crowded';
}

export function endpointStore(items: Table): EndpointStore {
  // One sandbox may have several tries to one endpoint under way; they must not compete for its item.
  const alone = limitPerKey(1);

  async function changed<T extends Attributes>(
    { key, schema }: { readonly key: Key; readonly schema: z.ZodObject },
    read: (item: Attributes | undefined) => T | undefined,
    decide: (value: T) => T | undefined,
  ): Promise<T | undefined> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const stored = await items.get(key);
      const value = read(stored);
      if (value === undefined) return undefined;
      const next = decide(value);
      if (next === undefined || next === value) return value;
      if (stored === undefined) {
        // Idempotent: a repeat finds the item.
        if ((await items.insert(key, next)) === undefined) return next;
        continue;
      }
      const change = { from: knownAttributes(schema, stored), to: next };
      // Idempotent: a repeat finds the token of the first write.
      if ((await items.change(key, change, { by: stored['by'] })) === 'written') return next;
    }
    throw new Crowded(`The item changed ${MAX_TURNS} times while it was being changed`);
  }

  return {
    async list(tenantId) {
      const page = await items.query({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        values: { ':pk': `TENANT#${tenantId}`, ':prefix': 'ENDPOINT#' },
      });
      const isHealth = (item: Attributes) => String(item['sk']).endsWith(HEALTH);
      const healths = page.items.filter(isHealth).flatMap((item) => healthOf(item) ?? []);
      return page.items
        .filter((item) => !isHealth(item))
        .map((item) => readRow(Endpoint, item))
        .map((endpoint) => ({
          endpoint,
          health: healths.find(({ endpointId }) => endpointId === endpoint.endpointId),
        }));
    },

    async get(name) {
      const item = await items.get(endpointKey(name));
      return item && readRow(Endpoint, item);
    },

    change(name, decide) {
      const which = { key: endpointKey(name), schema: Endpoint };
      return changed(which, (item) => item && readRow(Endpoint, item), decide);
    },

    async changeHealth({ tenantId, endpointId }, decide) {
      const first: EndpointHealth = { tenantId, endpointId };
      const read = (item: Attributes | undefined) => (item && healthOf(item)) ?? first;
      const key = healthKeyOf(first);
      const change = () => changed({ key, schema: EndpointHealth }, read, decide);
      return (await alone(key.pk + key.sk, change)) ?? first;
    },
  };
}

export function endpointRegister(items: Table): EndpointRegister {
  return {
    ...endpointStore(items),
    async add(endpoint) {
      // Idempotent: a repeat finds the item.
      const there = await items.insert(endpointKey(endpoint), Endpoint.parse(endpoint));
      return there && readRow(Endpoint, there);
    },
    put: (endpoint) => putOver(items, endpointKey(endpoint), Endpoint.parse(endpoint), Endpoint),
    // Idempotent: a repeat finds nothing to remove.
    remove: (name) => items.removeAll([endpointKey(name), healthKeyOf(name)]),
  };
}

/**
 * What is known of an endpoint is worth less than its deliveries: one whose health cannot be read begins with none, which
 * the next change writes over it.
 */
function healthOf(item: Attributes): EndpointHealth | undefined {
  return readEach([item], (one) => readRow(EndpointHealth, one)).rows[0];
}

/** The key follows that of the endpoint, so that one query reads both. */
/** As it was first stored: the items of deployed stages keep their keys. */
const HEALTH = '#STANDING';

function healthKeyOf(name: EndpointName): Key {
  const { pk, sk } = endpointKey(name);
  return { pk, sk: `${sk}${HEALTH}` };
}

function endpointKey({ tenantId, endpointId }: EndpointName): Key {
  return { pk: `TENANT#${tenantId}`, sk: `ENDPOINT#${endpointId}` };
}
