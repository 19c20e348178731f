/** The rows of jobs. Which state may follow which is in lifecycle.ts. */
import type { SQLOutputValue } from 'node:sqlite';
import type { Store } from '../store.ts';
import { JobRecord, type JobStatus, type Need, Needs } from './job.ts';

export type Row = Record<string, SQLOutputValue>;

/** The first runnable job of one share. */
export interface Head {
  readonly jobId: string;
  readonly vcpus: number;
  readonly seq: number;
  /** How many tries it has had. */
  readonly tries: number;
  /** Units of consumable resources that must be free for it to start. */
  readonly needs: readonly Need[];
}

export function jobFrom(row: Row): JobRecord {
  return JobRecord.parse(JSON.parse(String(row['record'])));
}

function headFrom(row: Row): Head {
  const needs = row['needs'] === null ? [] : Needs.parse(JSON.parse(String(row['needs'])));
  return {
    jobId: String(row['id']),
    vcpus: Number(row['vcpus']),
    seq: Number(row['seq']),
    tries: Number(row['tries']),
    needs,
  };
}

/** The sort key of names in listings: the filter JOB_NAME ignores case. */
export function nameKey(jobName: string): string {
  return jobName.toLowerCase();
}

/** Ids of an array's children sort between these two: `:` is followed by `;`. */
export function childRange(parentId: string): [string, string] {
  return [`${parentId}:`, `${parentId};`];
}

export type Jobs = ReturnType<typeof createJobs>;

export function createJobs(store: Store) {
  return { ...rows(store), ...rowsByState(store), ...childRows(store), ...runnableRows(store) };
}

function rows(store: Store) {
  function insert(job: JobRecord): void {
    store
      .statement(
        `INSERT INTO batch_jobs (id, parent, queue, name_key, share, priority, vcpus, status, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
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

  function save(job: JobRecord): void {
    const holdsRoom = job.status === 'STARTING' || job.status === 'RUNNING';
    store
      .statement('UPDATE batch_jobs SET status = ?, environment = ?, stopped_at = ?, record = ? WHERE id = ?')
      .run(
        job.status,
        (holdsRoom && job.placement?.environmentArn) || null,
        job.stoppedAt ?? null,
        JSON.stringify(job),
        job.jobId,
      );
  }

  function get(jobId: string): JobRecord | undefined {
    const row = store.statement('SELECT record FROM batch_jobs WHERE id = ?').get(jobId);
    return row && jobFrom(row);
  }

  return { insert, save, get };
}

function rowsByState(store: Store) {
  /** Oldest first. */
  function withStatus(status: JobStatus): JobRecord[] {
    const sql = 'SELECT record FROM batch_jobs WHERE status = ? ORDER BY seq';
    return store.statement(sql).all(status).map(jobFrom);
  }

  /** Oldest first. */
  function idsOf(status: JobStatus, limit: number): string[] {
    const sql = 'SELECT id FROM batch_jobs WHERE status = ? ORDER BY seq LIMIT ?';
    return store
      .statement(sql)
      .all(status, limit)
      .map(({ id }) => String(id));
  }

  function unfinishedIn(queueArn: string): JobRecord[] {
    const rows = store
      .statement(
        `SELECT record FROM batch_jobs WHERE queue = ? AND parent IS NULL
       AND status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING')`,
      )
      .all(queueArn);
    return rows.map(jobFrom);
  }

  function count(...statuses: JobStatus[]): number {
    const counts = statuses.map((status) =>
      Number(store.statement('SELECT count(*) AS n FROM batch_jobs WHERE status = ?').get(status)?.['n']),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Children go with their parent: until it ends, its verdict needs them. A job that another still waits for stays,
   * and an array for one of whose children another waits.
   */
  function forgetStoppedBefore(timeMs: number): void {
    const rows = store
      .statement(`SELECT id FROM batch_jobs AS job WHERE parent IS NULL AND stopped_at < ?
           AND NOT EXISTS (SELECT 1 FROM batch_waits WHERE dependency = job.id)
           AND NOT EXISTS (SELECT 1 FROM batch_waits WHERE dependency > job.id || ':' AND dependency < job.id || ';')
         LIMIT 1000`)
      .all(timeMs);
    if (rows.length === 0) return;
    store.write(() => {
      for (const row of rows) {
        const id = String(row['id']);
        store.statement('DELETE FROM batch_jobs WHERE id = ?').run(id);
        store.statement('DELETE FROM batch_jobs WHERE parent = ?').run(id);
      }
    });
  }

  return { withStatus, idsOf, unfinishedIn, count, forgetStoppedBefore };
}

function childRows(store: Store) {
  function children(parentId: string): JobRecord[] {
    return store
      .statement('SELECT record FROM batch_jobs WHERE parent = ? ORDER BY seq')
      .all(parentId)
      .map(jobFrom);
  }

  function hasChildIn(parentId: string, ...statuses: JobStatus[]): boolean {
    const sql = 'SELECT 1 FROM batch_jobs WHERE parent = ? AND status = ? LIMIT 1';
    return statuses.some((status) => store.statement(sql).get(parentId, status) !== undefined);
  }

  function childCounts(parentId: string): Map<string, number> {
    const rows = store
      .statement('SELECT status, count(*) AS n FROM batch_jobs WHERE parent = ? GROUP BY status')
      .all(parentId);
    return new Map(rows.map((row) => [String(row['status']), Number(row['n'])]));
  }

  return { children, hasChildIn, childCounts };
}

/** What the scheduler looks at. */
function runnableRows(store: Store) {
  /** vCPU held by starting and running jobs, one row per queue, share and environment. */
  function vcpusInUse(): { queue: string; share: string; environment: string; vcpus: number }[] {
    const rows = store
      .statement(
        `SELECT queue, share, environment, sum(vcpus) AS vcpus FROM batch_jobs
       WHERE status IN ('STARTING', 'RUNNING') GROUP BY queue, share, environment`,
      )
      .all();
    return rows.map((row) => ({
      queue: String(row['queue']),
      share: String(row['share']),
      environment: String(row['environment']),
      vcpus: Number(row['vcpus']),
    }));
  }

  /** Steps from share to share through the index; a plain DISTINCT would read every runnable job. */
  function runnableShares(queueArn: string): string[] {
    const rows = store
      .statement(
        `WITH RECURSIVE shares (share) AS (
         SELECT min(share) FROM batch_jobs WHERE queue = ?1 AND status = 'RUNNABLE'
         UNION ALL
         SELECT (SELECT min(share) FROM batch_jobs
                 WHERE queue = ?1 AND status = 'RUNNABLE' AND share > shares.share)
         FROM shares WHERE shares.share IS NOT NULL)
       SELECT share FROM shares WHERE share IS NOT NULL`,
      )
      .all(queueArn);
    return rows.map((row) => String(row['share']));
  }

  function head(queueArn: string, share: string): Head | undefined {
    return heads(queueArn, share, 1)[0];
  }

  /** The first runnable jobs of one share. */
  function heads(queueArn: string, share: string, limit: number): Head[] {
    const rows = store
      .statement(
        `SELECT id, vcpus, seq, json_extract(record, '$.consumables') AS needs,
           json_array_length(record, '$.attempts') AS tries FROM batch_jobs
         WHERE queue = ? AND share = ? AND status = 'RUNNABLE' ORDER BY priority DESC, seq LIMIT ?`,
      )
      .all(queueArn, share, limit);
    return rows.map(headFrom);
  }

  /** Units of each consumable resource that starting and running jobs hold, by ARN. */
  function consumablesInUse(): Map<string, number> {
    const rows = store
      .statement(
        `SELECT json_extract(need.value, '$.arn') AS arn, sum(json_extract(need.value, '$.quantity')) AS held
         FROM batch_jobs AS job, json_each(job.record, '$.consumables') AS need
         WHERE job.status IN ('STARTING', 'RUNNING') GROUP BY 1`,
      )
      .all();
    return new Map(rows.map((row) => [String(row['arn']), Number(row['held'])]));
  }

  return { vcpusInUse, consumablesInUse, runnableShares, head, heads };
}
