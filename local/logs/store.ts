/**
 * Log groups, their streams and their events, in one SQLite database. What is written is kept in memory until the next
 * turn of the event loop, or until a call reads, and then stored in one transaction.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

/** Of one stream; what is older than that goes. AWS keeps everything. */
const MAX_STREAM_BYTES = 1024 * 1024;
/** After its last event, a stream is kept as long as the job that wrote it. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS log_streams (
    log_group TEXT NOT NULL, stream TEXT NOT NULL, created_at INTEGER NOT NULL,
    first_at INTEGER, last_at INTEGER, bytes INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (log_group, stream));
  CREATE TABLE IF NOT EXISTS log_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, log_group TEXT NOT NULL, stream TEXT NOT NULL,
    at INTEGER NOT NULL, message TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS log_events_stream ON log_events (log_group, stream, seq);
`;

export interface LogEvent {
  readonly seq: number;
  readonly stream: string;
  readonly timestamp: number;
  readonly message: string;
}

export interface StreamRow {
  readonly name: string;
  readonly createdAt: number;
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly bytes: number;
}

export interface Range {
  /** Inclusive, epoch milliseconds. */
  readonly startTime: number;
  /** Exclusive. */
  readonly endTime: number;
}

interface Written {
  readonly group: string;
  readonly stream: string;
  readonly atMs: number;
  /** Absent: the stream is opened. */
  readonly message?: string;
}

export type LogStore = ReturnType<typeof openLogStore>;

export function openLogStore(db: DatabaseSync, clock: { now(): number }) {
  db.exec(SCHEMA);
  const buffer = bufferedWriter(db, clock);
  const forget = (group: string, stream: string) => {
    buffer.flush();
    forgetStream(db, group, stream);
  };
  return { ...reader(db, buffer.flush), ...buffer, forget };
}

function bufferedWriter(db: DatabaseSync, clock: { now(): number }) {
  let written: Written[] = [];
  let flushing: NodeJS.Immediate | undefined;
  const open = db.prepare(
    'INSERT OR IGNORE INTO log_streams (log_group, stream, created_at) VALUES (?, ?, ?)',
  );
  const insert = db.prepare('INSERT INTO log_events (log_group, stream, at, message) VALUES (?, ?, ?, ?)');
  const count = db.prepare(
    `UPDATE log_streams SET first_at = coalesce(first_at, ?3), last_at = ?3, bytes = bytes + ?4
     WHERE log_group = ?1 AND stream = ?2 RETURNING bytes`,
  );

  function flush(): void {
    clearImmediate(flushing);
    flushing = undefined;
    const due = written;
    written = [];
    if (due.length === 0) return;
    db.exec('BEGIN IMMEDIATE');
    for (const one of due) store(one);
    db.exec('COMMIT');
  }

  function store({ group, stream, atMs, message }: Written): void {
    open.run(group, stream, atMs);
    if (message === undefined) {
      forgetBefore(db, atMs - KEPT_MS);
      return;
    }
    insert.run(group, stream, atMs, message);
    const bytes = Number(count.get(group, stream, atMs, Buffer.byteLength(message))?.['bytes']);
    if (bytes > 2 * MAX_STREAM_BYTES) trim(db, group, stream);
  }

  const later = (one: Written) => {
    written.push(one);
    flushing ??= setImmediate(flush);
  };
  return {
    flush,
    open: (group: string, stream: string) => later({ group, stream, atMs: clock.now() }),
    write: (group: string, stream: string, message: string) =>
      later({ group, stream, atMs: clock.now(), message }),
  };
}

/** Leaves the newest events of a stream, up to what it may hold. */
function trim(db: DatabaseSync, group: string, stream: string): void {
  db.prepare(
    `DELETE FROM log_events WHERE log_group = ?1 AND stream = ?2 AND seq <= (
       SELECT max(seq) FROM (
         SELECT seq, sum(length(CAST(message AS BLOB))) OVER (ORDER BY seq DESC) AS newer FROM log_events
         WHERE log_group = ?1 AND stream = ?2) WHERE newer > ?3)`,
  ).run(group, stream, MAX_STREAM_BYTES);
  db.prepare(
    `UPDATE log_streams SET (first_at, bytes) = (
       SELECT min(at), coalesce(sum(length(CAST(message AS BLOB))), 0) FROM log_events
       WHERE log_group = ?1 AND stream = ?2) WHERE log_group = ?1 AND stream = ?2`,
  ).run(group, stream);
}

function forgetBefore(db: DatabaseSync, timeMs: number): void {
  const old = db
    .prepare('SELECT log_group, stream FROM log_streams WHERE coalesce(last_at, created_at) < ? LIMIT 100')
    .all(timeMs);
  for (const { log_group: group = '', stream = '' } of old) forgetStream(db, String(group), String(stream));
}

function forgetStream(db: DatabaseSync, group: string, stream: string): void {
  db.prepare('DELETE FROM log_events WHERE log_group = ? AND stream = ?').run(group, stream);
  db.prepare('DELETE FROM log_streams WHERE log_group = ? AND stream = ?').run(group, stream);
}

function reader(db: DatabaseSync, flush: () => void) {
  return {
    groups(): { name: string; createdAt: number; bytes: number }[] {
      flush();
      const rows = db
        .prepare(
          `SELECT log_group, min(created_at) AS created_at, sum(bytes) AS bytes
           FROM log_streams GROUP BY log_group ORDER BY log_group`,
        )
        .all();
      return rows.map((row) => ({
        name: String(row['log_group']),
        createdAt: Number(row['created_at']),
        bytes: Number(row['bytes']),
      }));
    },
    streams(group: string): StreamRow[] {
      flush();
      const rows = db.prepare('SELECT * FROM log_streams WHERE log_group = ? ORDER BY stream').all(group);
      return rows.map(streamFrom);
    },
    /** @param after the number of the last event that the caller has; the oldest come first */
    eventsAfter(group: string, stream: string, after: number, range: Range, limit: number): LogEvent[] {
      const rows = db
        .prepare(
          `SELECT * FROM log_events WHERE log_group = ? AND stream = ? AND seq > ? AND at >= ? AND at < ?
           ORDER BY seq LIMIT ?`,
        )
        .all(group, stream, after, range.startTime, range.endTime, limit);
      return rows.map(eventFrom);
    },
    /** @returns those just before the event of that number, the oldest first */
    eventsBefore(group: string, stream: string, before: number, range: Range, limit: number): LogEvent[] {
      const rows = db
        .prepare(
          `SELECT * FROM log_events WHERE log_group = ? AND stream = ? AND seq < ? AND at >= ? AND at < ?
           ORDER BY seq DESC LIMIT ?`,
        )
        .all(group, stream, before, range.startTime, range.endTime, limit);
      return rows.map(eventFrom).reverse();
    },
    /** Of all streams of a group, the oldest first, after the event of that number. */
    *eventsOf(group: string, after: number, range: Range): Generator<LogEvent> {
      const rows = db
        .prepare(
          'SELECT * FROM log_events WHERE log_group = ? AND seq > ? AND at >= ? AND at < ? ORDER BY seq',
        )
        .iterate(group, after, range.startTime, range.endTime);
      for (const row of rows) yield eventFrom(row);
    },
  };
}

type Row = Record<string, SQLOutputValue>;

function eventFrom(row: Row): LogEvent {
  return {
    seq: Number(row['seq']),
    stream: String(row['stream']),
    timestamp: Number(row['at']),
    message: String(row['message']),
  };
}

function streamFrom(row: Row): StreamRow {
  const time = (name: string) => (row[name] === null ? undefined : Number(row[name]));
  return {
    name: String(row['stream']),
    createdAt: Number(row['created_at']),
    firstAt: time('first_at'),
    lastAt: time('last_at'),
    bytes: Number(row['bytes']),
  };
}
