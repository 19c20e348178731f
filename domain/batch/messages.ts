/** What the submit queue carries: requests for the next step of an attempt, and for a look at a waiting list. */
import * as z from 'zod';
import { waitsForPlatform } from '../job/due.ts';
import { JOB_ID, TenantId } from '../job/ids.ts';
import type { JobRecord } from '../job/job.ts';

/** Asks for the next step of an attempt. @example { "tenantId": "acme", "jobId": "job_…", "attempt": 1 } */
export const SubmitMessage = z.strictObject({
  tenantId: TenantId,
  jobId: z.string().regex(JOB_ID),
  attempt: z.int().positive(),
});
export type SubmitMessage = z.infer<typeof SubmitMessage>;

/**
 * Asks for a look at a tenant's waiting lists: after a change of its caps, or because an earlier look was not through. The place
 * in `after` was meant by an earlier version.
 */
export const WakeMessage = z.strictObject({ wake: TenantId, after: z.string().max(128).optional() });
export type WakeMessage = z.infer<typeof WakeMessage>;

/** What the submit queue carries. */
export const SubmitQueueMessage = z.union([SubmitMessage, WakeMessage]);

/** SQS delays a message by at most this; reconcile takes care of longer waits. */
const MAX_DELAY_MS = 900_000;

export interface Asking {
  readonly body: string;
  readonly groupId: string;
  readonly delaySeconds?: number;
}

/**
 * The message for the job's next step, as its record says; none when the next step is not ours or is too far ahead.
 * It may be sent more than once: the submit step reads the record first.
 */
export function nextStepMessage(job: JobRecord, nowMs: number): Asking | undefined {
  switch (job.state) {
    case 'waiting':
      return waitsForPlatform(job)
        ? askingAt(job, job.attempt, job.nextAttemptAt, nowMs)
        : asking(job, job.attempt);
    case 'submitting':
    case 'cancelling':
      return asking(job, job.attempt);
    case 'scheduled':
      return askingAt(job, job.attempt, job.eligibleAt ?? nowMs, nowMs);
    case 'retrying':
      return askingAt(job, job.attempt + 1, job.nextAttemptAt ?? nowMs, nowMs);
    default:
      return undefined;
  }
}

function askingAt(job: JobRecord, attempt: number, atMs: number, nowMs: number): Asking | undefined {
  if (atMs - nowMs > MAX_DELAY_MS) return undefined;
  return { ...asking(job, attempt), delaySeconds: Math.max(0, (atMs - nowMs) / 1000) };
}

/** SQS serves message groups fairly, so a flood of one tenant does not delay the others. */
export function asking({ tenantId, jobId }: Pick<JobRecord, 'tenantId' | 'jobId'>, attempt: number): Asking {
  const message: SubmitMessage = { tenantId, jobId, attempt };
  return { body: JSON.stringify(message), groupId: tenantId };
}

export function wakeMessage(tenantId: string): Asking {
  const message: WakeMessage = { wake: tenantId };
  return { body: JSON.stringify(message), groupId: tenantId };
}
