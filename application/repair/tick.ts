/**
 * Woken every minute. Sends each job that is due within the next minute to its queue with the delay that is left, and
 * takes jobs whose message, event or process was lost their next step.
 */
import { ranTick } from '../../domain/metrics/step-metrics.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { apart } from '../apart.ts';
import type { Erase } from '../operation/erase.ts';
import type { Clear } from './clearance.ts';
import { type ReconcilePorts, reconcile } from './reconcile.ts';

/** The period of the schedule in serverless.yml: a run takes what is due before the next one. */
const PERIOD_MS = 60_000;
/** Leaves the function time to finish its work. */
const RUN_MS = 40_000;
/** After all else: what is removed has no hurry, and delays no job. */
const ERASE_UNTIL_MS = 48_000;

export interface TickPorts extends ReconcilePorts {
  /** The rate limit of AWS Batch calls: jobs that submit can take. */
  readonly callsPerSecond: number;
  /** Absent: operations that erase tenants are left alone. */
  readonly erase?: Erase;
  /** Absent: what jobs have left goes by the rules of the bucket and the log group alone. */
  readonly clear?: Clear;
}

export function tick(ports: TickPorts): () => Promise<void> {
  return async () => {
    const beganMs = ports.clock.nowMs();
    const untilMs = beganMs + RUN_MS;
    const erasing: Operation[] = [];
    const mostSubmits = (ports.callsPerSecond * PERIOD_MS) / 1000;
    const eraseLater = (operation: Operation) => void erasing.push(operation);
    const done = await reconcile({ ...ports, eraseLater }, { aheadMs: PERIOD_MS, untilMs, mostSubmits });
    for (const [why, repairs] of Map.groupBy(done, ({ repair }) => repair.kind)) {
      ports.log.info('reconcile:repair:done', { why, count: repairs.length });
    }
    ports.log.info('reconcile:run:done', { count: done.length }, ranTick(done, ports.clock.nowMs()));
    const { failed } = await apart(erasing, async (operation) =>
      ports.erase?.(operation, beganMs + ERASE_UNTIL_MS),
    );
    // It stays due, and the next run goes on with it.
    for (const { item, error } of failed)
      ports.log.error('operation:erase:failed', { operationId: item.operationId, error });
    // The next run goes on where this one was.
    await ports.clear?.(beganMs + ERASE_UNTIL_MS).catch((error: unknown) => {
      ports.log.error('job:clear:failed', { error });
    });
  };
}
