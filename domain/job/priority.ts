/** The priority of a job among the jobs of its tenant. */
import * as z from 'zod';

/** In ascending order. */
export const Priority = z.enum(['low', 'normal', 'high', 'urgent']);
export type Priority = z.infer<typeof Priority>;

export const isAbove = (priority: Priority, ceiling: Priority): boolean =>
  Priority.options.indexOf(priority) > Priority.options.indexOf(ceiling);

/**
 * The priority in AWS Batch, which orders the jobs of one share.
 * @see SubmitJob, `schedulingPriorityOverride`: 0 to 9999
 */
export const schedulingPriority: Readonly<Record<Priority, number>> = {
  low: 10,
  normal: 100,
  high: 200,
  urgent: 300,
};

const HOUR_MS = 3_600_000;

/**
 * By how much a job counts as older than it is in the waiting list. A head start instead of strict ranks: a more
 * urgent job that comes later delays another by the difference at most, so no job waits for ever.
 */
export const headStartMs: Readonly<Record<Priority, number>> = {
  low: 0,
  normal: 6 * HOUR_MS,
  high: 12 * HOUR_MS,
  urgent: 24 * HOUR_MS,
};
