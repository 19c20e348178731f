/** Calls to AWS Batch within the rate limit that all functions share. */
import { Fault } from '../../domain/fault.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { BatchWaiting } from '../../io/aws/batch-waiting.ts';
import type { PacingClock } from '../../io/process/clock.ts';
import type { RateLimiter } from '../../io/table/rate-limiter.ts';

/** The longest wait for the rate limit: after that the caller's message waits in its queue instead. */
const MAX_PAUSE_MS = 5000;

/**
 * The same port within the shared rate limit: each look-up and each termination waits for its reservation.
 *
 * `submit` passes at once, since its caller reserves for its tenant.
 * @throws Error when the rate limit is used up and still is after one pause
 */
export function pacedBatch(batch: BatchPort, limiter: RateLimiter, clock: PacingClock): BatchPort {
  const reserve = reserving(limiter, clock);
  return {
    submit: (request) => batch.submit(request),
    // One reservation, although a look-up may read several pages: a name of ours has one page.
    async listByName(jobQueue, name) {
      await reserve();
      return batch.listByName(jobQueue, name);
    },
    async describe(runIds) {
      // One call takes a hundred ids, and reconcile asks for no more at once.
      await reserve();
      return batch.describe(runIds);
    },
    async terminate(runId, reason) {
      await reserve();
      return batch.terminate(runId, reason);
    },
  };
}

/** One reservation for a queue, although it is two calls: each queue is asked about once in a run. */
export function pacedWaiting(waiting: BatchWaiting, limiter: RateLimiter, clock: PacingClock): BatchWaiting {
  const reserve = reserving(limiter, clock);
  return {
    async describeQueue(jobQueue) {
      await reserve();
      return waiting.describeQueue(jobQueue);
    },
    async cancelWaiting(runId, reason) {
      await reserve();
      return waiting.cancelWaiting(runId, reason);
    },
  };
}

function reserving(limiter: RateLimiter, clock: PacingClock): () => Promise<void> {
  const own = { weight: 1 };
  return async () => {
    let reservation = await limiter.reserve(own);
    if (reservation.kind === 'full') {
      await clock.waitUntil(Math.min(reservation.retryAtMs, clock.nowMs() + MAX_PAUSE_MS));
      reservation = await limiter.reserve(own);
    }
    if (reservation.kind === 'full')
      throw new Fault('RateLimitFull', 'The rate limit of AWS Batch calls is used up');
    await clock.waitUntil(reservation.atMs);
  };
}
