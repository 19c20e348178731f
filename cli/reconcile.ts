/**
 * `npm run reconcile`: one reconcile by hand, as the function `tick` does it every minute, on the stack that the
 * standard AWS variables name. `--dry-run` only prints what it would repair; `--set-aside` lists the items that failed in
 * run after run.
 */
import { parseArgs } from 'node:util';
import { BatchClient } from '@aws-sdk/client-batch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { pacedBatch } from '../application/batch/paced-batch.ts';
import {
  previewReconcile,
  type ReconcilePorts,
  type Repaired,
  reconcile,
} from '../application/repair/reconcile.ts';
import { slots } from '../application/tenant/slots.ts';
import type { Repair } from '../domain/batch/reconcile.ts';
import { batchPort } from '../io/aws/batch.ts';
import { bus } from '../io/aws/bus.ts';
import { queue } from '../io/aws/queues.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { batched } from '../io/table/batching.ts';
import { deliveryStore } from '../io/table/deliveries.ts';
import { dueIndex, rowName, SET_ASIDE } from '../io/table/due.ts';
import { gateStore } from '../io/table/gates.ts';
import { jobStore } from '../io/table/jobs.ts';
import { rateLimiter } from '../io/table/rate-limiter.ts';
import { type Position, table } from '../io/table/table.ts';
import { waitingStore } from '../io/table/waiting.ts';
import { jobTypes } from '../job-types.ts';
import { quietLog } from './stack.ts';
import { clientsFor, findQueues, findTable, queueUrl } from './where.ts';

const USAGE = `Usage: npm run reconcile -- [--dry-run | --set-aside] [--stage dev] [--table NAME] [--endpoint-url URL] [--region REGION]\n`;
const options = {
  'dry-run': { type: 'boolean', default: false },
  'set-aside': { type: 'boolean', default: false },
  stage: { type: 'string', default: 'dev' },
  table: { type: 'string' },
  'endpoint-url': { type: 'string' },
  region: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** An operator waits for this run. */
const RUN_MS = 300_000;
const CALLS_PER_SECOND = 10;

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const ports = await portsFor(values);
  if (values['set-aside']) return listSetAside(ports);
  const untilMs = ports.clock.nowMs() + RUN_MS;
  const repairs = values['dry-run']
    ? await previewReconcile(ports)
    : await reconcile(ports, { aheadMs: 0, untilMs });
  for (const repaired of repairs) process.stdout.write(`${line(repaired, ports.clock.nowMs())}\n`);
  process.stdout.write(`${repairs.length} ${values['dry-run'] ? 'to look at' : 'looked at'}\n`);
}

/** They are tried every hour; `reconcile:item:set_aside` in the log of tick says what is wrong with each. */
async function listSetAside({ due }: ReconcilePorts): Promise<void> {
  let count = 0;
  let after: Position | undefined;
  do {
    const page = await due.due(SET_ASIDE, Number.MAX_SAFE_INTEGER, after);
    for (const item of page.due)
      process.stdout.write(`${rowName(item)}  next try ${new Date(item.dueAt).toISOString()}\n`);
    count += page.due.length;
    after = page.next;
  } while (after !== undefined);
  process.stdout.write(`${count} set aside\n`);
}

async function portsFor(given: {
  stage: string;
  table?: string | undefined;
  'endpoint-url'?: string | undefined;
  region?: string | undefined;
}): Promise<ReconcilePorts> {
  const where = { endpoint: given['endpoint-url'], region: given.region };
  const config = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
  const { sqs, dynamo } = clientsFor(where);
  const tableName = given.table ?? process.env['TABLE_NAME'] ?? (await findTable(dynamo, given.stage));
  const { deadLetters } = await findQueues(sqs, given.stage);
  const submitQueueUrl = await queueUrl(sqs, `headgate-${given.stage}-submit`);
  const deliveryQueueUrl = await queueUrl(sqs, `headgate-${given.stage}-deliver`);
  const items = table(dynamo, tableName, systemRandom);
  const submitQueue = queue(sqs, submitQueueUrl);
  const batch = new BatchClient(config);
  const limiter = rateLimiter(items, {
    callsPerSecond: CALLS_PER_SECOND,
    maxWaitMs: RUN_MS,
    clock: systemClock,
  });
  return {
    jobs: jobStore(items),
    deliveries: deliveryStore(items),
    due: dueIndex(items),
    batch: pacedBatch(batchPort(batch, batch), limiter, systemClock),
    deliveryQueue: queue(sqs, deliveryQueueUrl),
    gates: gateStore(items),
    slots: slots({
      gates: gateStore(items),
      waiting: waitingStore(items),
      submitQueue,
      clock: systemClock,
      log: quietLog,
      batched,
      defaultCap: 0,
    }),
    submitQueue,
    deadLetters: queue(sqs, deadLetters),
    bus: bus(new EventBridgeClient(config), `headgate-${given.stage}`),
    clock: systemClock,
    random: systemRandom,
    log: quietLog,
    types: jobTypes,
  };
}

const sentences: Readonly<Record<Repair['kind'], string>> = {
  nothing: 'settled meanwhile: nothing to do',
  waits: 'has a row in the waiting list: look again later',
  dispatch: 'its outbox may not have been sent: dispatch it again',
  give_up: 'a time limit of the job has passed: end it',
  publish_progress: 'its container reported progress: publish it',
  describe: 'AWS Batch has been silent about it: ask',
};

function line({ job, repair }: Repaired, nowMs: number): string {
  const lateSeconds = Math.max(0, Math.round((nowMs - (job.dueAt ?? nowMs)) / 1000));
  return [
    job.jobId,
    job.tenantId.padEnd(12),
    job.state.padEnd(10),
    `due ${lateSeconds} s ago`.padEnd(16),
    sentences[repair.kind],
  ].join('  ');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
