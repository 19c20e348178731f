import * as z from 'zod';

const TextPattern = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9.:\s]*\*?$/, 'takes letters, digits, periods, colons, white space and one trailing *');

/** @see AWS Batch API reference, EvaluateOnExit */
export const EvaluateOnExit = z.object({
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

export const RetryStrategy = z.object({
  attempts: z.int().min(1).max(10),
  evaluateOnExit: z.array(EvaluateOnExit).max(5),
});
export type RetryStrategy = z.infer<typeof RetryStrategy>;

export interface TryEnd {
  readonly statusReason: string;
  /** What the container runtime says; absent when the process simply exited. */
  readonly reason?: string | undefined;
  /** Absent when the try ended with its host or before its process existed. */
  readonly exitCode?: number | undefined;
}

/** Whether a failed try is followed by another; `triesMade` counts the failed one. */
export function triesAgain(strategy: RetryStrategy, triesMade: number, end: TryEnd): boolean {
  if (triesMade >= strategy.attempts) return false;
  const rule = strategy.evaluateOnExit.find(
    ({ onStatusReason, onReason, onExitCode }) =>
      matches(onStatusReason, end.statusReason) &&
      matches(onReason, end.reason) &&
      matches(onExitCode, end.exitCode?.toString()),
  );
  return rule?.action.toUpperCase() !== 'EXIT';
}

/** AWS ends its sample rule lists with `onReason: "*"` for every other case, so `*` matches no reason too. */
function matches(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined || pattern === '*') return true;
  if (value === undefined) return false;
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}
