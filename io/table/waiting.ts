/**
 * The waiting lists in the table: one partition for each tenant, in which a prefix of the sort key is a list. All are read
 * consistently.
 *
 * | list | sort key | items |
 * | --- | --- | --- |
 * | of a type | `R#<type>#<place>` | rows without a key, and entries of classes |
 * | of a class | `C#<type>#<key>#<place>` | its rows |
 * | of a key | `H#<key>#<type>` | entries of classes that the key stops |
 */
import * as z from 'zod';
import { headStartMs, Priority } from '../../domain/job/priority.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import { type Entry, type KeyedClass, placeOf, WaitingRow } from '../../domain/tenant/waiting.ts';
import { type RowUnreadable, readEach, readRow } from './rows.ts';
import type { Attributes, Key, Position, Table } from './table.ts';

export interface WaitingStore {
  /** Puts rows in their places; a repeat finds them. */
  put(rows: readonly WaitingRow[], nowMs: number): Promise<void>;
  remove(rows: readonly WaitingRow[]): Promise<void>;
  /** The first items of the list of a type, at most so many. */
  ready(tenantId: string, typeTag: number, limit: number): Promise<Ready>;
  /** The entries of all classes that a key stops; at most one for each job type. */
  held(tenantId: string, keyTag: number): Promise<readonly Entry[]>;
  /** Entries of classes that any key stops, from this key on. */
  heldFrom(tenantId: string, keyTag: number, limit: number): Promise<readonly Entry[]>;
  /** The first row of a class. */
  head(of: KeyedClass): Promise<WaitingRow | undefined>;
  /** Puts an entry, in place of one of the same class that is there. */
  putEntry(entry: Entry, nowMs: number): Promise<void>;
  /** Removes an entry if it was not put again since it was read. */
  removeEntry(entry: Entry): Promise<void>;
  /** Which of these rows are in their lists. */
  has(rows: readonly WaitingRow[]): Promise<ReadonlySet<WaitingRow>>;
  /** How many wait. @param before only those in front of this row */
  count(tenantId: string, before?: WaitingRow): Promise<number>;
  /** Rows of the one list that a tenant had in earlier versions, a page at a time. */
  earlier(tenantId: string, limit: number, after?: Position): Promise<EarlierPage>;
  removeEarlier(rows: readonly WaitingRow[]): Promise<void>;
}

/** Rows that cannot be read stay, and stop no row behind them. Their jobs are found when reconcile looks at them. */
interface Unreadable {
  readonly unreadable: readonly RowUnreadable[];
}

export interface Ready extends Unreadable {
  readonly items: readonly (WaitingRow | Entry)[];
  /** Whether the list may have more. */
  readonly hasMore: boolean;
}

export interface EarlierPage extends Unreadable {
  readonly rows: readonly WaitingRow[];
  readonly next?: Position;
}

/** Long after a repair would have put a row again whose job still waits. A row that no job waits for goes in the end. */
const EXPIRES_AFTER_MS = 30 * 86_400_000;

const StoredEntry = z.object({ typeTag: z.int(), keyTag: z.int(), token: z.string() });

/** For readers that need no more. Their roles have no right to change rows. */
export function waitingReader(items: Table): Pick<WaitingStore, 'count' | 'ready' | 'head'> {
  return {
    ready: (tenantId, typeTag, limit) => readFront(items, tenantId, `R#${tag(typeTag)}#`, limit),

    async head({ tenantId, typeTag, keyTag }) {
      const { items: found } = await readFront(items, tenantId, `C#${tag(typeTag)}#${tag(keyTag)}#`, 1);
      return found.find((item) => 'jobId' in item);
    },

    async count(tenantId, before) {
      const front = before === undefined ? undefined : inFrontOf(before);
      const counted = await items.countItems({
        condition: 'pk = :pk',
        values: { ':pk': listsKey(tenantId), ...front?.values },
        filter: `attribute_exists(jobId)${front === undefined ? '' : ` AND (${front.filter})`}`,
      });
      const earlier = await items.countItems(
        before === undefined
          ? { condition: 'pk = :pk', values: { ':pk': earlierKey(tenantId) } }
          : {
              condition: 'pk = :pk AND sk < :place',
              values: { ':pk': earlierKey(tenantId), ':place': placeOf(before) },
            },
      );
      return counted + earlier;
    },
  };
}

export function waitingStore(items: Table): WaitingStore {
  const firstOf = (...asked: [tenantId: string, prefix: string, limit: number]) => readFront(items, ...asked);

  return {
    async put(rows, nowMs) {
      // Idempotent: a repeat finds the item.
      await Promise.all(rows.map((row) => items.insert(rowKey(row), { ...row, expiresAt: expiry(nowMs) })));
    },

    remove: (rows) => items.removeAll(rows.map(rowKey)),

    async held(tenantId, keyTag) {
      const found = await firstOf(tenantId, `H#${tag(keyTag)}#`, MAX_HELD);
      return found.items.filter((item) => 'of' in item);
    },

    async heldFrom(tenantId, keyTag, limit) {
      const page = await items.query({
        condition: 'pk = :pk AND sk BETWEEN :from AND :end',
        values: { ':pk': listsKey(tenantId), ':from': `H#${tag(keyTag)}#`, ':end': 'H#~' },
        limit,
      });
      return readEach(page.items, (item) => itemOf(tenantId, item)).rows.filter((item) => 'of' in item);
    },

    putEntry(entry, nowMs) {
      const { typeTag, keyTag } = entry.of;
      // Idempotent: a repeat puts the same entry, and one more entry leads to the class and goes.
      return items.put(entryKey(entry), { typeTag, keyTag, token: entry.token, expiresAt: expiry(nowMs) });
    },

    // Idempotent: a repeat finds no entry with the token.
    removeEntry: (entry) => items.removeIf(entryKey(entry), { token: entry.token }),

    async has(rows) {
      const found = await items.getAll(rows.map(rowKey));
      const keys = new Set(found.map(({ pk, sk }) => `${String(pk)}\n${String(sk)}`));
      return new Set(rows.filter((row) => keys.has(`${rowKey(row).pk}\n${rowKey(row).sk}`)));
    },

    ...waitingReader(items),

    async earlier(tenantId, limit, after) {
      const page = await items.query({
        condition: 'pk = :pk',
        values: { ':pk': earlierKey(tenantId) },
        limit,
        after,
      });
      const read = readEach(page.items, (item) => readRow(WaitingRow, item));
      return page.next === undefined ? read : { ...read, next: page.next };
    },

    removeEarlier: (rows) =>
      items.removeAll(rows.map((row) => ({ pk: earlierKey(row.tenantId), sk: placeOf(row) }))),
  };
}

/** The first items of a list that can be read, at most so many. */
async function readFront(items: Table, tenantId: string, prefix: string, limit: number): Promise<Ready> {
  const found: (WaitingRow | Entry)[] = [];
  const unreadable: RowUnreadable[] = [];
  let after: Position | undefined;
  do {
    const page = await items.query({
      condition: 'pk = :pk AND begins_with(sk, :prefix)',
      values: { ':pk': listsKey(tenantId), ':prefix': prefix },
      limit: limit - found.length,
      after,
    });
    const read = readEach(page.items, (item) => itemOf(tenantId, item));
    found.push(...read.rows);
    unreadable.push(...read.unreadable);
    after = page.next;
  } while (after !== undefined && found.length < limit);
  return { items: found, unreadable, hasMore: after !== undefined };
}

/** More job types than a registry has. */
const MAX_HELD = 1000;
const expiry = (nowMs: number): number => Math.ceil((nowMs + EXPIRES_AFTER_MS) / 1000);

const listsKey = (tenantId: string) => `WAITS#${tenantId}`;
const earlierKey = (tenantId: string) => `WAITING#${tenantId}`;
/** 32 bits at most. */
const tag = (value: number): string => String(value).padStart(10, '0');

function rowKey(row: WaitingRow): Key {
  const { typeTag, keyTag } = holderOf(row);
  const list = keyTag === undefined ? `R#${tag(typeTag)}` : `C#${tag(typeTag)}#${tag(keyTag)}`;
  return { pk: listsKey(row.tenantId), sk: `${list}#${placeOf(row)}` };
}

function entryKey(entry: Entry): Key {
  const { tenantId, typeTag, keyTag } = entry.of;
  const sk =
    entry.list === 'held'
      ? `H#${tag(keyTag)}#${tag(typeTag)}`
      : `R#${tag(typeTag)}#${entry.place}#${tag(keyTag)}`;
  return { pk: listsKey(tenantId), sk };
}

function itemOf(tenantId: string, item: Attributes): WaitingRow | Entry {
  if (item['token'] === undefined) return readRow(WaitingRow, item);
  const { typeTag, keyTag, token } = readRow(StoredEntry, item);
  const [list, , ...place] = String(item['sk']).split('#');
  const common = { of: { tenantId, typeTag, keyTag }, token };
  return list === 'H'
    ? { ...common, list: 'held' }
    : { ...common, list: 'ready', place: place.slice(0, -1).join('#') };
}

/** Places are compared by the times that they are made of, since several lists have no common order. */
function inFrontOf({ since, priority }: WaitingRow): { filter: string; values: Attributes } {
  const placeMs = since - headStartMs[priority];
  const each = Priority.options.map((name, i) => ({
    filter: `priority = :p${i} AND since < :s${i}`,
    values: { [`:p${i}`]: name, [`:s${i}`]: placeMs + headStartMs[name] },
  }));
  return {
    filter: each.map(({ filter }) => `(${filter})`).join(' OR '),
    values: Object.assign({}, ...each.map(({ values }) => values)),
  };
}
