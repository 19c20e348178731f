/**
 * Where the output of a container goes: the group and the stream of CloudWatch Logs, by the options of its log
 * driver.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html
 */
import { arnName } from '../arns.ts';
import type { JobRecord, TaskContainer } from './job.ts';

const GROUP = '/aws/batch/job';
const MAX_PREFIX_LENGTH = 200;

export interface LogStream {
  readonly group: string;
  readonly stream: string;
}

/** @returns undefined for a driver that does not write there */
export function logStreamOf(
  { definitionArn }: Pick<JobRecord, 'definitionArn'>,
  { name, logConfiguration }: Pick<TaskContainer, 'name' | 'logConfiguration'>,
  taskArn: string,
): LogStream | undefined {
  if (logConfiguration && (logConfiguration.logDriver ?? 'awslogs') !== 'awslogs') return undefined;
  const options = logConfiguration?.options ?? {};
  const definitionName = arnName(definitionArn).replace(/:\d+$/, '');
  const prefix = options['awslogs-stream-prefix'] ?? definitionName.slice(0, MAX_PREFIX_LENGTH);
  return { group: options['awslogs-group'] ?? GROUP, stream: `${prefix}/${name}/${arnName(taskArn)}` };
}
