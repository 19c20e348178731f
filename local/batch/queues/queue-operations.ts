/** Job queues: creating, changing, listing and deleting them. */
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import { EnabledState, Int32, Name, type Operation, Paging, page, parse, refusal, Tags } from '../request.ts';
import type { Store } from '../store.ts';
import { isFargate } from './compute-resources.ts';
import type { Queue, Resources } from './resources.ts';
import { StateTimeLimitActions } from './state-time-limits.ts';

/** @see https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html */
const MAX_QUEUES = 50;

const EnvironmentOrder = z
  .array(z.strictObject({ order: Int32.min(0), computeEnvironment: z.string() }))
  .min(1)
  .max(3)
  .refine((order) => isDistinct(order.map((entry) => entry.order)), 'has one place in the order twice');

const CreateRequest = z.strictObject({
  jobQueueName: Name,
  state: EnabledState.default('ENABLED'),
  priority: Int32.min(0),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: EnvironmentOrder,
  jobQueueType: z
    .enum(['ECS', 'ECS_FARGATE'], { error: 'only ECS and ECS_FARGATE are implemented here' })
    .optional(),
  jobStateTimeLimitActions: StateTimeLimitActions.default([]),
  tags: Tags.default({}),
});

const UpdateRequest = z.strictObject({
  jobQueue: z.string(),
  state: EnabledState.optional(),
  priority: Int32.min(0).optional(),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: EnvironmentOrder.optional(),
  jobStateTimeLimitActions: StateTimeLimitActions.optional(),
});

const DescribeRequest = z.strictObject({
  ...Paging,
  jobQueues: z.array(z.string()).max(100).optional(),
});
const DeleteRequest = z.strictObject({ jobQueue: z.string() });

export interface QueueParts {
  readonly store: Pick<Store, 'write'>;
  readonly region: string;
  readonly resources: Resources;
  /** Ends every unfinished job of the queue, with this reason. */
  readonly terminateJobsIn: (queueArn: string, reason: string) => void;
  readonly onRoom: () => void;
}

export function queueOperations(parts: QueueParts): Record<string, Operation> {
  const { region, resources } = parts;
  return {
    createjobqueue(body) {
      const { jobQueueType, ...request } = parse(CreateRequest, body);
      const { jobQueueName } = request;
      if (resources.queue(jobQueueName)) throw refusal('Object already exists');
      if (resources.queues().length >= MAX_QUEUES)
        throw refusal(`There are ${MAX_QUEUES} job queues already`);
      const jobQueueArn = batchArn(region, 'job-queue', jobQueueName);
      const computeEnvironmentOrder = environmentArns(resources, request.computeEnvironmentOrder);
      refuseUnknownPolicy(resources, request.schedulingPolicyArn);
      const queue = { ...request, jobQueueArn, computeEnvironmentOrder };
      if (jobQueueType !== undefined && jobQueueType !== typeOf(queue, resources)) {
        throw refusal(`jobQueueType ${jobQueueType} does not fit the compute environments of the queue`);
      }
      resources.putQueue(queue);
      return { jobQueueName, jobQueueArn };
    },
    updatejobqueue(body) {
      const { jobQueue, computeEnvironmentOrder, ...changes } = parse(UpdateRequest, body);
      const queue = resources.knownQueue(jobQueue);
      refuseUnknownPolicy(resources, changes.schedulingPolicyArn);
      // A queue is FIFO or fair-share for life (API reference, UpdateJobQueue).
      if (changes.schedulingPolicyArn && !queue.schedulingPolicyArn) {
        throw refusal('A scheduling policy cannot be added to a FIFO job queue');
      }
      if (changes.schedulingPolicyArn === '' && queue.schedulingPolicyArn) {
        throw refusal('A scheduling policy can be replaced and not removed');
      }
      const order = computeEnvironmentOrder ?? queue.computeEnvironmentOrder;
      resources.putQueue({
        ...queue,
        state: changes.state ?? queue.state,
        priority: changes.priority ?? queue.priority,
        schedulingPolicyArn: changes.schedulingPolicyArn || queue.schedulingPolicyArn,
        jobStateTimeLimitActions: changes.jobStateTimeLimitActions ?? queue.jobStateTimeLimitActions,
        computeEnvironmentOrder: environmentArns(resources, order),
      });
      parts.onRoom();
      return { jobQueueName: queue.jobQueueName, jobQueueArn: queue.jobQueueArn };
    },
    deletejobqueue(body) {
      const queue = resources.queue(parse(DeleteRequest, body).jobQueue);
      if (!queue) return {};
      if (queue.state === 'ENABLED') throw refusal('Cannot delete, state of job queue is ENABLED');
      parts.store.write(() => {
        parts.terminateJobsIn(queue.jobQueueArn, 'JobQueue deleted');
        resources.remove(queue.jobQueueArn);
      });
      return {};
    },
    describejobqueues(body) {
      const { jobQueues, ...paging } = parse(DescribeRequest, body);
      const wanted = jobQueues?.length
        ? jobQueues.flatMap((ref) => resources.queue(ref) ?? [])
        : resources.queues();
      const { items, ...rest } = page(wanted, paging);
      return { jobQueues: items.map((queue) => queueDetail(queue, resources)), ...rest };
    },
  };
}

function environmentArns(resources: Resources, order: Queue['computeEnvironmentOrder']) {
  const environments = order.map(({ order: place, computeEnvironment: ref }) => {
    const environment = resources.environment(ref);
    if (!environment) throw refusal(`Compute environment ${ref} does not exist`);
    return { place, environment };
  });
  if (!isDistinct(environments.map(({ environment }) => environment.computeEnvironmentArn))) {
    throw refusal('computeEnvironmentOrder has one compute environment twice');
  }
  if (new Set(environments.map(({ environment }) => isFargate(environment.computeResources.type))).size > 1) {
    throw refusal('EC2 and Fargate compute environments cannot be in the same job queue');
  }
  return environments.map(({ place, environment }) => ({
    order: place,
    computeEnvironment: environment.computeEnvironmentArn,
  }));
}

function refuseUnknownPolicy(resources: Resources, arn: string | undefined): void {
  if (arn && !resources.policy(arn)) throw refusal(`Scheduling policy ${arn} does not exist`);
}

function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

/** All environments of a queue are for the same kind of job, so the first one tells. */
function typeOf({ computeEnvironmentOrder }: Queue, resources: Resources): 'ECS' | 'ECS_FARGATE' {
  const first = resources.environment(computeEnvironmentOrder[0]?.computeEnvironment ?? '');
  return first && isFargate(first.computeResources.type) ? 'ECS_FARGATE' : 'ECS';
}

function queueDetail(queue: Queue, resources: Resources): Record<string, unknown> {
  return {
    ...queue,
    status: 'VALID',
    statusReason: 'JobQueue Healthy',
    jobQueueType: typeOf(queue, resources),
  };
}
