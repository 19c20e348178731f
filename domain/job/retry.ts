/** Whether an ended attempt is followed by another, and when. */
import type { FailureClass } from './job.ts';
import type { RetryPolicy } from './job-type.ts';

export function retryAllowed(policy: RetryPolicy, failure: FailureClass, attempt: number): boolean {
  return attempt < Math.min(policy.maxAttempts, policy.maxAttemptsOf?.[failure] ?? policy.maxAttempts);
}

/** The jitter only delays: a worker that asks for a pause needs at least that long. */
const JITTER = 0.2;

/** @param random from 0 up to 1; spreads attempts that failed together so that they do not return together */
export function nextAttemptDelaySeconds(policy: RetryPolicy, attempt: number, random: number): number {
  const { initialSeconds, factor, maxSeconds } = policy.backoff;
  const seconds = Math.min(maxSeconds, initialSeconds * factor ** (attempt - 1));
  return Math.ceil(seconds * (1 + JITTER * random));
}
