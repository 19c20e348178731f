import * as z from 'zod';
import { type ArnKind, asArn } from './arns.ts';
import { FairsharePolicy } from './fair-share.ts';
import { EnabledState } from './request.ts';
import type { Store } from './store.ts';

const StoredTags = z.record(z.string(), z.string());

export const Queue = z.object({
  jobQueueName: z.string(),
  jobQueueArn: z.string(),
  state: EnabledState,
  priority: z.int(),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: z.array(z.object({ order: z.int(), computeEnvironment: z.string() })),
  jobStateTimeLimitActions: z.array(z.unknown()),
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
  computeResources: z.looseObject({ type: z.string(), maxvCpus: z.number() }),
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

/** Queues, compute environments and scheduling policies, by ARN or by name. */
export class Resources {
  readonly #store: Store;
  readonly #region: string;

  constructor(store: Store, region: string) {
    this.#store = store;
    this.#region = region;
  }

  queues(): Queue[] {
    return this.#all('job-queue').map((record) => Queue.parse(record));
  }

  environments(): ComputeEnvironment[] {
    return this.#all('compute-environment').map((record) => ComputeEnvironment.parse(record));
  }

  policies(): SchedulingPolicy[] {
    return this.#all('scheduling-policy').map((record) => SchedulingPolicy.parse(record));
  }

  queue(nameOrArn: string): Queue | undefined {
    return Queue.optional().parse(this.#get('job-queue', nameOrArn));
  }

  environment(nameOrArn: string): ComputeEnvironment | undefined {
    return ComputeEnvironment.optional().parse(this.#get('compute-environment', nameOrArn));
  }

  policy(arn: string): SchedulingPolicy | undefined {
    return SchedulingPolicy.optional().parse(this.#get('scheduling-policy', arn));
  }

  /** Absent for a FIFO queue. */
  fairshareOf({ schedulingPolicyArn }: Queue): FairsharePolicy | undefined {
    return schedulingPolicyArn ? (this.policy(schedulingPolicyArn)?.fairsharePolicy ?? {}) : undefined;
  }

  putQueue(queue: Queue): void {
    this.#put('job-queue', queue.jobQueueArn, queue);
  }

  putEnvironment(environment: ComputeEnvironment): void {
    this.#put('compute-environment', environment.computeEnvironmentArn, environment);
  }

  putPolicy(policy: SchedulingPolicy): void {
    this.#put('scheduling-policy', policy.arn, policy);
  }

  remove(arn: string): void {
    this.#store.db.prepare('DELETE FROM batch_resources WHERE arn = ?').run(arn);
  }

  #all(kind: ArnKind): unknown[] {
    const rows = this.#store.db
      .prepare('SELECT record FROM batch_resources WHERE kind = ? ORDER BY arn')
      .all(kind);
    return rows.map((row) => JSON.parse(String(row['record'])));
  }

  #get(kind: ArnKind, nameOrArn: string): unknown {
    const row = this.#store.db
      .prepare('SELECT record FROM batch_resources WHERE arn = ? AND kind = ?')
      .get(asArn(this.#region, kind, nameOrArn), kind);
    return row && JSON.parse(String(row['record']));
  }

  #put(kind: ArnKind, arn: string, record: unknown): void {
    this.#store.db
      .prepare('INSERT OR REPLACE INTO batch_resources (arn, kind, record) VALUES (?, ?, ?)')
      .run(arn, kind, JSON.stringify(record));
  }
}
