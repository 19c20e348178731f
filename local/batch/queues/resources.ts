/** Queues, compute environments and scheduling policies: their records, kept by ARN and found by ARN or name. */
import * as z from 'zod';
import { type ArnKind, asArn } from '../arns.ts';
import { EnabledState, refusal } from '../request.ts';
import type { Store } from '../store.ts';
import { ComputeResources } from './compute-resources.ts';
import { ConsumableResource } from './consumables.ts';
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
  const site = { store, region };
  const queues = recordsOf(site, 'job-queue', Queue);
  const environments = recordsOf(site, 'compute-environment', ComputeEnvironment);
  const policies = recordsOf(site, 'scheduling-policy', SchedulingPolicy);
  const consumables = recordsOf(site, 'consumable-resource', ConsumableResource);
  return {
    queues: queues.all,
    queue: queues.get,
    /** @throws a refusal when there is no such queue */
    knownQueue(nameOrArn: string): Queue {
      const queue = queues.get(nameOrArn);
      if (!queue) throw refusal(`Job queue ${nameOrArn} does not exist`);
      return queue;
    },
    putQueue: (queue: Queue) => queues.put(queue.jobQueueArn, queue),
    environments: environments.all,
    environment: environments.get,
    putEnvironment: (environment: ComputeEnvironment) =>
      environments.put(environment.computeEnvironmentArn, environment),
    policies: policies.all,
    policy: policies.get,
    putPolicy: (policy: SchedulingPolicy) => policies.put(policy.arn, policy),
    /** Absent for a FIFO queue. */
    fairshareOf({ schedulingPolicyArn }: Queue): FairsharePolicy | undefined {
      return schedulingPolicyArn ? (policies.get(schedulingPolicyArn)?.fairsharePolicy ?? {}) : undefined;
    },
    consumables: consumables.all,
    consumable: consumables.get,
    /** @throws a refusal when there is no such resource */
    knownConsumable(nameOrArn: string): ConsumableResource {
      const resource = consumables.get(nameOrArn);
      if (!resource) throw refusal(`Consumable resource ${nameOrArn} does not exist`);
      return resource;
    },
    putConsumable: (resource: ConsumableResource) =>
      consumables.put(resource.consumableResourceArn, resource),
    remove(arn: string): void {
      store.statement('DELETE FROM batch_resources WHERE arn = ?').run(arn);
    },
  };
}

const MOST_READ = 1000;

function recordsOf<Schema extends z.ZodType>(
  { store, region }: { readonly store: Store; readonly region: string },
  kind: ArnKind,
  schema: Schema,
) {
  /** By its text: each round of the scheduler reads all records, which seldom change. */
  const read = new Map<string, z.output<Schema>>();
  const parsed = (row: Record<string, unknown>): z.output<Schema> => {
    const text = String(row['record']);
    const known = read.get(text);
    if (known !== undefined) return known;
    if (read.size >= MOST_READ) read.clear();
    const record = schema.parse(JSON.parse(text));
    read.set(text, record);
    return record;
  };
  return {
    all(): z.output<Schema>[] {
      const select = 'SELECT record FROM batch_resources WHERE kind = ? ORDER BY arn';
      return store.statement(select).all(kind).map(parsed);
    },
    get(nameOrArn: string): z.output<Schema> | undefined {
      const select = 'SELECT record FROM batch_resources WHERE arn = ? AND kind = ?';
      const row = store.statement(select).get(asArn(region, kind, nameOrArn), kind);
      return row && parsed(row);
    },
    put(arn: string, record: z.output<Schema>): void {
      store
        .statement('INSERT OR REPLACE INTO batch_resources (arn, kind, record) VALUES (?, ?, ?)')
        .run(arn, kind, JSON.stringify(record));
    },
  };
}
