/** A job as the API and the events show it. Both have the same fields, so both are made here. */
import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, type AwsEvent } from '../../aws.ts';
import { batchArn } from '../arns.ts';
import { containersOf, JOB_STATUSES, type JobRecord } from './job.ts';
import { logStreamOf } from './log-streams.ts';

type Json = Record<string, unknown>;

/** What a job's record alone does not say. `childCounts` matters for the parent of an array only. */
export interface Surroundings {
  readonly region: string;
  readonly nowMs: number;
  readonly childCounts: ReadonlyMap<string, number>;
}

/** JobDetail, as DescribeJobs answers it. */
export function jobDetail(job: JobRecord, surroundings: Surroundings): Json {
  const { region } = surroundings;
  return withoutAbsent({
    jobArn: batchArn(region, 'job', job.jobId),
    jobName: job.jobName,
    jobId: job.jobId,
    jobQueue: job.queueArn,
    status: job.status,
    attempts: job.attempts,
    statusReason: job.statusReason,
    createdAt: job.createdAt,
    retryStrategy: job.retryStrategy,
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
    dependsOn: job.dependsOn,
    jobDefinition: job.definitionArn,
    parameters: job.parameters,
    container: containerDetail(job),
    ecsProperties: ecsDetail(job),
    arrayProperties: arrayDetail(job, surroundings),
    consumableResourceProperties: consumablesDetail(job),
    timeout: job.timeoutSeconds && { attemptDurationSeconds: job.timeoutSeconds },
    shareIdentifier: job.shareIdentifier,
    schedulingPriority: job.schedulingPriority,
    tags: job.tags,
    propagateTags: job.propagateTags,
    platformCapabilities: job.platformCapabilities,
    eksAttempts: [],
    isCancelled: job.stop?.kind === 'cancelled',
    isTerminated: job.stop?.kind === 'terminated',
  });
}

/** @see AWS Batch user guide, "Job state change events" */
export function jobEvent(job: JobRecord, surroundings: Surroundings): AwsEvent {
  return eventOf('Batch Job State Change', job, surroundings);
}

/** @see https://docs.aws.amazon.com/batch/latest/userguide/batch-job-queue-blocked-events.html */
export function blockedEvent(job: JobRecord, surroundings: Surroundings): AwsEvent {
  const event = eventOf('Batch Job Queue Blocked', job, surroundings);
  return { ...event, resources: [...event.resources, job.queueArn] };
}

function eventOf(detailType: string, job: JobRecord, surroundings: Surroundings): AwsEvent {
  const { region, nowMs } = surroundings;
  const owner = job.array?.role === 'child' ? job.array.parentId : job.jobId;
  const detail = jobDetail(job, surroundings);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source: 'aws.batch',
    account: ACCOUNT_ID,
    time: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    region,
    resources: [batchArn(region, 'job', job.jobId)],
    detail: { ...detail, tags: { ...job.tags, resourceArn: batchArn(region, 'job', owner) } },
  };
}

/**
 * The container of the latest try; its task is known from STARTING, its log stream from RUNNING. A job of several
 * containers has an empty one (API reference, JobDetail).
 */
function containerDetail(job: JobRecord): Json {
  if (job.container === undefined) return {};
  const { taskArn } = job.placement ?? {};
  const ended = job.attempts.findLast(({ container }) => taskArn && container.taskArn === taskArn)?.container;
  return withoutAbsent({
    ...EMPTY_LISTS,
    ...job.container,
    ...outcomeDetail(ended),
    taskArn,
    ...logDetail(job, 0),
  });
}

function ecsDetail(job: JobRecord): Json | undefined {
  const { taskArn } = job.placement ?? {};
  const ended = job.attempts
    .flatMap(({ taskProperties }) => taskProperties ?? [])
    .findLast((task) => task.taskArn === taskArn);
  return (
    job.ecsProperties && {
      taskProperties: job.ecsProperties.taskProperties.map((task) =>
        withoutAbsent({
          ...task,
          taskArn,
          containers: task.containers.map((container, index) =>
            withoutAbsent({
              ...container,
              ...outcomeDetail(ended?.containers.find(({ name }) => name === container.name)),
              ...logDetail(job, index),
              networkInterfaces: [],
            }),
          ),
        }),
      ),
    }
  );
}

const EMPTY_LISTS = { volumes: [], mountPoints: [], ulimits: [], networkInterfaces: [], secrets: [] };

function outcomeDetail(
  ended: { exitCode?: number | undefined; reason?: string | undefined } | undefined,
): Json {
  return { exitCode: ended?.exitCode, reason: ended?.reason };
}

function logDetail(job: JobRecord, index: number): Json {
  const container = containersOf(job)[index];
  if (job.startedAt === undefined || !job.placement || !container) return {};
  return { logStreamName: logStreamOf(job, container, job.placement.taskArn)?.stream };
}

/** Absent for a job that needs none. */
export function consumablesDetail({ consumables }: JobRecord): Json | undefined {
  if (consumables === undefined) return undefined;
  return {
    consumableResourceList: consumables.map(({ arn, quantity }) => ({ consumableResource: arn, quantity })),
  };
}

function arrayDetail(job: JobRecord, { childCounts, nowMs }: Surroundings): Json | undefined {
  if (!job.array) return undefined;
  if (job.array.role === 'child') return { index: job.array.index, statusSummary: {} };
  const statusSummary = Object.fromEntries(
    JOB_STATUSES.map((status) => [status, childCounts.get(status) ?? 0]),
  );
  return { size: job.array.size, statusSummary, statusSummaryLastUpdatedAt: nowMs };
}

function withoutAbsent(values: Json): Json {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
