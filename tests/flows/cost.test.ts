/** What a job costs on the happy path, counted at the gateway: calls by our code, and DynamoDB's write units. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import type { AwsEvent } from '../../local/aws.ts';
import type { ApiCall } from '../../local/gateway.ts';
import { built } from '../../tools/build.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { lookFromOutside, type Outside } from './outside.ts';

jest.setTimeout(240_000);

/**
 * Per job: 3.4 calls and 9.3 write units (docs/decisions/0006, 0019, 0032, 0039), and for the worker 6 and 2. A claim that races with the
 * record of SubmitJob's answer costs one of the two a read and a write more.
 *
 * Tick rests here: it costs by the minute, and by the job only for those that live longer than its patience.
 */
const MOST = {
  orchestration: { calls: 3.7, writeUnits: 9.8 },
  /** With a webhook that went through the lane of slow endpoints, where a busy machine may put our own inbox. */
  slowLane: { calls: 12, writeUnits: 16 },
  worker: { calls: 8, writeUnits: 3 },
};

/** Brings the last version of a record to about 1,000 bytes: above 1,024 every write of it takes two units. */
const metadata = { note: 'x'.repeat(300) };
const BATCH = 10;
/** What the rule lets pass, in this order and each by itself: on AWS seconds lie between, so no batch holds two of one job. */
const STATUSES = ['RUNNING', 'SUCCEEDED'];

let folder: string;
let stack: Stack;
let outside: Outside;
/** On a thread of its own: beside the whole cloud on one, a burst makes it a slow receiver. */
let receiver: Worker;
let received = 0;
const RECEIVER = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end(() => parentPort.postMessage('received')));
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
const calls: ApiCall[] = [];
/** What Batch said, by job and status. */
const held = new Map<string, AwsEvent>();
const opened = closedAfterAll();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cost-'));
  receiver = new Worker(RECEIVER, { eval: true });
  const [port] = await once(receiver, 'message');
  receiver.on('message', () => received++);
  const origin = `http://127.0.0.1:${port}`;
  stack = opened(
    await startStack({
      functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: origin },
      template: await withFullBatches(join(folder, 'template.json')),
      onCall: (call) => calls.push(call),
      // No job waits for its turn with Batch: a message that does is handled twice.
      parameters: { BatchCallsPerSecond: '1000', PublishEvents: 'final' },
      submitJobsPerSecond: Number.POSITIVE_INFINITY,
    }),
  );
  outside = opened(lookFromOutside(stack));
  await outside.schedule('rest');
  stack.cloud.batch.faults.event = (event) => {
    const status = String(event.detail['status']);
    if (STATUSES.includes(status)) held.set(`${event.detail['jobId']} ${status}`, event);
    return 'drop';
  };
  await stack.addTenant('acme', origin);
});
afterAll(async () => {
  await receiver.terminate();
  await rm(folder, { recursive: true });
});

/** The packaged template, but the functions' queues are read in full batches, as they are under load. */
async function withFullBatches(path: string): Promise<string> {
  const template: { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> } =
    JSON.parse(await readFile(built.template, 'utf8'));
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === 'AWS::Lambda::EventSourceMapping') Properties['MaximumBatchingWindowInSeconds'] = 5;
  }
  await writeFile(path, JSON.stringify(template));
  return path;
}

/** Sends the jobs, hands Batch's events on in batches, and waits until nothing is owed. @returns what was called meanwhile */
async function callsFor(jobType: string, keys: readonly string[], rest: object): Promise<readonly ApiCall[]> {
  calls.length = 0;
  held.clear();
  await stack.send(
    ...keys.map((idempotencyKey) => ({
      specVersion: '1',
      tenantId: 'acme',
      jobType,
      idempotencyKey,
      ...rest,
    })),
  );
  await until('every event', async () => held.size === STATUSES.length * keys.length || undefined, 120_000);
  for (const status of STATUSES) {
    const events = [...held.values()].filter(({ detail }) => detail['status'] === status);
    for (let from = 0; from < events.length; from += BATCH) {
      const Entries = events
        .slice(from, from + BATCH)
        .map((event, i) => ({ Id: `${i}`, MessageBody: JSON.stringify(event) }));
      const QueueUrl = stack.cloud.physicalId('EventsQueue');
      await stack.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    await outside.emptied('EventsQueue');
  }
  for (const key of keys) await outside.settled(jobIdOf('acme', key));
  await outside.emptied('NotifyQueue');
  await outside.emptied('DeliveryQueue');
  return [...calls];
}

interface Cost {
  readonly calls: number;
  readonly writeUnits: number;
}

function costOf(counted: readonly ApiCall[], jobs: number): Cost {
  const writeUnits = counted.reduce((sum, call) => sum + (call.writeUnits ?? 0), 0);
  return { calls: counted.length / jobs, writeUnits: writeUnits / jobs };
}

const functionOf = ({ accessKeyId }: ApiCall) => /^headgate-\w+-(\w+)$/.exec(accessKeyId)?.[1];

function print(title: string, counted: readonly ApiCall[], jobs: number): void {
  const line = (name: string, { calls, writeUnits }: Cost) =>
    `${name.padEnd(38)}${calls.toFixed(2).padStart(7)}${writeUnits.toFixed(2).padStart(13)}\n`;
  const groups = Map.groupBy(counted, (call) => functionOf(call) ?? call.accessKeyId);
  let text = `\n${title.padEnd(38)}  calls  write units  per job\n`;
  for (const [caller, theirs] of groups) {
    text += line(caller, costOf(theirs, jobs));
    const operations = Map.groupBy(theirs, ({ service, action }) => `${service} ${action}`);
    for (const [operation, some] of operations) text += line(`  ${operation}`, costOf(some, jobs));
  }
  process.stdout.write(text + line('all', costOf(counted, jobs)));
}

it('a job costs no more calls and write units than its bars, in full batches and with one webhook', async () => {
  const keys = Array.from({ length: 100 }, (_, i) => `sleep-${i}`);
  const all = await callsFor('demo.sleep', keys, { input: { seconds: 0 }, metadata });
  const ours = all.filter((call) => functionOf(call) !== undefined);
  print('demo.sleep', ours, keys.length);
  expect(received).toBe(keys.length);
  // No endpoint asks for a step of a job, so intake and submit publish nothing.
  const publishers = ours.filter(({ action }) => action === 'PutEvents').map(functionOf);
  expect(new Set(publishers)).toEqual(new Set(['track']));
  const cost = costOf(ours, keys.length);
  const most = ours.some((call) => functionOf(call) === 'deliver') ? MOST.slowLane : MOST.orchestration;
  expect(cost.calls).toBeLessThanOrEqual(most.calls);
  expect(cost.writeUnits).toBeLessThanOrEqual(most.writeUnits);
});

it('a container that claims, works and commits costs no more than its bars', async () => {
  const csv = await stack.upload('acme', 'small.csv', 'n\n1\n2\n');
  const keys = Array.from({ length: 20 }, (_, i) => `csv-${i}`);
  const all = await callsFor('csv.summarise', keys, { input: { csv } });
  const theirs = all.filter(({ accessKeyId }) => accessKeyId === 'container');
  print('csv.summarise', theirs, keys.length);
  const cost = costOf(theirs, keys.length);
  expect(cost.calls).toBeLessThanOrEqual(MOST.worker.calls);
  expect(cost.writeUnits).toBeLessThanOrEqual(MOST.worker.writeUnits);
});
