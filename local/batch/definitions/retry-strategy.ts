/**
 * The retry strategy of a job, as the API accepts it: the number of tries, and which ends of a try are followed by
 * another.
 */
import * as z from 'zod';
import { Int32 } from '../request.ts';

const TextPattern = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9.:\s]*\*?$/, 'takes letters, digits, periods, colons, white space and one trailing *');

/** @see AWS Batch API reference, EvaluateOnExit */
export const EvaluateOnExit = z.strictObject({
  onStatusReason: TextPattern.optional(),
  onReason: TextPattern.optional(),
  onExitCode: z
    .string()
    .max(512)
    .regex(/^[0-9]*\*?$/, 'takes digits and one trailing *')
    .optional(),
  action: z.string().regex(/^(retry|exit)$/i, 'is RETRY or EXIT'),
});
export type EvaluateOnExit = z.infer<typeof EvaluateOnExit>;

export const RetryStrategy = z.strictObject({
  attempts: Int32.min(1).max(10),
  evaluateOnExit: z.array(EvaluateOnExit).max(5),
});
export type RetryStrategy = z.infer<typeof RetryStrategy>;

/** As a definition keeps it. `{}` says nothing in a submission, and is refused in a registration. */
export const StoredRetryStrategy = z.strictObject({
  attempts: Int32.min(1).max(10).optional(),
  evaluateOnExit: z.array(EvaluateOnExit).max(5).optional(),
});
