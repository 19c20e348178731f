/** Calls to AWS Batch at the pace that all functions share. */
import type { BatchPort } from '../../io/aws/batch.ts';
import type { PacingClock } from '../../io/process/clock.ts';
import type { Pace } from '../../io/table/pace.ts';

/** Longer than this a full budget is not waited for: the caller's message does better in its queue. */
const MAX_PAUSE_MS = 5000;

/**
 * The same port at the shared pace: each look-up and each ending waits for its turn.
 *
 * `submit` passes at once, since its caller takes a turn of its tenant.
 * @throws Error when the budget is full and still full after one pause
 */
export function pacedBatch(batch: BatchPort, pace: Pace, clock: PacingClock): BatchPort {
  const own = { weight: 1 };
  const turn = async () => {
    let given = await pace.turn(own);
    if (given.kind === 'full') {
      await clock.waitUntil(Math.min(given.retryAtMs, clock.nowMs() + MAX_PAUSE_MS));
      given = await pace.turn(own);
    }
    if (given.kind === 'full') throw new Error('The pace of AWS Batch calls is full');
    await clock.waitUntil(given.atMs);
  };
  return {
    submit: (request) => batch.submit(request),
    // One turn, although a look-up may read on: a name that is ours has one page.
    async listByName(jobQueue, name) {
      await turn();
      return batch.listByName(jobQueue, name);
    },
    async describe(batchJobIds) {
      // A call takes a hundred ids; a sweep asks for no more at once.
      await turn();
      return batch.describe(batchJobIds);
    },
    async terminate(batchJobId, reason) {
      await turn();
      return batch.terminate(batchJobId, reason);
    },
  };
}
