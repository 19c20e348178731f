/**
 * Woken every minute. Sends each job that is due within the next minute to its queue with the delay that is left, and
 * takes jobs whose message, event or process was lost their next step.
 */
import { type ReconcilePorts, reconcile } from './reconcile.ts';

/** The period of the schedule in serverless.yml: a run takes what is due before the next one. */
const PERIOD_MS = 60_000;
/** Leaves the function time to finish its work. */
const RUN_MS = 40_000;

export interface TickPorts extends ReconcilePorts {
  /** The rate limit of AWS Batch calls: jobs that submit can take. */
  readonly callsPerSecond: number;
}

export function tick(ports: TickPorts): () => Promise<void> {
  return async () => {
    const untilMs = ports.clock.nowMs() + RUN_MS;
    const mostSubmits = (ports.callsPerSecond * PERIOD_MS) / 1000;
    const done = await reconcile(ports, { aheadMs: PERIOD_MS, untilMs, mostSubmits });
    for (const [why, repairs] of Map.groupBy(done, ({ repair }) => repair.kind)) {
      ports.log.info('reconcile:repair:done', { why, count: repairs.length });
    }
  };
}
