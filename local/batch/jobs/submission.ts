/** SubmitJob: what a request has to say, and the job that comes of it. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import {
  type Definition,
  type Definitions,
  Environment,
  StoredRetryStrategy,
  Timeout,
} from '../definitions/definitions.ts';
import { Parameters, ResourceRequirement } from '../definitions/fields.ts';
import { refuseFargateSize } from '../definitions/registration.ts';
import { MAX_ACTIVE_SHARES, ShareIdentifier } from '../queues/fair-share.ts';
import type { Queue, Resources } from '../queues/resources.ts';
import { type Body, parse, refusal, Tags } from '../request.ts';
import type { Store } from '../store.ts';
import { type Container, Dependency, type JobRecord } from './job.ts';
import type { Jobs } from './jobs.ts';
import { fillCommand } from './parameters.ts';
import type { Waits } from './waits.ts';

const MAX_BODY_KIB = 30;
/** What ECS RunTask takes as overrides; Batch finds out after it has accepted the job. */
const MAX_OVERRIDES_LENGTH = 8192;

const Overrides = z.object({
  command: z.array(z.string().min(1, 'has an empty string')).optional(),
  environment: Environment.optional(),
  resourceRequirements: z.array(ResourceRequirement).optional(),
  vcpus: z.int().optional(),
  memory: z.int().optional(),
});
type Overrides = z.infer<typeof Overrides>;

/** `{}` for an array, retry strategy or timeout asks for nothing: some clients always send them. */
const SubmitRequest = z.object({
  jobName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'Job name should match valid pattern'),
  jobQueue: z.string(),
  jobDefinition: z.string(),
  arrayProperties: z.object({ size: z.int().min(2).max(10_000).optional() }).default({}),
  dependsOn: z.array(Dependency).max(20).default([]),
  parameters: Parameters.default({}),
  containerOverrides: Overrides.default({}),
  retryStrategy: StoredRetryStrategy.refine(
    ({ attempts, evaluateOnExit }) => attempts !== undefined || evaluateOnExit === undefined,
    'evaluateOnExit needs attempts',
  ).default({}),
  timeout: Timeout.default({}),
  shareIdentifier: ShareIdentifier.optional(),
  schedulingPriorityOverride: z.int().min(0).max(9999).optional(),
  propagateTags: z.boolean().optional(),
  tags: Tags.default({}),
});
type SubmitRequest = z.infer<typeof SubmitRequest>;

const NOT_IMPLEMENTED = [
  'consumableResourcePropertiesOverride',
  'ecsPropertiesOverride',
  'eksPropertiesOverride',
  'nodeOverrides',
];

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

/** SubmitJob: the job is in the store when this returns; Batch looks at it afterwards. */
export function submitJob(parts: SubmissionParts, body: Body): Record<string, string> {
  const request = parseSubmission(body);
  const queue = parts.resources.knownQueue(request.jobQueue);
  if (queue.state === 'DISABLED') throw refusal(`Job queue ${request.jobQueue} is disabled`);
  const definition = parts.definitions.find(request.jobDefinition);
  if (definition?.status !== 'ACTIVE') {
    throw refusal(`Job definition ${request.jobDefinition} does not exist`);
  }
  refuseDependencies(request, parts.jobs);
  refuseShareTooMany(request, queue, parts.shares);
  const job = newJob(request, { queue, definition, nowMs: parts.clock.now() });
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
  const field = NOT_IMPLEMENTED.find((name) => body[name] !== undefined);
  if (field) throw refusal(`not implemented here: ${field}`);
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

function newJob(
  request: SubmitRequest,
  found: { queue: Queue; definition: Definition; nowMs: number },
): JobRecord {
  const { queue, definition, nowMs } = found;
  const { size } = request.arrayProperties;
  const container = overriddenContainer(definition, request.containerOverrides);
  const parameters = { ...definition.parameters, ...request.parameters };
  const retryStrategy =
    request.retryStrategy.attempts === undefined ? definition.retryStrategy : request.retryStrategy;
  return {
    jobId: randomUUID(),
    jobName: request.jobName,
    queueArn: queue.jobQueueArn,
    definitionArn: definition.jobDefinitionArn,
    status: 'SUBMITTED',
    createdAt: nowMs,
    dependsOn: request.dependsOn,
    parameters,
    container,
    vcpus: vcpusOf(container),
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
    fault: overridesFault(fillCommand(container.command, parameters), request.containerOverrides),
  };
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

function overriddenContainer(definition: Definition, overrides: Overrides): Container {
  const properties = definition.containerProperties;
  if (definition.platformCapabilities.includes('FARGATE')) {
    if (overrides.vcpus !== undefined || overrides.memory !== undefined) {
      throw refusal('vcpus and memory are not applicable for Fargate; use resourceRequirements.');
    }
  }
  const resourceRequirements = replacedBy(
    properties.resourceRequirements,
    overrides.resourceRequirements,
    ({ type }) => type,
  );
  if (definition.platformCapabilities.includes('FARGATE')) refuseFargateSize(resourceRequirements);
  return {
    ...properties,
    command: overrides.command ?? properties.command ?? [],
    environment: replacedBy(properties.environment, overrides.environment, ({ name }) => name),
    resourceRequirements,
    ...(overrides.vcpus !== undefined && { vcpus: overrides.vcpus }),
    ...(overrides.memory !== undefined && { memory: overrides.memory }),
  };
}

/** An override adds an entry or replaces the one of the same key. */
function replacedBy<Item>(
  base: readonly Item[] = [],
  overrides: readonly Item[] = [],
  key: (item: Item) => string,
) {
  return [...new Map([...base, ...overrides].map((item) => [key(item), item])).values()];
}

/** `vcpus` is the older way to ask for a processor, still taken outside Fargate. */
function vcpusOf(container: Container): number {
  const required = container.resourceRequirements.find(({ type }) => type === 'VCPU')?.value;
  return Number(required ?? container['vcpus']) || 1;
}

/** Command, environment overrides and Batch's own variables together are what reaches ECS. */
function overridesFault(command: readonly string[], overrides: Overrides): string | undefined {
  const own = [
    { name: 'AWS_BATCH_JOB_ID', value: randomUUID() },
    { name: 'AWS_BATCH_JOB_ATTEMPT', value: '1' },
    { name: 'AWS_BATCH_JQ_NAME', value: '' },
    { name: 'AWS_BATCH_CE_NAME', value: '' },
  ];
  const sent = JSON.stringify({ command, environment: [...(overrides.environment ?? []), ...own] });
  return sent.length > MAX_OVERRIDES_LENGTH
    ? `Container Overrides length must be at most ${MAX_OVERRIDES_LENGTH}`
    : undefined;
}
