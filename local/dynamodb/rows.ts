/**
 * The rows of dynalite's tables and indexes in one SQLite database, in place of dynalite's own store. That one is
 * LevelDB behind promises, streams and timers: it took most of a write's time, and without a folder it kept every item in
 * memory.
 */
import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { lagging } from './lag.ts';
import type { Change, Done, Locking, Range, Row, Space } from './space.ts';

const require = createRequire(import.meta.url);
/** Keeps the order of those who change one item or table. */
const { Lock }: { Lock(): Locking } = require('lock');
const { MAX_SIZE }: { MAX_SIZE: number } = require('dynalite/db');

export type RowStore = ReturnType<typeof openRows>;

const SCHEMA = `CREATE TABLE IF NOT EXISTS dynamodb_rows (
  space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (space, key))`;
/** Read at once. A query wants few, and may stop at any. */
const PAGE_ROWS = 100;

/**
 * @param indexLagMs how long a global index is behind its table
 * @returns a store as dynalite's actions take it
 */
export function openRows(db: DatabaseSync, indexLagMs = 0) {
  db.exec(SCHEMA);
  const spaces = new Map<string, Space>();
  const openSpace = spaceOpener(db);
  const spaceOf = (name: string, lagMs = 0): Space => {
    const space = spaces.get(name) ?? (lagMs > 0 ? lagging(openSpace(name), lagMs) : openSpace(name));
    spaces.set(name, space);
    return space;
  };
  const remove = db.prepare('DELETE FROM dynamodb_rows WHERE space = ?');
  const removeSpace = (name: string, done: Done) => {
    spaces.delete(name);
    answer(db, done, () => remove.run(name));
  };
  const index = (kind: string, table: string, name: string) => `index-${kind.toLowerCase()}~${table}~${name}`;
  // dynalite makes the ARN of a table from these two.
  const { space: definitions, read: definitionOf } = remembering(spaceOf('table'));
  const tableDb = { ...definitions, awsAccountId: '000000000000', awsRegion: 'us-east-1' };

  return {
    options: { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, maxItemSize: MAX_SIZE },
    tableDb,
    getItemDb: (table: string) => spaceOf(`item-${table}`),
    deleteItemDb: (table: string, done: Done) => removeSpace(`item-${table}`, done),
    getIndexDb: (kind: string, table: string, name: string) =>
      spaceOf(index(kind, table, name), kind.toLowerCase() === 'global' ? indexLagMs : 0),
    deleteIndexDb: (kind: string, table: string, name: string, done: Done) =>
      removeSpace(index(kind, table, name), done),
    getTagDb: (table: string) => spaceOf(`tag-${table}`),
    deleteTagDb: (table: string, done: Done) => removeSpace(`tag-${table}`, done),
    /** @param mustBeActive left out by dynalite's actions on items, which read a table of any status and change none */
    getTable(name: string, mustBeActive: boolean | Done<Row>, whenDone?: Done<Row>): void {
      const done = typeof mustBeActive === 'function' ? mustBeActive : whenDone;
      const get = typeof mustBeActive === 'function' ? definitionOf : tableDb.get;
      get(name, (error, table) => {
        const isHidden = mustBeActive && ['CREATING', 'DELETING'].includes(String(table?.['TableStatus']));
        if (error || table === undefined || isHidden) done?.(error ?? notFound(name, mustBeActive !== false));
        else done?.(null, table);
      });
    },
  };
}

/**
 * The definitions of tables, which each call reads and few change. A call that means to change one gets a copy of its own, by `get`.
 */
function remembering(space: Space) {
  const known = new Map<string, Row>();
  let changes = 0;
  const forget = (key: string) => {
    changes += 1;
    known.delete(key);
  };
  const put: Space['put'] = (key, value, done) => {
    forget(key);
    space.put(key, value, done);
  };
  const del: Space['del'] = (key, done) => {
    forget(key);
    space.del(key, done);
  };
  const read: Space['get'] = (key, done) => {
    const found = known.get(key);
    if (found !== undefined) return queueMicrotask(() => done(null, found));
    const before = changes;
    space.get(key, (error, row) => {
      if (row !== undefined && before === changes) known.set(key, row);
      done(error, row);
    });
  };
  return { space: { ...space, put, del }, read };
}

/** As dynalite's actions recognise it. */
function notFound(name: string, isBrief: boolean): Error {
  const message = `Requested resource not found${isBrief ? '' : `: Table: ${name} not found`}`;
  const body = { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message };
  return Object.assign(new Error(message), { name: 'NotFoundError', statusCode: 400, body });
}

function spaceOpener(db: DatabaseSync): (name: string) => Space {
  const get = db.prepare('SELECT value FROM dynamodb_rows WHERE space = ? AND key = ?');
  const put = db.prepare(
    'INSERT INTO dynamodb_rows (space, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  const del = db.prepare('DELETE FROM dynamodb_rows WHERE space = ? AND key = ?');
  const pageFrom = (order: 'ASC' | 'DESC') =>
    db.prepare(
      `SELECT key, value FROM dynamodb_rows WHERE space = ? AND key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`,
    );
  const [ascending, descending] = [pageFrom('ASC'), pageFrom('DESC')];

  /** Page by page: a row that is written meanwhile may or may not be seen, as in DynamoDB. */
  function* read<Value>(space: string, range: Range, shown: (key: string, value: string) => Value) {
    const { gt, gte = '', lt = LAST, lte, reverse = false, limit = -1 } = range;
    let from = gt === undefined ? gte : after(gt);
    let below = lte === undefined ? lt : after(lte);
    for (let left = limit < 0 ? Number.POSITIVE_INFINITY : limit; left > 0; left -= PAGE_ROWS) {
      const most = Math.min(left, PAGE_ROWS);
      const page = (reverse ? descending : ascending).all(space, from, below, most);
      for (const { key, value } of page) yield shown(String(key), String(value));
      const last = page.at(-1)?.['key'];
      if (last === undefined || page.length < most) return;
      if (reverse) below = String(last);
      else from = after(String(last));
    }
  }

  return (name) => {
    const change = (each: Change) =>
      each.type === 'put' ? put.run(name, each.key, JSON.stringify(each.value)) : del.run(name, each.key);
    return {
      lock: Lock(),
      get: (key, done) =>
        answer(db, done, () => {
          const row = get.get(name, key);
          return row && JSON.parse(String(row['value']));
        }),
      put: (key, value, done) => answer(db, done, () => change({ type: 'put', key, value })),
      del: (key, done) => answer(db, done, () => change({ type: 'del', key })),
      batch: (changes, done) => answer(db, done, () => changes.forEach(change)),
      entries: (range = {}) => read(name, range, (key, value) => [key, JSON.parse(value)] as const),
      createKeyStream: (range = {}) => Readable.from(read(name, range, (key) => key)),
      createValueStream: (range = {}) => Readable.from(read(name, range, (_, value) => JSON.parse(value))),
    };
  };
}

/** Behind every key: dynalite makes them of ASCII. */
const LAST = '\u{10ffff}';
/** The first that may follow it. */
const after = (key: string): string => `${key}\0`;

/** Not at once: dynalite's actions expect that nothing was answered before their call has returned. */
function answer<Value>(db: DatabaseSync, done: Done<Value>, work: () => Value): void {
  let value: Value;
  try {
    // What a table does in a timer, as its deletion, may come after the end; dynalite knows this sentence.
    if (!db.isOpen) throw new Error('Database is closed');
    value = work();
  } catch (error) {
    queueMicrotask(() => done(error));
    return;
  }
  queueMicrotask(() => done(null, value));
}
