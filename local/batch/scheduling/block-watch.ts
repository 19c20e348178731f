/**
 * Jobs that block the head of their queue for good: says so in the job and by an event, and cancels them after the
 * time that the queue sets for that reason. AWS takes some minutes to find such a job; here it shows at once.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
 */
import type { Lifecycle } from '../jobs/lifecycle.ts';
import type { Resources } from '../queues/resources.ts';
import type { BlockReason } from '../queues/state-time-limits.ts';

/** The one reason that can come about here: there are no instance types, and capacity is never short. */
const TOO_LARGE: BlockReason = 'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE';
const STUCK = `${TOO_LARGE} - CE(s) associated with the job queue cannot meet the CPU requirement of the job.`;

interface Blocked {
  readonly jobId: string;
  readonly sinceMs: number;
}

export interface BlockWatchParts {
  readonly clock: { now(): number };
  readonly resources: Resources;
  readonly lifecycle: Pick<Lifecycle, 'block' | 'stop'>;
}

export type BlockWatch = ReturnType<typeof createBlockWatch>;

export function createBlockWatch({ clock, resources, lifecycle }: BlockWatchParts) {
  const byQueue = new Map<string, Blocked>();
  return {
    /** @param heads all the jobs that block their queues now */
    see(heads: readonly { readonly queueArn: string; readonly jobId: string }[]): void {
      for (const [queueArn, { jobId }] of byQueue) {
        if (heads.some((head) => head.jobId === jobId)) continue;
        byQueue.delete(queueArn);
        lifecycle.block(jobId, undefined);
      }
      for (const { queueArn, jobId } of heads) {
        if (byQueue.get(queueArn)?.jobId === jobId) continue;
        byQueue.set(queueArn, { jobId, sinceMs: clock.now() });
        lifecycle.block(jobId, STUCK);
      }
    },
    /** Times follow the clock, which may be turned, so they are compared and not waited for. */
    tick(): void {
      for (const [queueArn, { jobId, sinceMs }] of byQueue) {
        const limits = resources.queue(queueArn)?.jobStateTimeLimitActions ?? [];
        const limit = limits.find(({ reason }) => reason === TOO_LARGE);
        if (!limit || clock.now() < sinceMs + limit.maxTimeSeconds * 1000) continue;
        const reason = `Canceled by JobStateTimeLimit action due to reason: ${TOO_LARGE}`;
        lifecycle.stop(jobId, { kind: 'cancelled', reason });
      }
    },
  };
}
