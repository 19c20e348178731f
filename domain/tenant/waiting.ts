/** The waiting list of a tenant: attempts that are eligible and have no slot, in the order in which they get one. */
import * as z from 'zod';
import { type JobRecord, priorityOf } from '../job/job.ts';
import { headStartMs, Priority } from '../job/priority.ts';

/** One attempt of one job. The row has what the gate needs, so that a wake-up reads no jobs. */
export const WaitingRow = z.object({
  tenantId: z.string(),
  jobId: z.string(),
  attempt: z.int().positive(),
  jobType: z.string(),
  concurrencyKey: z.string().optional(),
  priority: Priority,
  /** Since when the job is eligible, epoch ms; a later attempt keeps the place of its job. */
  since: z.int(),
});
export type WaitingRow = z.infer<typeof WaitingRow>;

export function rowOf(job: JobRecord): WaitingRow {
  const { tenantId, jobId, attempt, jobType, concurrencyKey } = job;
  return {
    tenantId,
    jobId,
    attempt,
    jobType,
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    priority: priorityOf(job),
    since: job.eligibleAt ?? job.createdAt,
  };
}

/**
 * The sort key: the time of eligibility less the head start. It contains the attempt, so that a row of an older
 * attempt is never taken for a newer one.
 */
export function placeOf({ since, priority, jobId, attempt }: WaitingRow): string {
  const time = String(Math.max(0, since - headStartMs[priority])).padStart(14, '0');
  return `${time}#${jobId}#${attempt}`;
}
