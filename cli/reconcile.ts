/** `headgate reconcile`: one reconcile by hand, as the function `tick` does it every minute. */
import { pacedBatch, pacedWaiting } from '../application/batch/paced-batch.ts';
import {
  previewReconcile,
  type ReconcilePorts,
  type Repaired,
  reconcile as reconcileAll,
} from '../application/repair/reconcile.ts';
import type { Repair } from '../domain/batch/reconcile.ts';
import { batchPort } from '../io/aws/batch.ts';
import { batchWaiting } from '../io/aws/batch-waiting.ts';
import { queue } from '../io/aws/queues.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { deliveryStore } from '../io/table/deliveries.ts';
import { type DueStart, dueIndex, rowName, SET_ASIDE } from '../io/table/due.ts';
import { operationStore } from '../io/table/operation/operations.ts';
import { rateLimiter } from '../io/table/rate-limiter.ts';
import { jobTypes } from '../job-types.ts';
import { misused } from './program/stopped.ts';
import { type Context, type Ending, flag, verb } from './program/verb.ts';
import { findQueues } from './stack/find.ts';
import { placeOptions } from './stack/place.ts';
import { quietLog, type Stack, withStack } from './stack/stack.ts';

/** An operator waits for this run. */
const RUN_MS = 300_000;
const CALLS_PER_SECOND = 10;

export const reconcile = verb({
  summary: 'find what was lost and take it its next step, as tick does every minute',
  options: {
    'dry-run': flag('only show what would be repaired'),
    'set-aside': flag('show the items that failed in run after run'),
    ...placeOptions,
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      if (values['dry-run'] && values['set-aside'])
        throw misused('Expected one of --dry-run and --set-aside, found both.');
      const ports = await portsOf(stack, context);
      if (values['set-aside']) return listSetAside(ports, context);
      const untilMs = ports.clock.nowMs() + RUN_MS;
      const repairs = values['dry-run']
        ? await previewReconcile(ports)
        : await reconcileAll(ports, { aheadMs: 0, untilMs });
      const nowMs = ports.clock.nowMs();
      context.output.show(
        repairs.map(({ job, repair }) => ({
          jobId: job.jobId,
          tenantId: job.tenantId,
          state: job.state,
          dueAt: job.dueAt,
          repair: repair.kind,
        })),
        (page) => {
          for (const repaired of repairs) page.line(lineOf(repaired, nowMs));
        },
      );
      context.output.note(`${repairs.length} ${values['dry-run'] ? 'to look at' : 'looked at'}`);
      return 'done';
    }),
});

/** They are tried every hour; `reconcile:item:set_aside` in the log of tick says what is wrong with each. */
async function listSetAside({ due }: ReconcilePorts, { output }: Context): Promise<Ending> {
  let count = 0;
  for (const shard of SET_ASIDE) {
    let from: DueStart | undefined;
    do {
      const page = await due.due(shard, Number.MAX_SAFE_INTEGER, from);
      for (const item of page.due) {
        const nextTryAt = new Date(item.dueAt).toISOString();
        output.show([{ item: rowName(item), nextTryAt }], (shown) =>
          shown.line(`${rowName(item)}  next try ${nextTryAt}`),
        );
      }
      count += page.due.length;
      from = page.next && { kind: 'after', position: page.next };
    } while (from !== undefined);
  }
  output.note(`${count} set aside`);
  return 'done';
}

/** The default of the stage's parameter SpotFactor, which is not in the table. */
const SPOT_FACTOR = 0.3;

async function portsOf(stack: Stack, context: Context): Promise<ReconcilePorts> {
  const records = await stack.records();
  const { deadLetters } = await findQueues(stack.sqs(), stack.stage);
  const limiter = rateLimiter(records.items, {
    callsPerSecond: CALLS_PER_SECOND,
    maxWaitMs: RUN_MS,
    clock: systemClock,
  });
  return {
    ...records,
    deliveries: deliveryStore(records.items),
    due: dueIndex(records.items),
    operations: operationStore(records.items),
    batch: pacedBatch(batchPort(stack.batch(), stack.batch()), limiter, systemClock),
    batchWaiting: pacedWaiting(batchWaiting(stack.batch()), limiter, systemClock),
    deliveryQueue: await stack.queue('deliver'),
    frontQueue: await stack.queue('front'),
    deadLetters: queue(stack.sqs(), deadLetters),
    bus: await stack.bus(),
    random: systemRandom,
    log: quietLog(context),
    types: jobTypes,
    pricing: { region: await stack.region(), spotFactor: SPOT_FACTOR },
  };
}

const sentences: Readonly<Record<Repair['kind'], string>> = {
  nothing: 'settled meanwhile: nothing to do',
  waits: 'has a row in the waiting list: look again later',
  turn: 'waits for its turn in the rate limit: look again later',
  dispatch: 'its outbox may not have been sent: dispatch it again',
  give_up: 'a time limit of the job has passed: end it',
  publish_progress: 'its container reported progress: publish it',
  run: 'Lambda may still run it: look again later',
  lose: 'Lambda has ended its run, and no end was reported: give the attempt up',
  describe: 'AWS Batch has been silent about it: ask',
};

function lineOf({ job, repair }: Repaired, nowMs: number): string {
  const lateSeconds = Math.max(0, Math.round((nowMs - (job.dueAt ?? nowMs)) / 1000));
  return [
    job.jobId,
    job.tenantId.padEnd(12),
    job.state.padEnd(10),
    `due ${lateSeconds} s ago`.padEnd(16),
    sentences[repair.kind],
  ].join('  ');
}
