/** Queues, compute environments and scheduling policies: their records, kept by ARN and found by ARN or name. */
import * as z from 'zod';
import { type ArnKind, asArn } from '../arns.ts';
import { EnabledState, refusal } from '../request.ts';
import type { Store } from '../store.ts';
import { ComputeResources } from './compute-resources.ts';
import { FairsharePolicy } from './fair-share.ts';
import { StateTimeLimitActions } from './state-time-limits.ts';

const StoredTags = z.record(z.string(), z.string());

export const Queue = z.object({
  jobQueueName: z.string(),
  jobQueueArn: z.string(),
  state: EnabledState,
  priority: z.int(),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: z.array(z.object({ order: z.int(), computeEnvironment: z.string() })),
  jobStateTimeLimitActions: StateTimeLimitActions,
  tags: StoredTags,
});
export type Queue = z.infer<typeof Queue>;

export const ComputeEnvironment = z.object({
  computeEnvironmentName: z.string(),
  computeEnvironmentArn: z.string(),
  ecsClusterArn: z.string(),
  uuid: z.string(),
  type: z.literal('MANAGED'),
  state: EnabledState,
  serviceRole: z.string().optional(),
  computeResources: ComputeResources.extend({ maxvCpus: z.int() }),
  tags: StoredTags,
});
export type ComputeEnvironment = z.infer<typeof ComputeEnvironment>;

export const SchedulingPolicy = z.object({
  name: z.string(),
  arn: z.string(),
  fairsharePolicy: FairsharePolicy.optional(),
  tags: StoredTags,
});
export type SchedulingPolicy = z.infer<typeof SchedulingPolicy>;

export type Resources = ReturnType<typeof createResources>;

export function createResources(store: Store, region: string) {
  function queues(): Queue[] {
    return all('job-queue').map((record) => Queue.parse(record));
  }

  function environments(): ComputeEnvironment[] {
    return all('compute-environment').map((record) => ComputeEnvironment.parse(record));
  }

  function policies(): SchedulingPolicy[] {
    return all('scheduling-policy').map((record) => SchedulingPolicy.parse(record));
  }

  function queue(nameOrArn: string): Queue | undefined {
    return Queue.optional().parse(get('job-queue', nameOrArn));
  }

  /** @throws a refusal when there is no such queue */
  function knownQueue(nameOrArn: string): Queue {
    const found = queue(nameOrArn);
    if (!found) throw refusal(`Job queue ${nameOrArn} does not exist`);
    return found;
  }

  function environment(nameOrArn: string): ComputeEnvironment | undefined {
    return ComputeEnvironment.optional().parse(get('compute-environment', nameOrArn));
  }

  function policy(arn: string): SchedulingPolicy | undefined {
    return SchedulingPolicy.optional().parse(get('scheduling-policy', arn));
  }

  /** Absent for a FIFO queue. */
  function fairshareOf({ schedulingPolicyArn }: Queue): FairsharePolicy | undefined {
    return schedulingPolicyArn ? (policy(schedulingPolicyArn)?.fairsharePolicy ?? {}) : undefined;
  }

  function putQueue(queue: Queue): void {
    put('job-queue', queue.jobQueueArn, queue);
  }

  function putEnvironment(environment: ComputeEnvironment): void {
    put('compute-environment', environment.computeEnvironmentArn, environment);
  }

  function putPolicy(policy: SchedulingPolicy): void {
    put('scheduling-policy', policy.arn, policy);
  }

  function remove(arn: string): void {
    store.db.prepare('DELETE FROM batch_resources WHERE arn = ?').run(arn);
  }

  function all(kind: ArnKind): unknown[] {
    const rows = store.db.prepare('SELECT record FROM batch_resources WHERE kind = ? ORDER BY arn').all(kind);
    return rows.map((row) => JSON.parse(String(row['record'])));
  }

  function get(kind: ArnKind, nameOrArn: string): unknown {
    const row = store.db
      .prepare('SELECT record FROM batch_resources WHERE arn = ? AND kind = ?')
      .get(asArn(region, kind, nameOrArn), kind);
    return row && JSON.parse(String(row['record']));
  }

  function put(kind: ArnKind, arn: string, record: unknown): void {
    store.db
      .prepare('INSERT OR REPLACE INTO batch_resources (arn, kind, record) VALUES (?, ?, ?)')
      .run(arn, kind, JSON.stringify(record));
  }

  return {
    queues,
    environments,
    policies,
    queue,
    knownQueue,
    environment,
    policy,
    fairshareOf,
    putQueue,
    putEnvironment,
    putPolicy,
    remove,
  };
}
