/**
 * Woken every minute. Sends each job that is due within the next minute to its queue with the delay that is left, and
 * takes jobs whose message, event or process was lost their next step.
 */
import { type ReconcilePorts, reconcile } from './reconcile.ts';

/** The period of the schedule in serverless.yml: a run takes what is due before the next one. */
const PERIOD_MS = 60_000;
/** Leaves the function time to finish its work. */
const RUN_MS = 40_000;
export function tick(ports: ReconcilePorts): () => Promise<void> {
  return async () => {
    const done = await reconcile(ports, { aheadMs: PERIOD_MS, untilMs: ports.clock.nowMs() + RUN_MS });
    for (const [why, repairs] of Map.groupBy(done, ({ repair }) => repair.kind)) {
      ports.log.info('reconcile:repair:done', { why, count: repairs.length });
    }
  };
}
