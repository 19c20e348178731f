import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import { JobRecord, type JobStatus } from './job.ts';
import type { ShareView } from './scheduling.ts';
import type { Store } from './store.ts';

export type Row = Record<string, SQLOutputValue>;

export function jobFrom(row: Row): JobRecord {
  return JobRecord.parse(JSON.parse(String(row['record'])));
}

/** The order key of names in listings: the filter JOB_NAME ignores case. */
export function nameKey(jobName: string): string {
  return jobName.toLowerCase();
}

/** Ids of an array's children sort between these two: `:` is followed by `;`. */
function childRange(parentId: string): [string, string] {
  return [`${parentId}:`, `${parentId};`];
}

/** The job rows and what waits for what. Knows no rules. */
export class Jobs {
  readonly #store: Store;
  readonly #statements = new Map<string, StatementSync>();

  constructor(store: Store) {
    this.#store = store;
  }

  #run(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#store.db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  insert(job: JobRecord): void {
    this.#run(
      `INSERT INTO batch_jobs (id, parent, queue, name_key, share, priority, vcpus, status, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      job.jobId,
      job.array?.role === 'child' ? job.array.parentId : null,
      job.queueArn,
      nameKey(job.jobName),
      job.shareIdentifier ?? '',
      job.schedulingPriority ?? 0,
      job.vcpus,
      job.status,
      JSON.stringify(job),
    );
  }

  save(job: JobRecord): void {
    const holdsRoom = job.status === 'STARTING' || job.status === 'RUNNING';
    this.#run(
      'UPDATE batch_jobs SET status = ?, environment = ?, stopped_at = ?, record = ? WHERE id = ?',
    ).run(
      job.status,
      (holdsRoom && job.placement?.environmentArn) || null,
      job.stoppedAt ?? null,
      JSON.stringify(job),
      job.jobId,
    );
  }

  get(jobId: string): JobRecord | undefined {
    const row = this.#run('SELECT record FROM batch_jobs WHERE id = ?').get(jobId);
    return row && jobFrom(row);
  }

  /** Oldest first. */
  withStatus(status: JobStatus, limit = Number.MAX_SAFE_INTEGER): JobRecord[] {
    const sql = 'SELECT record FROM batch_jobs WHERE status = ? ORDER BY seq LIMIT ?';
    return this.#run(sql).all(status, limit).map(jobFrom);
  }

  unfinishedIn(queueArn: string): JobRecord[] {
    const rows = this.#run(
      `SELECT record FROM batch_jobs WHERE queue = ? AND parent IS NULL
       AND status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING')`,
    ).all(queueArn);
    return rows.map(jobFrom);
  }

  count(...statuses: JobStatus[]): number {
    const counts = statuses.map((status) =>
      Number(this.#run('SELECT count(*) AS n FROM batch_jobs WHERE status = ?').get(status)?.['n']),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  children(parentId: string): JobRecord[] {
    return this.#run('SELECT record FROM batch_jobs WHERE parent = ? ORDER BY seq')
      .all(parentId)
      .map(jobFrom);
  }

  hasChildIn(parentId: string, ...statuses: JobStatus[]): boolean {
    const sql = 'SELECT 1 FROM batch_jobs WHERE parent = ? AND status = ? LIMIT 1';
    return statuses.some((status) => this.#run(sql).get(parentId, status) !== undefined);
  }

  childCounts(parentId: string): Map<string, number> {
    const rows = this.#run(
      'SELECT status, count(*) AS n FROM batch_jobs WHERE parent = ? GROUP BY status',
    ).all(parentId);
    return new Map(rows.map((row) => [String(row['status']), Number(row['n'])]));
  }

  /** vCPU held by starting and running jobs, one row per queue, share and environment. */
  vcpusInUse(): { queue: string; share: string; environment: string; vcpus: number }[] {
    const rows = this.#run(
      `SELECT queue, share, environment, sum(vcpus) AS vcpus FROM batch_jobs
       WHERE status IN ('STARTING', 'RUNNING') GROUP BY queue, share, environment`,
    ).all();
    return rows.map((row) => ({
      queue: String(row['queue']),
      share: String(row['share']),
      environment: String(row['environment']),
      vcpus: Number(row['vcpus']),
    }));
  }

  /** Steps from share to share through the index; a plain DISTINCT would read every runnable job. */
  runnableShares(queueArn: string): string[] {
    const rows = this.#run(
      `WITH RECURSIVE shares (share) AS (
         SELECT min(share) FROM batch_jobs WHERE queue = ?1 AND status = 'RUNNABLE'
         UNION ALL
         SELECT (SELECT min(share) FROM batch_jobs
                 WHERE queue = ?1 AND status = 'RUNNABLE' AND share > shares.share)
         FROM shares WHERE shares.share IS NOT NULL)
       SELECT share FROM shares WHERE share IS NOT NULL`,
    ).all(queueArn);
    return rows.map((row) => String(row['share']));
  }

  head(queueArn: string, share: string): ShareView['head'] | undefined {
    const row = this.#run(
      `SELECT id, vcpus, seq FROM batch_jobs WHERE queue = ? AND share = ? AND status = 'RUNNABLE'
       ORDER BY priority DESC, seq LIMIT 1`,
    ).get(queueArn, share);
    return row && { jobId: String(row['id']), vcpus: Number(row['vcpus']), seq: Number(row['seq']) };
  }

  addWait(dependent: string, dependency: string): void {
    this.#run('INSERT OR IGNORE INTO batch_waits (dependent, dependency) VALUES (?, ?)').run(
      dependent,
      dependency,
    );
  }

  dependencies(dependent: string): string[] {
    const rows = this.#run('SELECT dependency FROM batch_waits WHERE dependent = ?').all(dependent);
    return rows.map((row) => String(row['dependency']));
  }

  /** Who waits for this job, or, when it is an array, for one of its children. */
  dependents(dependency: string): string[] {
    const rows = this.#run(
      `SELECT dependent FROM batch_waits
       WHERE dependency = ? OR (dependency > ? AND dependency < ?)`,
    ).all(dependency, ...childRange(dependency));
    return rows.map((row) => String(row['dependent']));
  }

  dropWaitsFor(dependency: string): void {
    this.#run('DELETE FROM batch_waits WHERE dependency = ?').run(dependency);
  }

  dropWaitsOf(dependent: string): void {
    this.#run('DELETE FROM batch_waits WHERE dependent = ?').run(dependent);
  }

  keepOutput(stream: string, jobId: string, output: string): void {
    this.#run('INSERT OR REPLACE INTO batch_logs (stream, job, output) VALUES (?, ?, ?)').run(
      stream,
      jobId,
      output,
    );
  }

  output(stream: string): string {
    return String(this.#run('SELECT output FROM batch_logs WHERE stream = ?').get(stream)?.['output'] ?? '');
  }

  /** Children go with their parent: until it ends, its verdict needs them. */
  forgetStoppedBefore(timeMs: number): void {
    const rows = this.#run(
      'SELECT id FROM batch_jobs WHERE parent IS NULL AND stopped_at < ? LIMIT 1000',
    ).all(timeMs);
    if (rows.length === 0) return;
    this.#store.write(() => {
      for (const row of rows) {
        const id = String(row['id']);
        this.#run('DELETE FROM batch_jobs WHERE id = ?').run(id);
        this.#run('DELETE FROM batch_jobs WHERE parent = ?').run(id);
        this.#run('DELETE FROM batch_logs WHERE job = ? OR (job > ? AND job < ?)').run(id, ...childRange(id));
      }
    });
  }
}
