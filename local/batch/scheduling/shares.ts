/** The shares of fair-share queues: their recent use, and which are active. */
import type { Attempt, JobRecord } from '../jobs/job.ts';
import { MAX_ACTIVE_SHARES, windowMs } from '../queues/fair-share.ts';
import type { Queue, Resources } from '../queues/resources.ts';
import type { Store } from '../store.ts';

/** A try counts for at least this long: otherwise tries that start at the same moment would not count. */
export const LEAST_USE_SECONDS = 1;
/** Ended tries are summed in this many parts of a policy's window, and leave the window part by part. */
const PARTS = 20;

export type Shares = ReturnType<typeof createShares>;

export function createShares(store: Store, resources: Resources, clock: { now(): number }) {
  /** A try of a job ended. Called inside the write that ends it. */
  function record({ queueArn, shareIdentifier, vcpus }: JobRecord, { startedAt, stoppedAt }: Attempt): void {
    const queue = shareIdentifier === undefined ? undefined : resources.queue(queueArn);
    if (queue === undefined) return;
    const rangeMs = windowOf(queue);
    const partMs = rangeMs / PARTS;
    const seconds = Math.max((stoppedAt - (startedAt ?? stoppedAt)) / 1000, LEAST_USE_SECONDS);
    store
      .statement('DELETE FROM batch_usage WHERE queue = ? AND ended_at <= ?')
      .run(queueArn, stoppedAt - rangeMs);
    store
      .statement(
        `INSERT INTO batch_usage (queue, ended_at, share, vcpu_seconds) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET vcpu_seconds = vcpu_seconds + excluded.vcpu_seconds`,
      )
      .run(queueArn, Math.floor(stoppedAt / partMs) * partMs, shareIdentifier ?? '', vcpus * seconds);
  }

  /**
   * vCPU seconds by share: of the tries that run, and of those that ended within the window of the policy.
   * @see https://aws.amazon.com/blogs/hpc/deep-dive-on-fair-share-scheduling-in-aws-batch/
   */
  function used(queue: Queue): Map<string, number> {
    const nowMs = clock.now();
    const rows = store
      .statement(
        `SELECT share, sum(vcpu_seconds) AS used FROM (
         SELECT share, vcpu_seconds FROM batch_usage WHERE queue = ?1 AND ended_at > ?2
         UNION ALL
         SELECT share, vcpus * max(?3, (?4 - coalesce(json_extract(record, '$.startedAt'), ?4)) / 1000.0)
         FROM batch_jobs WHERE queue = ?1 AND status IN ('STARTING', 'RUNNING'))
       GROUP BY share`,
      )
      .all(queue.jobQueueArn, nowMs - windowOf(queue), LEAST_USE_SECONDS, nowMs);
    return new Map(rows.map((row) => [String(row['share']), Number(row['used'])]));
  }

  /** Whether the queue may take a job of this share: it is active already, or one more may become so. */
  function admits(queue: Queue, share: string): boolean {
    const known = store
      .statement(
        "SELECT 1 FROM batch_jobs WHERE queue = ? AND share = ? AND stopped_at IS NULL AND share <> '' LIMIT 1",
      )
      .get(queue.jobQueueArn, share);
    if (known) return true;
    const shares = active(queue);
    return shares.has(share) || shares.size < MAX_ACTIVE_SHARES;
  }

  /** The shares with unfinished jobs, or with use within the window. */
  function active(queue: Queue): Set<string> {
    // Steps from share to share through the index; a plain DISTINCT would read every job.
    const rows = store
      .statement(
        `WITH RECURSIVE shares (share) AS (
         SELECT min(share) FROM batch_jobs WHERE queue = ?1 AND stopped_at IS NULL AND share <> ''
         UNION ALL
         SELECT (SELECT min(share) FROM batch_jobs
                 WHERE queue = ?1 AND stopped_at IS NULL AND share <> '' AND share > shares.share)
         FROM shares WHERE shares.share IS NOT NULL)
       SELECT share FROM shares WHERE share IS NOT NULL
       UNION
       SELECT share FROM batch_usage WHERE queue = ?1 AND ended_at > ?2`,
      )
      .all(queue.jobQueueArn, clock.now() - windowOf(queue));
    return new Set(rows.map((row) => String(row['share'])));
  }

  function windowOf(queue: Queue): number {
    return windowMs(resources.fairshareOf(queue) ?? {});
  }

  return { record, used, admits, active };
}
