import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type Queue, setUp, until } from './set-up.ts';

jest.setTimeout(60_000);

let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  cloud = await setUp();
});
afterEach(() => cloud.close());

const VISIBILITY_MS = 30_000;

/** Prints one line per call: the bodies it was given. */
const PRINTS = 'console.log(JSON.stringify(Records.map(({ body }) => body)));';

/** Waits until a file exists, so that a test decides when calls end. */
const WAITS = (gate: string) => `while (!existsSync(${JSON.stringify(gate)})) await setTimeout(10);`;

const handler = (body: string) => `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export const handler = async ({ Records }) => { ${body} };`;

const batches = (): string[][] =>
  cloud.printed.flatMap(({ line }) => (line.startsWith('[') ? [JSON.parse(line)] : []));
const empty = async (queue: Queue) => {
  const { visible, held } = await queue.depth();
  return visible + held === 0;
};
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

test('of ten messages nine are done once, and the bad one ends in the dead-letter queue (F13)', async () => {
  await cloud.define(
    'partial',
    handler(`${PRINTS} return { batchItemFailures: Records.filter(({ body }) => body === '4')
      .map(({ messageId }) => ({ itemIdentifier: messageId })) };`),
  );
  const queue = await cloud.mapQueue('partial');
  const dead = await cloud.queues.create('dead');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 3 });
  await cloud.queues.client.send(
    new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { RedrivePolicy } }),
  );
  await queue.send(...numbers(10));
  cloud.host.start();
  const bad = () => batches().filter((bodies) => bodies.includes('4')).length;
  for (const times of [1, 2, 3]) {
    await until(async () => bad() === times && cloud.host.activity().running === 0);
    await until(async () => (await queue.depth()).held === 1);
    cloud.clock.advance(VISIBILITY_MS);
  }
  await until(async () => (await dead.depth()).visible === 1);
  expect(await empty(queue)).toBe(true);
  expect(bad()).toBe(3);
  const good = batches()
    .flat()
    .filter((body) => body !== '4');
  expect(good.toSorted()).toEqual(numbers(10).filter((body) => body !== '4'));
});

test('the function is given what Lambda would give it', async () => {
  await cloud.define('whole', handler('console.log(JSON.stringify({ Records }));'));
  const queue = await cloud.mapQueue('whole');
  const { MessageId } = await cloud.queues.client.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: '{"a":1}',
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'job' },
        raw: { DataType: 'Binary', BinaryValue: Buffer.from('bytes') },
      },
    }),
  );
  cloud.host.start();
  await until(() => cloud.printed.length === 1);
  const lists = { stringListValues: [], binaryListValues: [] };
  expect(JSON.parse(cloud.printed[0]?.line ?? '')).toEqual({
    Records: [
      {
        messageId: MessageId,
        receiptHandle: expect.any(String),
        body: '{"a":1}',
        attributes: {
          ApproximateReceiveCount: '1',
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: '000000000000',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
        },
        messageAttributes: {
          kind: { stringValue: 'job', dataType: 'String', ...lists },
          raw: { binaryValue: 'Ynl0ZXM=', dataType: 'Binary', ...lists },
        },
        md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
        md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventSource: 'aws:sqs',
        eventSourceARN: queue.arn,
        awsRegion: 'us-east-1',
      },
    ],
  });
});

test('the message group of a FIFO queue is in the attributes', async () => {
  await cloud.define('fifo', handler('console.log(Records[0].attributes.MessageGroupId);'));
  const queue = await cloud.queues.create('groups.fifo', {
    FifoQueue: 'true',
    ContentBasedDeduplication: 'true',
  });
  cloud.host.map({
    functionName: 'fifo',
    queueUrl: queue.url,
    queueArn: queue.arn,
    batchSize: 10,
    windowSeconds: 0,
    reportBatchItemFailures: true,
    maximumConcurrency: 2,
  });
  await cloud.queues.client.send(
    new SendMessageCommand({ QueueUrl: queue.url, MessageBody: 'x', MessageGroupId: 'tenant-7' }),
  );
  cloud.host.start();
  await until(() => cloud.printed.length === 1);
  expect(cloud.printed[0]?.line).toBe('tenant-7');
});

test.each([
  ['throws', 'throw new Error("no");', []],
  [
    'times out',
    'await new Promise(() => setInterval(() => {}, 1000));',
    [/Task timed out after 1\.00 seconds/],
  ],
  ['crashes', 'process.exit(1);', [/exit status 1/]],
  ['answers nonsense', 'return "done";', [/failed a whole batch of 3: its answer is no list/]],
  [
    'reports a stranger',
    'return { batchItemFailures: [{ itemIdentifier: "?" }] };',
    [/a message that is not in the batch/],
  ],
])('a function that %s leaves the whole batch, to come again', async (_title, fault, says) => {
  const gate = join(cloud.folder, 'mended');
  await cloud.define(
    'faulty',
    handler(`if (existsSync(${JSON.stringify(gate)})) { ${PRINTS} return; } ${fault}`),
    { timeoutSeconds: 1 },
  );
  const queue = await cloud.mapQueue('faulty');
  await queue.send('a', 'b', 'c');
  cloud.host.start();
  await until(async () => (await queue.depth()).held === 3 && cloud.host.activity().running === 0);
  expect(cloud.lines).toEqual(says.map((line) => expect.stringMatching(line)));
  await writeFile(gate, '');
  cloud.clock.advance(VISIBILITY_MS);
  await until(() => empty(queue));
  expect(batches().flat().toSorted()).toEqual(['a', 'b', 'c']);
});

test('a sandbox that is killed in the middle of a batch gives it back, and takes nothing else along', async () => {
  const gate = join(cloud.folder, 'go');
  await cloud.define('shot', handler(`console.log(process.pid); ${WAITS(gate)} ${PRINTS}`));
  await cloud.define('beside', handler(`console.log('beside', process.pid); ${PRINTS}`));
  const [shot, beside] = [await cloud.mapQueue('shot'), await cloud.mapQueue('beside')];
  await shot.send('a', 'b', 'c');
  cloud.host.start();
  await until(() => cloud.printed.length === 1);
  process.kill(Number(cloud.printed[0]?.line), 'SIGKILL');
  await until(() => cloud.lines.length === 1);
  expect(cloud.lines[0]).toBe(
    'A sandbox of function shot ended: Runtime exited with error: signal: SIGKILL.',
  );
  expect(await shot.depth()).toEqual({ visible: 0, held: 3 });
  await beside.send('d');
  await until(() => empty(beside));
  await writeFile(gate, '');
  cloud.clock.advance(VISIBILITY_MS);
  await until(() => empty(shot));
  expect(batches().flat().toSorted()).toEqual(['a', 'b', 'c', 'd']);
  expect(cloud.lines).toHaveLength(1);
});

test('without ReportBatchItemFailures a function that returns has done the whole batch', async () => {
  await cloud.define(
    'plain',
    handler(`${PRINTS} return { batchItemFailures: [{ itemIdentifier: Records[0].messageId }] };`),
  );
  const queue = await cloud.mapQueue('plain', { reportBatchItemFailures: false });
  await queue.send('a', 'b');
  cloud.host.start();
  await until(async () => batches().flat().length === 2 && (await empty(queue)));
});

test('a backlog takes more sandboxes, but never more calls at once than the mapping allows', async () => {
  const gate = join(cloud.folder, 'go');
  await cloud.define('wide', handler(`console.log(process.pid); ${WAITS(gate)}`));
  const queue = await cloud.mapQueue('wide', { batchSize: 1, maximumConcurrency: 6 });
  await queue.send(...numbers(30));
  cloud.host.start();
  await until(() => cloud.printed.length === 6);
  expect(new Set(cloud.printed.map(({ line }) => line)).size).toBe(6);
  // What no call can take yet stays in the queue, where its visibility does not run.
  expect(await queue.depth()).toEqual({ visible: 24, held: 6 });
  await writeFile(gate, '');
  await until(() => empty(queue));
  expect(cloud.printed).toHaveLength(30);
  expect(Math.max(...cloud.printed.map(({ running }) => running))).toBe(6);
  expect(new Set(cloud.printed.map(({ line }) => line)).size).toBeLessThanOrEqual(6);
});

test('a window gathers messages that come one after the other, and closes when the batch is full', async () => {
  await cloud.define('gathers', handler(PRINTS));
  const queue = await cloud.mapQueue('gathers', { batchSize: 3, windowSeconds: 40 });
  cloud.host.start();
  for (const body of ['a', 'b', 'c']) {
    const before = (await queue.depth()).held;
    await queue.send(body);
    if (body !== 'c') await until(async () => (await queue.depth()).held === before + 1);
  }
  await until(() => empty(queue));
  expect(batches()).toEqual([['a', 'b', 'c']]);
});

test('a window that ends hands over what it has', async () => {
  await cloud.define('ends', handler(PRINTS));
  const queue = await cloud.mapQueue('ends', { windowSeconds: 1 });
  await queue.send('a', 'b');
  cloud.host.start();
  await until(() => empty(queue));
  expect(batches()).toEqual([['a', 'b']]);
});

test('a batch above ten takes several receives', async () => {
  await cloud.define('large', handler(PRINTS));
  const queue = await cloud.mapQueue('large', { batchSize: 25, windowSeconds: 1 });
  await queue.send(...numbers(27));
  cloud.host.start();
  await until(async () => batches().flat().length === 27 && (await empty(queue)));
  expect(batches().map((bodies) => bodies.length)).toEqual([25, 2]);
});

test('a queue that goes away and comes back is said once and polled again', async () => {
  await cloud.define('patient', handler(PRINTS));
  const queue = await cloud.mapQueue('patient');
  cloud.host.start();
  await queue.send('before');
  await until(() => empty(queue));
  await cloud.queues.goAway();
  await until(() => cloud.lines.length > 0);
  const calls = await cloud.queues.comeBackBroken();
  // The SDK makes three calls of one poll, so these are several polls.
  await until(() => calls.refused > 7);
  await cloud.queues.comeBack();
  await queue.send('after');
  await until(async () => batches().length === 2 && (await empty(queue)));
  expect(batches()).toEqual([['before'], ['after']]);
  expect(cloud.lines).toEqual([
    expect.stringMatching(
      /^Function patient cannot poll http:\/\/127\.0\.0\.1:\d+\/000000000000\/patient, and keeps/,
    ),
  ]);
});

test('closing cuts long polls short and lets a running batch finish', async () => {
  const gate = join(cloud.folder, 'go');
  await cloud.define('last', handler(`${PRINTS} ${WAITS(gate)}`));
  await cloud.define('idle', handler(PRINTS));
  const queue = await cloud.mapQueue('last');
  await cloud.mapQueue('idle');
  await queue.send('a');
  cloud.host.start();
  await until(() => cloud.printed.length === 1);
  const startedAt = performance.now();
  const closing = cloud.host.close();
  await writeFile(gate, '');
  await closing;
  // An idle poll would hold for 20 s.
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(await empty(queue)).toBe(true);
  expect(cloud.lines).toEqual([]);
});

test('closing does not wait for a call that never ends, and its message stays', async () => {
  const forever = `${PRINTS} ${WAITS(join(cloud.folder, 'never'))}`;
  await cloud.define('stuck', handler(forever), { timeoutSeconds: 900 });
  const queue = await cloud.mapQueue('stuck');
  await queue.send('a');
  cloud.host.start();
  await until(() => cloud.printed.length === 1);
  await cloud.host.close();
  expect(await queue.depth()).toEqual({ visible: 0, held: 1 });
});
