/** Job queues: creating, changing, listing and deleting them. */
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import { EnabledState, Name, type Operation, page, parse, refusal, Tags } from '../request.ts';
import type { Store } from '../store.ts';
import { isFargate } from './environment-operations.ts';
import type { Queue, Resources } from './resources.ts';

const EnvironmentOrder = z
  .array(z.object({ order: z.int(), computeEnvironment: z.string() }))
  .min(1)
  .max(3);

const CreateRequest = z.object({
  jobQueueName: Name,
  state: EnabledState.default('ENABLED'),
  priority: z.int().min(0),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: EnvironmentOrder,
  jobStateTimeLimitActions: z.array(z.unknown()).default([]),
  tags: Tags.default({}),
});

const UpdateRequest = z.object({
  jobQueue: z.string(),
  state: EnabledState.optional(),
  priority: z.int().min(0).optional(),
  schedulingPolicyArn: z.string().optional(),
  computeEnvironmentOrder: EnvironmentOrder.optional(),
  jobStateTimeLimitActions: z.array(z.unknown()).optional(),
});

const DescribeRequest = z.object({ jobQueues: z.array(z.string()).max(100).optional() });
const DeleteRequest = z.object({ jobQueue: z.string() });

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
      const request = parse(CreateRequest, body);
      const { jobQueueName } = request;
      if (resources.queue(jobQueueName)) throw refusal('Object already exists');
      const jobQueueArn = batchArn(region, 'job-queue', jobQueueName);
      const computeEnvironmentOrder = environmentArns(resources, request.computeEnvironmentOrder);
      refuseUnknownPolicy(resources, request.schedulingPolicyArn);
      resources.putQueue({ ...request, jobQueueArn, computeEnvironmentOrder });
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
      const { jobQueues } = parse(DescribeRequest, body);
      const wanted = jobQueues?.length
        ? jobQueues.flatMap((ref) => resources.queue(ref) ?? [])
        : resources.queues();
      const { items, ...rest } = page(wanted, body);
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

function queueDetail(queue: Queue, resources: Resources): Record<string, unknown> {
  const first = resources.environment(queue.computeEnvironmentOrder[0]?.computeEnvironment ?? '');
  return {
    ...queue,
    status: 'VALID',
    statusReason: 'JobQueue Healthy',
    jobQueueType: first && isFargate(first.computeResources.type) ? 'ECS_FARGATE' : 'ECS',
  };
}
