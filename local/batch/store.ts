/**
 * Batch's tables in one SQLite database, and the one way to change several of them together. Each folder keeps its
 * rows here; no state that a restart needs is elsewhere.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS batch_resources (
    arn TEXT PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch_definitions (
    name TEXT NOT NULL, revision INTEGER NOT NULL, status TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (name, revision)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch_jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent TEXT, queue TEXT NOT NULL,
    name_key TEXT NOT NULL, status TEXT NOT NULL, share TEXT NOT NULL, priority INTEGER NOT NULL,
    vcpus REAL NOT NULL, environment TEXT, stopped_at INTEGER, record TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS batch_jobs_runnable
    ON batch_jobs (queue, share, priority DESC, seq) WHERE status = 'RUNNABLE';
  CREATE INDEX IF NOT EXISTS batch_jobs_listed ON batch_jobs (queue, status, seq) WHERE parent IS NULL;
  CREATE INDEX IF NOT EXISTS batch_jobs_named ON batch_jobs (queue, name_key, seq) WHERE parent IS NULL;
  CREATE INDEX IF NOT EXISTS batch_jobs_children ON batch_jobs (parent, status) WHERE parent IS NOT NULL;
  CREATE INDEX IF NOT EXISTS batch_jobs_status ON batch_jobs (status);
  CREATE INDEX IF NOT EXISTS batch_jobs_stopped ON batch_jobs (stopped_at)
    WHERE parent IS NULL AND stopped_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS batch_jobs_active ON batch_jobs (queue, share)
    WHERE stopped_at IS NULL AND share <> '';
  CREATE TABLE IF NOT EXISTS batch_usage (
    queue TEXT NOT NULL, ended_at INTEGER NOT NULL, share TEXT NOT NULL, vcpu_seconds REAL NOT NULL,
    PRIMARY KEY (queue, ended_at, share)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch_waits (
    dependency TEXT NOT NULL, dependent TEXT NOT NULL, PRIMARY KEY (dependency, dependent)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS batch_waits_dependent ON batch_waits (dependent);
  CREATE TABLE IF NOT EXISTS batch_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, due_at INTEGER, event TEXT NOT NULL);
`;

export type Store = ReturnType<typeof openStore>;

/** @param db open; the tables are added to it when they are not there */
export function openStore(db: DatabaseSync) {
  db.exec(SCHEMA);
  const statements = new Map<string, StatementSync>();
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
  let open = false;
  let effects: (() => void)[] = [];
  return {
    db,
    /** Prepares each text once. Only for texts that come from a closed set. */
    statement(sql: string): StatementSync {
      const known = statements.get(sql) ?? db.prepare(sql);
      statements.set(sql, known);
      return known;
    },
    /** All of `change` or none of it; a nested write belongs to the outer one. */
    write<Result>(change: () => Result): Result {
      if (open) return change();
      begin.run();
      open = true;
      let result: Result;
      try {
        result = change();
        commit.run();
      } catch (error) {
        effects = [];
        db.exec('ROLLBACK');
        throw error;
      } finally {
        open = false;
      }
      const due = effects;
      effects = [];
      for (const effect of due) effect();
      return result;
    },
    /** For effects outside the database: they must not happen for a change that was rolled back. */
    afterCommit(effect: () => void): void {
      if (open) effects.push(effect);
      else effect();
    },
  };
}
