/**
 * Woken every minute. Hands each job that falls due in the next minute to its queue with the seconds that are left, and
 * takes those whose message, event or process was lost their next step.
 */
import { type SweepPorts, sweep } from './reconcile.ts';

/** The schedule of serverless.yml: what falls due before the next run is this run's. */
const PERIOD_MS = 60_000;
/** Leaves the function time to finish what it has begun. */
const RUN_MS = 40_000;
export function tick(ports: SweepPorts): () => Promise<void> {
  return async () => {
    const done = await sweep(ports, { aheadMs: PERIOD_MS, untilMs: ports.clock.nowMs() + RUN_MS });
    for (const [why, repairs] of Map.groupBy(done, ({ repair }) => repair.kind)) {
      ports.log.info('sweep:repair:done', { why, count: repairs.length });
    }
  };
}
