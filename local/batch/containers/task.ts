/** The names and the environment that ECS gives to the task of one try. */
import { randomBytes } from 'node:crypto';
import { delimiter, dirname } from 'node:path';
import { ACCOUNT_ID } from '../../aws.ts';
import { arnName } from '../arns.ts';
import type { JobRecord, Placement, TaskContainer } from '../jobs/job.ts';
import type { BatchOptions } from '../options.ts';

const CONTAINER_PATH = [
  dirname(process.execPath),
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].join(delimiter);

/** A new ECS task for a try of this job; its id names the log stream, too. */
export function placementOf(job: JobRecord, environmentArn: string, region: string): Placement {
  const environmentName = arnName(environmentArn);
  const taskId = randomBytes(16).toString('hex');
  const definitionName = arnName(job.definitionArn).replace(/:\d+$/, '');
  return {
    environmentArn,
    environmentName,
    taskArn: `arn:aws:ecs:${region}:${ACCOUNT_ID}:task/AWSBatch-${environmentName}/${taskId}`,
    logStreamName: `${definitionName.slice(0, 200)}/default/${taskId}`,
  };
}

/**
 * The whole environment of a container, without any variable of this process.
 * @see AWS Batch user guide, "Job environment variables"
 */
export function containerVariables(
  job: JobRecord,
  container: TaskContainer,
  options: BatchOptions,
): Record<string, string> {
  const own = container.environment.map(({ name, value }) => [name, value]);
  return {
    ...options.containerEnvironment(),
    PATH: CONTAINER_PATH,
    ...Object.fromEntries(own),
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
