/** How urgent a job is among its tenant's own. */
import * as z from 'zod';

/** From the least to the most urgent. */
export const Priority = z.enum(['low', 'normal', 'high', 'urgent']);
export type Priority = z.infer<typeof Priority>;

export const isAbove = (priority: Priority, ceiling: Priority): boolean =>
  Priority.options.indexOf(priority) > Priority.options.indexOf(ceiling);

/** In AWS Batch, where it orders the jobs of one share. @see SubmitJob, `schedulingPriorityOverride`: 0 to 9999 */
export const schedulingPriority: Readonly<Record<Priority, number>> = {
  low: 10,
  normal: 100,
  high: 200,
  urgent: 300,
};

const HOUR_MS = 3_600_000;

/**
 * How much older than it is a job counts in the waiting list. A head start instead of strict ranks: whatever comes later
 * and is more urgent, a job waits at most the difference longer, so nothing starves.
 */
export const headStartMs: Readonly<Record<Priority, number>> = {
  low: 0,
  normal: 6 * HOUR_MS,
  high: 12 * HOUR_MS,
  urgent: 24 * HOUR_MS,
};
