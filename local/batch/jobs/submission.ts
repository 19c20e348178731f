/** SubmitJob: the request and the job that it makes. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { MAX_TAGS } from '../../tags.ts';
import { batchArn } from '../arns.ts';
import { type Definition, type Definitions, platformsOf } from '../definitions/definitions.ts';
import { ecsSizeFault, totalSize } from '../definitions/ecs-properties.ts';
import { Parameters, Timeout } from '../definitions/fields.ts';
import { platformFault } from '../definitions/platform-rules.ts';
import { sizeFault } from '../definitions/resource-requirements.ts';
import { StoredRetryStrategy } from '../definitions/retry-strategy.ts';
import { isFargate } from '../queues/compute-resources.ts';
import { ConsumableResourceProperties } from '../queues/consumables.ts';
import { MAX_ACTIVE_SHARES, ShareIdentifier } from '../queues/fair-share.ts';
import type { Queue, Resources } from '../queues/resources.ts';
import { type Body, Int32, parse, refusal, Tags } from '../request.ts';
import type { Store } from '../store.ts';
import { containersOf, Dependency, type JobRecord, type Need } from './job.ts';
import type { Jobs } from './jobs.ts';
import { ContainerOverrides, EcsPropertiesOverride, overridden, overridesFault } from './overrides.ts';
import { fillCommand } from './parameters.ts';
import type { Waits } from './waits.ts';

const MAX_BODY_KIB = 30;
/** `{}` for an array, retry strategy or timeout asks for nothing: some clients always send them. */
const SubmitRequest = z.strictObject({
  jobName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'Job name should match valid pattern'),
  jobQueue: z.string(),
  jobDefinition: z.string(),
  arrayProperties: z.strictObject({ size: Int32.min(2).max(10_000).optional() }).default({}),
  dependsOn: z.array(Dependency).max(20).default([]),
  parameters: Parameters.default({}),
  containerOverrides: ContainerOverrides.default({}),
  ecsPropertiesOverride: EcsPropertiesOverride.default({ taskProperties: [] }),
  consumableResourcePropertiesOverride: ConsumableResourceProperties.default({ consumableResourceList: [] }),
  retryStrategy: StoredRetryStrategy.refine(
    ({ attempts, evaluateOnExit }) => attempts !== undefined || evaluateOnExit === undefined,
    'evaluateOnExit needs attempts',
  ).default({}),
  timeout: Timeout.default({}),
  shareIdentifier: ShareIdentifier.optional(),
  schedulingPriorityOverride: Int32.min(0).max(9999).optional(),
  propagateTags: z.boolean().optional(),
  tags: Tags.default({}),
});
type SubmitRequest = z.infer<typeof SubmitRequest>;

export interface SubmissionParts {
  readonly region: string;
  readonly clock: { now(): number };
  readonly store: Store;
  readonly jobs: Jobs;
  readonly resources: Resources;
  readonly waits: Waits;
  readonly shares: { admits(queue: Queue, share: string): boolean };
  readonly definitions: Definitions;
  /** Called once the job is in the store. */
  readonly onSubmitted: () => void;
}

/** SubmitJob: the job is in the store when this returns; Batch evaluates it afterwards. */
export function submitJob(parts: SubmissionParts, body: Body): Record<string, string> {
  const request = parseSubmission(body);
  const queue = parts.resources.knownQueue(request.jobQueue);
  if (queue.state === 'DISABLED') throw refusal(`Job queue ${request.jobQueue} is disabled`);
  const definition = parts.definitions.find(request.jobDefinition);
  if (definition?.status !== 'ACTIVE') {
    throw refusal(`Job definition ${request.jobDefinition} does not exist`);
  }
  refusePlatform(queue, definition, parts.resources);
  refuseDependencies(request, parts.jobs);
  refuseShareTooMany(request, queue, parts.shares);
  const consumables = needsOf(request, definition, parts.resources);
  const job = newJob(request, { queue, definition, consumables, nowMs: parts.clock.now() });
  parts.store.write(() => {
    parts.jobs.insert(job);
    for (const { jobId } of job.dependsOn) {
      if (jobId) parts.waits.add(job.jobId, jobId);
    }
  });
  parts.onSubmitted();
  return { jobArn: batchArn(parts.region, 'job', job.jobId), jobName: job.jobName, jobId: job.jobId };
}

function parseSubmission(body: Body): SubmitRequest {
  const sizeKiB = Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 1024);
  if (sizeKiB > MAX_BODY_KIB) {
    throw refusal(`Job size must be less than ${MAX_BODY_KIB} KiB, got ${sizeKiB} KiB`);
  }
  return parse(SubmitRequest, body);
}

function refuseDependencies(request: SubmitRequest, jobs: Jobs): void {
  const { size } = request.arrayProperties;
  for (const { jobId, type } of request.dependsOn) {
    if (type !== undefined && size === undefined) throw refusal(`${type} dependencies are for array jobs`);
    if (type === 'SEQUENTIAL') {
      if (jobId !== undefined) throw refusal('A SEQUENTIAL dependency takes no jobId');
      continue;
    }
    if (jobId === undefined) throw refusal('A dependency needs a jobId');
    const dependency = jobs.get(jobId);
    if (!dependency) throw refusal(`Job ${jobId} of dependsOn does not exist`);
    if (type === 'N_TO_N' && dependency.array?.size !== size) {
      throw refusal(`Job ${jobId} of dependsOn is not an array of size ${size}`);
    }
  }
}

function refuseShareTooMany(request: SubmitRequest, queue: Queue, shares: SubmissionParts['shares']): void {
  if (!queue.schedulingPolicyArn || request.shareIdentifier === undefined) return;
  if (shares.admits(queue, request.shareIdentifier)) return;
  throw refusal(`Job queue ${queue.jobQueueName} has ${MAX_ACTIVE_SHARES} active share identifiers already`);
}

/**
 * Batch's documents say that a definition must be for the platform of the queue, and not when it finds out; refusing
 * at once is the one answer that no job can run in spite of.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/fargate-job-definitions.html
 */
function refusePlatform(queue: Queue, definition: Definition, resources: Resources): void {
  const first = resources.environment(queue.computeEnvironmentOrder[0]?.computeEnvironment ?? '');
  const platform = first && isFargate(first.computeResources.type) ? 'FARGATE' : 'EC2';
  if (platformsOf(definition).includes(platform)) return;
  throw refusal(
    `Job definition ${definition.jobDefinitionName} is not for ${platform}, which job queue ${queue.jobQueueName} is for`,
  );
}

type Containers = Pick<JobRecord, 'container' | 'ecsProperties'>;

function refuseSize({ container, ecsProperties }: Containers, definition: Definition): void {
  for (const platform of platformsOf(definition)) {
    const fault =
      (container && platformFault(container, { platform, members: ['vcpus', 'memory'] })) ??
      (container && sizeFault(container, platform)) ??
      (ecsProperties && ecsSizeFault(ecsProperties, platform));
    if (fault !== undefined) throw refusal(fault);
  }
}

function newJob(
  request: SubmitRequest,
  found: { queue: Queue; definition: Definition; consumables: Need[] | undefined; nowMs: number },
): JobRecord {
  const { queue, definition, consumables, nowMs } = found;
  const { size } = request.arrayProperties;
  const parameters = { ...definition.parameters, ...request.parameters };
  const retryStrategy =
    request.retryStrategy.attempts === undefined ? definition.retryStrategy : request.retryStrategy;
  const containers = overridden(definition, request);
  refuseSize(containers, definition);
  const all = containersOf(containers);
  const job: JobRecord = {
    jobId: randomUUID(),
    jobName: request.jobName,
    queueArn: queue.jobQueueArn,
    definitionArn: definition.jobDefinitionArn,
    status: 'SUBMITTED',
    createdAt: nowMs,
    dependsOn: request.dependsOn,
    parameters,
    ...containers,
    vcpus: totalSize(all).vcpus,
    consumables,
    attempts: [],
    retryStrategy: {
      attempts: retryStrategy?.attempts ?? 1,
      evaluateOnExit: retryStrategy?.evaluateOnExit ?? [],
    },
    timeoutSeconds: request.timeout.attemptDurationSeconds ?? definition.timeout?.attemptDurationSeconds,
    tags: request.tags,
    propagateTags: request.propagateTags ?? definition.propagateTags,
    platformCapabilities: definition.platformCapabilities,
    ...placeInQueue(request, queue, definition),
    array: size === undefined ? undefined : { role: 'parent', size, expanded: false },
  };
  const commands = all.flatMap(({ command }) => fillCommand(command, parameters));
  return { ...job, fault: overridesFault(commands, request) ?? tagsFault(job, definition) };
}

/** What the submission says of a resource replaces what the definition says of it. */
function needsOf(
  { consumableResourcePropertiesOverride: override }: SubmitRequest,
  { consumableResourceProperties: base }: Definition,
  resources: Resources,
): Need[] | undefined {
  const asked = [...(base?.consumableResourceList ?? []), ...override.consumableResourceList];
  const byArn = new Map(
    asked.map(({ consumableResource, quantity }) => [
      resources.knownConsumable(consumableResource).consumableResourceArn,
      quantity,
    ]),
  );
  return byArn.size > 0 ? [...byArn].map(([arn, quantity]) => ({ arn, quantity })) : undefined;
}

/** @see AWS Batch API reference, SubmitJob, `propagateTags` */
function tagsFault({ propagateTags, tags }: JobRecord, definition: Definition): string | undefined {
  const propagated = Object.keys({ ...definition.tags, ...tags }).length;
  return propagateTags && propagated > MAX_TAGS
    ? `The tags of the job and of its definition together are more than ${MAX_TAGS}`
    : undefined;
}

function placeInQueue(request: SubmitRequest, queue: Queue, definition: Definition) {
  const { shareIdentifier } = request;
  if (!queue.schedulingPolicyArn) {
    if (shareIdentifier !== undefined) {
      throw refusal('shareIdentifier is only for job queues with a scheduling policy');
    }
    return {};
  }
  if (shareIdentifier === undefined) {
    throw refusal('shareIdentifier is required for job queues with a scheduling policy');
  }
  const schedulingPriority = request.schedulingPriorityOverride ?? definition.schedulingPriority;
  if (schedulingPriority === undefined) {
    throw refusal('Either schedulingPriority in job definition or schedulingPriorityOverride is required.');
  }
  return { shareIdentifier, schedulingPriority };
}
