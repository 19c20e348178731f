/** Whether a failed try is followed by another. Pure. */
import type { RetryStrategy } from '../definitions/retry-strategy.ts';

/** How one container of a task ended; without an exit code it never ran. */
export interface ContainerOutcome {
  readonly name: string;
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
}

export interface TryEnd {
  /** Absent when the try ended before any container of it. */
  readonly containers?: readonly ContainerOutcome[] | undefined;
  readonly statusReason: string;
  /** The reason of the container runtime; absent when the process exited by itself. */
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
