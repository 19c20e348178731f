/**
 * What a queue does about a job that blocks its head: after how long, and for which reason, the job is cancelled.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_JobStateTimeLimitAction.html
 * @see https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
 */
import * as z from 'zod';
import { Int32 } from '../request.ts';

export const BLOCK_REASONS = [
  'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
  'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
  'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
  'MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED',
] as const;
export type BlockReason = (typeof BLOCK_REASONS)[number];

export const StateTimeLimitActions = z.array(
  z.strictObject({
    reason: z.enum(BLOCK_REASONS),
    state: z.literal('RUNNABLE'),
    maxTimeSeconds: Int32.min(600).max(86_400),
    // TERMINATE is for queues of service jobs, which are not here.
    action: z.literal('CANCEL'),
  }),
);
export type StateTimeLimitActions = z.infer<typeof StateTimeLimitActions>;
