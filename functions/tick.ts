/**
 * Woken every minute. Hands each job that falls due in the next minute to its queue with the seconds that are left, and
 * takes those whose message, event or process was lost their next step.
 */
import { batchPort } from '../io/batch.ts';
import { bus } from '../io/bus.ts';
import { batch, dynamo, eventBridge, sqs } from '../io/clients.ts';
import { systemChance, systemClock } from '../io/clock.ts';
import { dueIndex } from '../io/due.ts';
import { readEnv } from '../io/env.ts';
import { gateStore } from '../io/gates.ts';
import { jobStore } from '../io/jobs.ts';
import { scheduleHandler } from '../io/lambda.ts';
import { createLog } from '../io/log.ts';
import { pace, pacedBatch } from '../io/pace.ts';
import { queue } from '../io/queues.ts';
import { tableSlots } from '../io/slots.ts';
import { type SweepPorts, sweep } from '../io/sweep.ts';
import { table } from '../io/table.ts';
import { jobTypes } from '../job-types.ts';

/** The schedule of serverless.yml: what falls due before the next run is this run's. */
const PERIOD_MS = 60_000;
/** Leaves the function time to finish what it has begun. */
const RUN_MS = 40_000;
const MAX_TURN_WAIT_MS = 5000;

export function tick(ports: SweepPorts): () => Promise<void> {
  return async () => {
    const done = await sweep(ports, { aheadMs: PERIOD_MS, untilMs: ports.clock.nowMs() + RUN_MS });
    for (const [why, repairs] of Map.groupBy(done, ({ repair }) => repair.kind)) {
      ports.log.info('sweep:repair:done', { why, count: repairs.length });
    }
  };
}

const log = createLog('tick');
const env = readEnv(
  'TABLE_NAME',
  'SUBMIT_QUEUE_URL',
  'DEAD_LETTER_QUEUE_URL',
  'EVENT_BUS_NAME',
  'WORKER_LOG_GROUP',
  'AWS_REGION',
  'BATCH_CALLS_PER_SECOND',
  'TENANT_DEFAULTS',
);
const items = table(dynamo(), env.TABLE_NAME, systemChance);
const queues = sqs();
const submitQueue = queue(queues, env.SUBMIT_QUEUE_URL);
const budget = pace(items, {
  callsPerSecond: env.BATCH_CALLS_PER_SECOND,
  maxWaitMs: MAX_TURN_WAIT_MS,
  clock: systemClock,
});

export const handler = scheduleHandler(
  log,
  tick({
    jobs: jobStore(items),
    due: dueIndex(items),
    gates: gateStore(items),
    batch: pacedBatch(batchPort(batch(), batch()), budget, systemClock),
    slots: tableSlots(items, {
      submitQueue,
      clock: systemClock,
      log,
      defaultCap: env.TENANT_DEFAULTS.cap,
    }),
    submitQueue,
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
    logs: { region: env.AWS_REGION, group: env.WORKER_LOG_GROUP },
  }),
);
