/** The record of one job, as it is stored. */
import * as z from 'zod';
import { ContainerDependency } from '../definitions/ecs-properties.ts';
import { NameValue, Parameters, ResourceRequirement, Secret } from '../definitions/fields.ts';
import { RetryStrategy } from '../definitions/retry-strategy.ts';

export const JOB_STATUSES = [
  'SUBMITTED',
  'PENDING',
  'RUNNABLE',
  'STARTING',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
] as const;
export const JobStatus = z.enum(JOB_STATUSES);
export type JobStatus = z.infer<typeof JobStatus>;

export const Dependency = z.strictObject({
  jobId: z.string().optional(),
  type: z.enum(['N_TO_N', 'SEQUENTIAL']).optional(),
});

/** The fields that matter here; whatever else a definition's container says is kept and shown. */
export const Container = z.looseObject({
  image: z.string(),
  command: z.array(z.string()),
  environment: z.array(NameValue),
  resourceRequirements: z.array(ResourceRequirement),
  vcpus: z.int().optional(),
  memory: z.int().optional(),
  secrets: z.array(Secret).optional(),
  readonlyRootFilesystem: z.boolean().optional(),
  user: z.string().optional(),
  linuxParameters: z.looseObject({ initProcessEnabled: z.boolean().optional() }).optional(),
  ulimits: z
    .array(z.looseObject({ name: z.string(), softLimit: z.number(), hardLimit: z.number() }))
    .optional(),
  logConfiguration: z
    .looseObject({ logDriver: z.string().optional(), options: z.record(z.string(), z.string()).optional() })
    .optional(),
});
export type Container = z.infer<typeof Container>;

export const TaskContainer = Container.extend({
  name: z.string(),
  essential: z.boolean(),
  dependsOn: z.array(ContainerDependency),
  stopTimeout: z.int().optional(),
});
export type TaskContainer = z.infer<typeof TaskContainer>;

const EcsTask = z.looseObject({ containers: z.array(TaskContainer) });

/** How one container of a try ended, in the API's own field names. */
const EndedContainer = z.object({
  name: z.string(),
  exitCode: z.int().optional(),
  reason: z.string().optional(),
  logStreamName: z.string().optional(),
  networkInterfaces: z.array(z.unknown()),
});

/** AttemptDetail of the API, in its own field names, because it is shown as it is. */
export const Attempt = z.object({
  container: z.object({
    taskArn: z.string().optional(),
    exitCode: z.int().optional(),
    reason: z.string().optional(),
    logStreamName: z.string().optional(),
    networkInterfaces: z.array(z.unknown()).optional(),
  }),
  startedAt: z.int().optional(),
  stoppedAt: z.int(),
  statusReason: z.string(),
  /** Of a job of several containers. */
  taskProperties: z.array(z.object({ taskArn: z.string(), containers: z.array(EndedContainer) })).optional(),
});
export type Attempt = z.infer<typeof Attempt>;

/**
 * Where the current or latest try runs, and the processes of its containers. `processStart` goes with `pid`: see
 * containers/process-identity.ts.
 */
const Placement = z.object({
  environmentArn: z.string(),
  environmentName: z.string(),
  taskArn: z.string(),
  processes: z.array(z.object({ pid: z.int(), processStart: z.string().optional() })).default([]),
});
export type Placement = z.infer<typeof Placement>;

const ArrayRole = z.discriminatedUnion('role', [
  z.object({ role: z.literal('parent'), size: z.int(), expanded: z.boolean() }),
  z.object({ role: z.literal('child'), parentId: z.string(), index: z.int(), size: z.int() }),
]);

const Stop = z.object({ kind: z.enum(['cancelled', 'terminated', 'timed_out']), reason: z.string() });
export type Stop = z.infer<typeof Stop>;

/** One job as it is stored. Times are epoch milliseconds. */
/** Units of a consumable resource that the job holds while it is starting or running. */
export const Need = z.object({ arn: z.string(), quantity: z.int() });
export type Need = z.infer<typeof Need>;
export const Needs = z.array(Need);

export const JobRecord = z.object({
  jobId: z.string(),
  jobName: z.string(),
  queueArn: z.string(),
  definitionArn: z.string(),
  status: JobStatus,
  statusReason: z.string().optional(),
  createdAt: z.int(),
  startedAt: z.int().optional(),
  /** Since when it has been runnable; absent before. */
  runnableAt: z.int().optional(),
  stoppedAt: z.int().optional(),
  dependsOn: z.array(Dependency),
  parameters: Parameters,
  /** Either this or the next one. */
  container: Container.optional(),
  ecsProperties: z.object({ taskProperties: z.array(EcsTask) }).optional(),
  vcpus: z.number(),
  consumables: Needs.optional(),
  attempts: z.array(Attempt),
  retryStrategy: RetryStrategy,
  timeoutSeconds: z.int().optional(),
  tags: z.record(z.string(), z.string()),
  propagateTags: z.boolean(),
  platformCapabilities: z.array(z.string()),
  shareIdentifier: z.string().optional(),
  schedulingPriority: z.int().optional(),
  array: ArrayRole.optional(),
  /** Accepted by the API, but Batch will find this fault when it looks at the job. */
  fault: z.string().optional(),
  stop: Stop.optional(),
  placement: Placement.optional(),
});
export type JobRecord = z.infer<typeof JobRecord>;

/** The containers of the job's task; the only one of a plain job has the name that ECS gives it. */
export function containersOf({
  container,
  ecsProperties,
}: Pick<JobRecord, 'container' | 'ecsProperties'>): TaskContainer[] {
  if (container !== undefined) return [{ ...container, name: 'default', essential: true, dependsOn: [] }];
  return ecsProperties?.taskProperties[0]?.containers ?? [];
}

export function isFinished(job: JobRecord): boolean {
  return job.status === 'SUCCEEDED' || job.status === 'FAILED';
}
