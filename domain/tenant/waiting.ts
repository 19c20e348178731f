/** The waiting list of a tenant: attempts that are eligible and hold no slot, in the order in which they get one. */
import * as z from 'zod';
import { type JobRecord, priorityOf } from '../job/job.ts';
import { headStartMs, Priority } from '../job/priority.ts';

/** One attempt of one job. The row carries what the gate asks for, so that the wake reads no jobs. */
export const WaitingRow = z.object({
  tenantId: z.string(),
  jobId: z.string(),
  attempt: z.int().positive(),
  jobType: z.string(),
  concurrencyKey: z.string().optional(),
  priority: Priority,
  /** Since when the job is eligible, epoch ms; a later attempt keeps its job's place. */
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

/** Sorts by the time at which the job counts as come; the attempt is in it, so that no old row stands for a new attempt. */
export function placeOf({ since, priority, jobId, attempt }: WaitingRow): string {
  const time = String(Math.max(0, since - headStartMs[priority])).padStart(14, '0');
  return `${time}#${jobId}#${attempt}`;
}
