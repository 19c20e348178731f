/**
 * Whether an ended attempt is followed by another, when, and with what. Each figure of a policy counts its own ended
 * attempts, and never the number of the attempt: `out_of_memory: 2` means two attempts that ran out of memory, whatever ended
 * others before.
 */
import type { Size } from '../container/container.ts';
import type { FailureClass } from './job.ts';
import type { JobType, RetryPolicy } from './job-type.ts';

/** A holder of a slot keeps its attempt in six bits. */
export const MAX_ATTEMPTS = 63;

/** A reclaim of Spot capacity says nothing of the job, so it is outside of `maxAttempts` and has a bound of its own. */
const RECLAIM = 'spot_reclaimed';

/** The bound of reclaims unless the policy has one: more in a row are a queue without capacity. */
const DEFAULT_MAX_RECLAIMS = 10;

/** How many attempts may end with this class of failure; the last of them is final. */
export function limitOf({ maxAttempts, maxAttemptsOf }: RetryPolicy, cls: FailureClass): number {
  if (cls !== RECLAIM) return Math.min(maxAttempts, maxAttemptsOf?.[cls] ?? maxAttempts);
  // A job type without a second attempt has none after a reclaim either, unless it says so.
  return maxAttemptsOf?.[RECLAIM] ?? (maxAttempts === 1 ? 1 : DEFAULT_MAX_RECLAIMS);
}

/** The most attempts that a job may have in all. */
export function mostAttempts(policy: RetryPolicy): number {
  return policy.maxAttempts + limitOf(policy, RECLAIM) - 1;
}

/** @param ended the failure classes of all ended attempts, the latest last */
export function retryAllowed(policy: RetryPolicy, ended: readonly FailureClass[]): boolean {
  const latest = ended.at(-1);
  if (latest === undefined) return true;
  if (countOf(ended, latest) >= limitOf(policy, latest)) return false;
  return latest === RECLAIM || ended.length - countOf(ended, RECLAIM) < policy.maxAttempts;
}

/** The jitter only delays: a worker that asks for a pause needs at least that long. */
const JITTER = 0.2;

/**
 * @param ended the failure classes of all ended attempts, the latest last; a reclaim does not lengthen the pause after a
 *   failure of the job, nor the other way round
 * @param random from 0 up to 1; spreads attempts that failed together so that they do not return together
 */
export function nextAttemptDelaySeconds(
  { backoff: { initialSeconds, factor, maxSeconds } }: RetryPolicy,
  ended: readonly FailureClass[],
  random: number,
): number {
  const reclaims = countOf(ended, RECLAIM);
  const before = (ended.at(-1) === RECLAIM ? reclaims : ended.length - reclaims) - 1;
  const seconds = Math.min(maxSeconds, initialSeconds * factor ** before);
  return Math.ceil(seconds * (1 + JITTER * random));
}

/** The memory of the next attempt in MiB; absent: that of the definition. */
export function memoryAfter(
  { memoryMiB, growsToMiB }: Size,
  ended: readonly FailureClass[],
): number | undefined {
  const times = countOf(ended, 'out_of_memory');
  return growsToMiB === undefined || times === 0 ? undefined : Math.min(memoryMiB * 2 ** times, growsToMiB);
}

/** The queue of the next attempt. */
export function queueAfter(
  { queue, standardAfterReclaims: limit }: Pick<JobType, 'queue' | 'standardAfterReclaims'>,
  ended: readonly FailureClass[],
): JobType['queue'] {
  return limit !== undefined && countOf(ended, RECLAIM) >= limit ? 'standard' : queue;
}

function countOf(ended: readonly FailureClass[], cls: FailureClass): number {
  return ended.filter((each) => each === cls).length;
}
