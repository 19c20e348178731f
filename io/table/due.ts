/**
 * Reading the index `due`: the items that reconcile must look at. It is a hint: the item itself is read before
 * anything is done.
 */
import * as z from 'zod';
import { DUE_SHARDS, dueShard } from '../../domain/job/identity.ts';
import type { DeliveryName } from '../../domain/webhook/delivery.ts';
import { deliveryKey, parseDeliveryKey } from './deliveries.ts';
import type { Attributes, Key, Position, Table } from './table.ts';

export interface DueIndex {
  /** The last one has the items that were set aside. */
  readonly shards: readonly string[];
  /** The items of one shard that are due by then, the most overdue first, a page at a time. */
  due(shard: string, byMs: number, after?: Position): Promise<DuePage>;
  /**
   * Moves an item that could not be worked on to a later time, which is further away with each failure in a row. After the
   * fifth it is set aside: it is due every hour, in a shard of its own.
   *
   * @returns how many times in a row it has failed; undefined when it was changed or moved meanwhile
   */
  postponeFailed(item: Due, nowMs: number): Promise<Failures | undefined>;
  /** Returns an item that was set aside, and could be worked on, to its own shard. */
  restore(item: Due): Promise<void>;
}

export interface Failures {
  readonly count: number;
  readonly isSetAside: boolean;
}

/** An item of the index. Its `dueAt` is that of the index, which lags. */
export type Due = { readonly dueAt: number; readonly isSetAside: boolean } & Subject;

export type Subject =
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'delivery'; readonly delivery: DeliveryName }
  | { readonly kind: 'gate'; readonly tenantId: string }
  /** Of a newer version, or of a key that was edited by hand. */
  | { readonly kind: 'unknown'; readonly key: Key };

export interface DuePage {
  readonly due: readonly Due[];
  /** Absent on the last page. */
  readonly next?: Position;
}

/** Items that failed again and again. An operator finds them here: `headgate reconcile --set-aside`. */
export const SET_ASIDE = 'aside';

const PAGE = 100;
const Item = z.object({ pk: z.string(), sk: z.string(), dueAt: z.number() });

export function dueIndex(items: Table): DueIndex {
  return {
    shards: [...Array.from({ length: DUE_SHARDS }, (_, shard) => String(shard)), SET_ASIDE],

    async due(shard, byMs, after) {
      const { items: found, ...page } = await items.query({
        index: 'due',
        condition: 'dueShard = :shard AND dueAt <= :by',
        values: { ':shard': shard, ':by': byMs },
        limit: PAGE,
        after,
      });
      return { due: found.map((item) => dueOf(shard, Item.parse(item))), ...page };
    },

    async postponeFailed(item, nowMs) {
      const key = keyOf(item);
      const stored = await items.get(key);
      const dueAt = stored?.['dueAt'];
      if (stored === undefined || typeof dueAt !== 'number' || dueAt > item.dueAt) return undefined;
      const failures = afterFailure(failuresOf(stored), nowMs);
      // Idempotent: a repeat finds another dueAt, and so does a handler that was faster.
      const held = await items.update(key, {
        update: 'SET dueAt = :dueAt, dueShard = :shard, dueFailures = :failures',
        condition: 'dueAt = :seen',
        values: {
          ':dueAt': nowMs + waitAfter(failures.count),
          ':shard': isSetAside(failures) ? SET_ASIDE : shardOf(item),
          ':failures': failures,
          ':seen': dueAt,
        },
      });
      return held ? { count: failures.count, isSetAside: isSetAside(failures) } : undefined;
    },

    async restore(item) {
      // Idempotent: a repeat finds the item in its own shard. One that is settled has none.
      await items.update(keyOf(item), {
        update: 'SET dueShard = :shard REMOVE dueFailures',
        condition: 'dueShard = :aside',
        values: { ':shard': shardOf(item), ':aside': SET_ASIDE },
      });
    },
  };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SET_ASIDE_AFTER = 5;
/** A failure that is older has nothing to do with the next one: the longest wait, and the time until a run comes by. */
const FORGOTTEN_AFTER_MS = 2 * HOUR_MS;

const StoredFailures = z.object({ count: z.int().positive(), atMs: z.number() });
type StoredFailures = z.infer<typeof StoredFailures>;

const failuresOf = (item: Attributes) => StoredFailures.safeParse(item['dueFailures']).data;

function afterFailure(before: StoredFailures | undefined, nowMs: number): StoredFailures {
  const isRecent = before !== undefined && nowMs - before.atMs < FORGOTTEN_AFTER_MS;
  return { count: (isRecent ? before.count : 0) + 1, atMs: nowMs };
}

const isSetAside = ({ count }: StoredFailures): boolean => count >= SET_ASIDE_AFTER;

/** One minute, two, four, eight; then an hour. */
function waitAfter(count: number): number {
  return count >= SET_ASIDE_AFTER ? HOUR_MS : MINUTE_MS * 2 ** (count - 1);
}

function dueOf(shard: string, { pk, sk, dueAt }: z.infer<typeof Item>): Due {
  return { dueAt, isSetAside: shard === SET_ASIDE, ...subjectOf({ pk, sk }) };
}

function subjectOf(key: Key): Subject {
  const [kind, id = ''] = key.pk.split('#');
  if (kind === 'JOB' && key.sk === 'JOB') return { kind: 'job', jobId: id };
  if (kind === 'TENANT' && key.sk === 'GATE') return { kind: 'gate', tenantId: id };
  const delivery = parseDeliveryKey(key);
  return delivery === undefined ? { kind: 'unknown', key } : { kind: 'delivery', delivery };
}

/** The key of its row, for an operator. */
export function rowName(item: Due): string {
  const { pk, sk } = keyOf(item);
  return `${pk} ${sk}`;
}

function keyOf(item: Due): Key {
  switch (item.kind) {
    case 'job':
      return { pk: `JOB#${item.jobId}`, sk: 'JOB' };
    case 'gate':
      return { pk: `TENANT#${item.tenantId}`, sk: 'GATE' };
    case 'delivery':
      return deliveryKey(item.delivery);
    case 'unknown':
      return item.key;
  }
}

/** Where the item belongs. */
function shardOf(item: Due): string {
  switch (item.kind) {
    case 'job':
      return dueShard(item.jobId);
    case 'gate':
      return dueShard(item.tenantId);
    case 'delivery':
      return dueShard(item.delivery.webhookId);
    case 'unknown':
      return dueShard(item.key.pk);
  }
}
