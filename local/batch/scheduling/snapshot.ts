/**
 * GetJobQueueSnapshot: which runnable jobs are next in a queue, and what its running jobs use.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_GetJobQueueSnapshot.html
 */
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import type { Head, Jobs } from '../jobs/jobs.ts';
import { weightOf } from '../queues/fair-share.ts';
import type { Queue, Resources } from '../queues/resources.ts';
import { type Operation, parse } from '../request.ts';
import { firstShare, type ShareView } from './choice.ts';
import { LEAST_USE_SECONDS, type Shares } from './shares.ts';

const MAX_JOBS = 100;
const MAX_SHARES = 20;
const Request = z.strictObject({ jobQueue: z.string() });

export interface SnapshotParts {
  readonly region: string;
  readonly clock: { now(): number };
  readonly jobs: Jobs;
  readonly resources: Resources;
  readonly shares: Shares;
}

export function snapshotOperations(parts: SnapshotParts): Record<string, Operation> {
  const { region, clock, jobs, resources } = parts;
  return {
    getjobqueuesnapshot(body) {
      const queue = resources.knownQueue(parse(Request, body).jobQueue);
      const lastUpdatedAt = clock.now();
      const front = inOrder(queue, parts).map(({ jobId }) => ({
        jobArn: batchArn(region, 'job', jobId),
        earliestTimeAtPosition: jobs.get(jobId)?.runnableAt ?? lastUpdatedAt,
      }));
      return {
        frontOfQueue: { jobs: front, lastUpdatedAt },
        queueUtilization: { ...utilization(queue, parts), lastUpdatedAt },
      };
    },
  };
}

/** As the scheduler would take them one after the other, if nothing else changed. */
function inOrder(queue: Queue, { jobs, resources, shares }: SnapshotParts): Head[] {
  const policy = resources.fairshareOf(queue);
  const used = policy && shares.used(queue);
  let waiting = jobs.runnableShares(queue.jobQueueArn).flatMap((share): (ShareView & { rest: Head[] })[] => {
    const [head, ...rest] = jobs.heads(queue.jobQueueArn, share, MAX_JOBS);
    const weight = weightOf(policy ?? {}, share);
    return head ? [{ share, used: used?.get(share) ?? 0, weight, head, rest }] : [];
  });
  const ordered: Head[] = [];
  while (ordered.length < MAX_JOBS) {
    const next = firstShare(waiting);
    if (!next) break;
    ordered.push(next.head);
    const [head, ...rest] = next.rest;
    const after = next.used + next.head.vcpus * LEAST_USE_SECONDS;
    waiting = waiting.flatMap((view) =>
      view !== next ? [view] : head ? [{ ...next, used: after, head, rest }] : [],
    );
  }
  return ordered;
}

function utilization(queue: Queue, { jobs }: SnapshotParts) {
  const uses = jobs.vcpusInUse().filter((use) => use.queue === queue.jobQueueArn);
  const totalCapacityUsage = [{ capacityUnit: 'VCPU', quantity: sum(uses) }];
  if (!queue.schedulingPolicyArn) return { totalCapacityUsage };
  const byShare = Object.entries(Object.groupBy(uses, ({ share }) => share)).map(([share, own = []]) => ({
    shareIdentifier: share,
    capacityUsage: [{ capacityUnit: 'VCPU', quantity: sum(own) }],
  }));
  const most = byShare.toSorted(
    (left, right) => (right.capacityUsage[0]?.quantity ?? 0) - (left.capacityUsage[0]?.quantity ?? 0),
  );
  return {
    totalCapacityUsage,
    fairshareUtilization: {
      activeShareCount: byShare.length,
      topCapacityUtilization: most.slice(0, MAX_SHARES),
    },
  };
}

function sum(uses: readonly { readonly vcpus: number }[]): number {
  return uses.reduce((total, { vcpus }) => total + vcpus, 0);
}
