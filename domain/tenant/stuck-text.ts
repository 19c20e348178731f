/** What is said of a job that AWS Batch does not start, to each of its two readers. */
import type { Stuck, StuckReason } from '../job/job.ts';

/** For its tenant, who cannot do anything about it and reads no name of ours. */
export function stuckTextForTenant({ reason }: Stuck): string {
  return reason === 'too_large'
    ? 'it needs more than the platform has, which its operator must change'
    : 'the platform has not started it, and its operator can see why';
}

const DO: Readonly<Record<StuckReason, string>> = {
  queue_disabled: 'enable the job queue',
  environment_invalid: 'enable or repair the compute environment',
  too_large: 'raise MaxvCpus, or lower the size of the job type',
  permissions: 'deploy the stack again: a role was changed by hand',
  no_capacity: 'wait, or use the standard queue',
  image: 'push the image under the tag of the job definition',
  blocked: 'look at the job queue in the console of AWS Batch',
  no_room: 'raise MaxvCpus or the quota, or wait',
};

export const stuckTextForOperator = ({ reason, said }: Stuck): string => `${said}; ${DO[reason]}`;
