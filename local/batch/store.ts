import type { DatabaseSync } from 'node:sqlite';

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
  CREATE TABLE IF NOT EXISTS batch_logs (
    stream TEXT PRIMARY KEY, job TEXT NOT NULL, output TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS batch_logs_job ON batch_logs (job);
`;

/** Batch's own tables in the given database, and the one way to change several of them together. */
export class Store {
  readonly db: DatabaseSync;
  #open = false;
  #afterCommit: (() => void)[] = [];

  constructor(db: DatabaseSync) {
    this.db = db;
    db.exec(SCHEMA);
  }

  /** All of `change` or none of it; a write inside a write belongs to the outer one. */
  write<Result>(change: () => Result): Result {
    if (this.#open) return change();
    this.db.exec('BEGIN IMMEDIATE');
    this.#open = true;
    let result: Result;
    try {
      result = change();
      this.db.exec('COMMIT');
    } catch (error) {
      this.#afterCommit = [];
      this.db.exec('ROLLBACK');
      throw error;
    } finally {
      this.#open = false;
    }
    const effects = this.#afterCommit;
    this.#afterCommit = [];
    for (const effect of effects) effect();
    return result;
  }

  /** For effects outside the database: they must not happen for a change that was rolled back. */
  afterCommit(effect: () => void): void {
    if (this.#open) this.#afterCommit.push(effect);
    else effect();
  }
}
