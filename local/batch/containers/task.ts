/** What ECS gives to the task of one try: its names, the environment of its containers, and what it tells of itself. */
import { createHash, randomBytes } from 'node:crypto';
import { delimiter, dirname } from 'node:path';
import { ACCOUNT_ID } from '../../aws.ts';
import { arnName } from '../arns.ts';
import { type Size, sizeOf } from '../definitions/resource-requirements.ts';
import { containersOf, type JobRecord, type Placement, type TaskContainer } from '../jobs/job.ts';
import { logStreamOf } from '../jobs/log-streams.ts';
import type { ContainerFacts, TaskFacts } from './metadata.ts';

/** A CPU unit of ECS is so many parts of a vCPU. */
const CPU_UNITS = 1024;
/** Of a container that is a process of this machine. */
export const CONTAINER_PATH = [
  dirname(process.execPath),
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].join(delimiter);

/** A new ECS task for a try of this job; its id names the log streams, too. */
export function placementOf(environmentArn: string, region: string): Placement {
  const environmentName = arnName(environmentArn);
  const taskId = randomBytes(16).toString('hex');
  const taskArn = `arn:aws:ecs:${region}:${ACCOUNT_ID}:task/AWSBatch-${environmentName}/${taskId}`;
  return { environmentArn, environmentName, taskArn, processes: [] };
}

export interface Given {
  /** Endpoint, region and credentials. */
  readonly surroundings: Readonly<Record<string, string>>;
  /** By the name that the definition gives them. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly metadataAddress: string;
}

/**
 * The whole environment of a container, without any variable of this process.
 * @see AWS Batch user guide, "Job environment variables"
 */
export function containerVariables(
  job: JobRecord,
  container: TaskContainer,
  given: Given,
): Record<string, string> {
  const own = container.environment.map(({ name, value }) => [name, value]);
  return {
    ...given.surroundings,
    PATH: CONTAINER_PATH,
    AWS_EXECUTION_ENV: isForFargate(job) ? 'AWS_ECS_FARGATE' : 'AWS_ECS_EC2',
    ECS_CONTAINER_METADATA_URI_V4: given.metadataAddress,
    ...Object.fromEntries(own),
    ...given.secrets,
    AWS_BATCH_JOB_ID: job.jobId,
    AWS_BATCH_JOB_ATTEMPT: String(job.attempts.length + 1),
    AWS_BATCH_JQ_NAME: arnName(job.queueArn),
    AWS_BATCH_CE_NAME: job.placement?.environmentName ?? '',
    ...(job.array?.role === 'child' && {
      AWS_BATCH_JOB_ARRAY_INDEX: String(job.array.index),
      AWS_BATCH_JOB_ARRAY_SIZE: String(job.array.size),
    }),
  };
}

export function isForFargate({ platformCapabilities }: JobRecord): boolean {
  return platformCapabilities.includes('FARGATE');
}

/** Epoch milliseconds in `nowMs`: when the task was made. */
export function factsOf(
  job: JobRecord,
  { taskArn, environmentName }: Placement,
  { region, nowMs }: { readonly region: string; readonly nowMs: number },
): { task: TaskFacts; containers: ContainerFacts[] } {
  const [family, revision] = arnName(job.definitionArn).split(':');
  const cluster = `arn:aws:ecs:${region}:${ACCOUNT_ID}:cluster/AWSBatch-${environmentName}`;
  const all = containersOf(job);
  const since = new Date(nowMs).toISOString();
  const task = {
    Cluster: cluster,
    TaskARN: taskArn,
    Family: family,
    Revision: revision,
    DesiredStatus: 'RUNNING',
    KnownStatus: 'RUNNING',
    Limits: limits(all.map(sizeOf).reduce(add, { vcpus: 0, memoryMiB: 0 }), 1),
    PullStartedAt: since,
    PullStoppedAt: since,
    AvailabilityZone: `${region}a`,
    LaunchType: isForFargate(job) ? 'FARGATE' : 'EC2',
  };
  const labels = {
    'com.amazonaws.ecs.cluster': cluster,
    'com.amazonaws.ecs.task-arn': taskArn,
    'com.amazonaws.ecs.task-definition-family': family,
    'com.amazonaws.ecs.task-definition-version': revision,
  };
  const containers = all.map((container) => {
    const log = logStreamOf(job, container, taskArn);
    return {
      DockerId: createHash('sha256').update(`${taskArn} ${container.name}`).digest('hex'),
      Name: container.name,
      DockerName: container.name,
      Image: container.image,
      Labels: { ...labels, 'com.amazonaws.ecs.container-name': container.name },
      DesiredStatus: 'RUNNING',
      KnownStatus: 'RUNNING',
      Limits: limits(sizeOf(container), CPU_UNITS),
      CreatedAt: since,
      StartedAt: since,
      Type: 'NORMAL',
      ...(log && {
        LogDriver: 'awslogs',
        LogOptions: { 'awslogs-group': log.group, 'awslogs-region': region, 'awslogs-stream': log.stream },
      }),
      Networks: [],
    };
  });
  return { task, containers };
}

function limits({ vcpus, memoryMiB }: Size, unitsPerVcpu: number) {
  return { CPU: vcpus * unitsPerVcpu, Memory: memoryMiB };
}

function add(left: Size, right: Size): Size {
  return { vcpus: left.vcpus + right.vcpus, memoryMiB: left.memoryMiB + right.memoryMiB };
}
