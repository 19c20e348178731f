/** Reading a queue that shows messages only by hiding them: nothing is lost, nothing stays hidden, nothing runs twice. */
import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { discard } from '../../application/dead-letter/discard.ts';
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type DeadLetters, deadLetters, type Found, paced } from '../../io/aws/dead-letters.ts';
import { type Clock, createClock } from '../../local/clock.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { JOB_ID, jobIn, NOW } from '../support/jobs.ts';
import { until } from '../support/until.ts';

jest.setTimeout(60_000);

let cloud: Awaited<ReturnType<typeof setUp>>;
let clock: Clock;
let urls: { deadLetters: string; front: string };
let letters: DeadLetters;
/** For how long each receive asked to wait for letters. */
let waits: (number | undefined)[];
const never = new AbortController().signal;
const all = () => true;

beforeEach(async () => {
  clock = createClock();
  cloud = await setUp();
  waits = [];
  // The embedded queue is on one server, so a short poll sees all of it. A long one waits a second for each empty answer.
  cloud.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== 'ReceiveMessageCommand') return next(args);
      const input = args.input as ReceiveMessageCommandInput; // as the name of the command says
      waits.push(input.WaitTimeSeconds);
      return next({ ...args, input: { ...input, WaitTimeSeconds: 0 } });
    },
    { step: 'initialize', priority: 'high' },
  );
  const create = async (QueueName: string) =>
    (await cloud.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  urls = { deadLetters: await create('dead'), front: await create('front') };
  letters = deadLetters(cloud.sqs, urls);
});
afterEach(async () => {
  await cloud.close();
  clock.release();
});

async function fill(count: number) {
  for (let from = 0; from < count; from += 10) {
    const Entries = Array.from({ length: Math.min(10, count - from) }, (_, i) => ({
      Id: String(i),
      MessageBody: `letter ${from + i}`,
    }));
    await cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl: urls.deadLetters, Entries }));
  }
}

async function counts(QueueUrl = urls.deadLetters) {
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages),
    hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
  };
}

/** Everything visible in a queue, taken out of it. */
async function drain(QueueUrl: string): Promise<Message[]> {
  const drained: Message[] = [];
  for (;;) {
    const { Messages = [] } = await cloud.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    if (Messages.length === 0) return drained;
    drained.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await cloud.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}

const bodies = (found: readonly Found[]) => found.map(({ stored }) => stored.body).sort();

it('of several hundred letters each is seen once, and all are visible again afterwards', async () => {
  await fill(437);
  const seen = await letters.scan(all, async ({ letters }) => bodies(letters), never);
  expect(new Set(seen).size).toBe(437);
  expect(seen).toHaveLength(437);
  expect(await counts()).toEqual({ visible: 437, hidden: 0 });
  expect(await letters.scan(all, async ({ letters }) => bodies(letters), never)).toEqual(seen);
});

it('every receive is a long poll, for a short one may overlook letters', async () => {
  await fill(3);
  await letters.scan(all, async () => undefined, never);
  expect(new Set(waits)).toEqual(new Set([1]));
});

it('an empty queue has no letters', async () => {
  expect(await letters.scan(all, async (visit) => visit, never)).toMatchObject({
    letters: [],
    others: 0,
    hidden: 0,
  });
});

it('work that breaks off in the middle gives back all but what it has done', async () => {
  await fill(120);
  const broken = letters.scan(
    all,
    async ({ letters: [first, second], redrive, remove }) => {
      if (first !== undefined) await redrive(first);
      if (second !== undefined) await remove(second);
      throw new Error('out of coffee');
    },
    never,
  );
  await expect(broken).rejects.toThrow('out of coffee');
  expect(await counts()).toEqual({ visible: 118, hidden: 0 });
  expect(await counts(urls.front)).toEqual({ visible: 1, hidden: 0 });
});

it('a receive that fails gives back what the others have hidden', async () => {
  await fill(60);
  let receives = 0;
  cloud.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] === 'ReceiveMessageCommand' && ++receives === 3) throw new Error('cut');
      return next(args);
    },
    { step: 'finalizeRequest' },
  );
  await expect(letters.scan(all, async () => 'not reached', never)).rejects.toThrow('cut');
  expect(receives).toBeGreaterThan(3);
  expect(await counts()).toEqual({ visible: 60, hidden: 0 });
});

it('letters that are not wanted are back while the wanted ones are worked on', async () => {
  await fill(25);
  const [wanted] = await letters.scan(
    all,
    async ({ letters }) => letters.map(({ letter }) => letter.id),
    never,
  );
  await letters.scan(
    ({ id }) => id === wanted,
    async ({ letters, others }) => {
      expect(letters).toHaveLength(1);
      expect(others).toBe(24);
      expect(await counts()).toEqual({ visible: 24, hidden: 1 });
    },
    never,
  );
});

it('letters that another reader has hidden are counted', async () => {
  await fill(3);
  await letters.scan(
    all,
    async () => {
      const late = deadLetters(cloud.sqs, urls);
      expect(await late.scan(all, async (visit) => visit, never)).toMatchObject({ letters: [], hidden: 3 });
    },
    never,
  );
});

it('a queue that fills while it is read does not hold the reader for ever', async () => {
  await fill(5);
  let arrived = 0;
  cloud.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] === 'ReceiveMessageCommand') {
        const QueueUrl = urls.deadLetters;
        await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `late ${arrived++}` }));
      }
      return next(args);
    },
    { step: 'initialize' },
  );
  const found = await letters.scan(all, async ({ letters }) => letters.length, never);
  expect(found).toBeGreaterThanOrEqual(5);
  expect(await counts()).toEqual({ visible: 5 + arrived, hidden: 0 });
});

it('work that takes longer than the visibility timeout keeps its letters hidden', async () => {
  await fill(15);
  const slow = deadLetters(cloud.sqs, urls, { visibilitySeconds: 60, renewEveryMs: 20 });
  let renewed = 0;
  cloud.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (context['commandName'] === ChangeMessageVisibilityBatchCommand.name) renewed++;
      return result;
    },
    { step: 'initialize' },
  );
  // Two batches make one renewal; the one that may be under way when the clock turns does not count.
  const nextRenewal = async () => {
    const from = renewed;
    await until('a whole renewal', async () => (renewed >= from + 4 ? true : undefined));
  };
  await slow.scan(
    all,
    async ({ letters, remove }) => {
      for (let turns = 0; turns < 3; turns++) {
        await nextRenewal();
        clock.advance(40_000);
      }
      await nextRenewal();
      expect(await counts()).toEqual({ visible: 0, hidden: 15 });
      for (const found of letters) await remove(found);
    },
    never,
  );
  expect(await counts()).toEqual({ visible: 0, hidden: 0 });
});

it('a redriven letter is sent with its body, its attributes and its tenant, and is gone', async () => {
  const MessageBody = '{"tenantId":"acme"}';
  const MessageAttributes = {
    code: { DataType: 'String', StringValue: 'tenant_unknown' },
    refusedAt: { DataType: 'String', StringValue: '2026-01-05T09:00:00.000Z' },
    effectiveKey: { DataType: 'String', StringValue: 'first-id' },
    weight: { DataType: 'Number', StringValue: '7' },
    raw: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 255]) },
  };
  const QueueUrl = urls.deadLetters;
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
  await letters.scan(all, async ({ letters: [letter], redrive }) => letter && redrive(letter), never);
  expect(await counts()).toEqual({ visible: 0, hidden: 0 });
  expect(await drain(urls.front)).toMatchObject([
    { Body: MessageBody, MessageAttributes, Attributes: { MessageGroupId: 'acme' } },
  ]);
});

it('a message that SQS moved keeps the identity it had: its first id goes with it as its key (M18)', async () => {
  await fill(1);
  const id = await letters.scan(
    all,
    async ({ letters: [letter], redrive }) => {
      if (letter !== undefined) await redrive(letter);
      return letter?.letter.id;
    },
    never,
  );
  expect((await drain(urls.front))[0]?.MessageAttributes).toMatchObject({
    effectiveKey: { StringValue: id },
  });
});

it('a redrive that cannot be sent leaves the letter where it is', async () => {
  await fill(1);
  const nowhere = deadLetters(cloud.sqs, { ...urls, front: urls.front.replace('front', 'missing') });
  await expect(
    nowhere.scan(all, async ({ letters: [letter], redrive }) => letter && redrive(letter), never),
  ).rejects.toThrow();
  expect(await counts()).toEqual({ visible: 1, hidden: 0 });
});

it('Ctrl-C while the queue is read gives everything back', async () => {
  await fill(200);
  const ending = new AbortController();
  cloud.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (context['commandName'] === 'ReceiveMessageCommand') ending.abort(new Error('interrupted'));
      return result;
    },
    { step: 'initialize' },
  );
  await expect(letters.scan(all, async () => 'not reached', ending.signal)).rejects.toThrow('interrupted');
  expect(await counts()).toEqual({ visible: 200, hidden: 0 });
});

it('a pace is never exceeded, and nothing begins after Ctrl-C (F54)', async () => {
  const ending = new AbortController();
  const begunAt: number[] = [];
  for await (const item of paced([0, 1, 2, 3, 4], 20, ending.signal)) {
    begunAt.push(performance.now());
    if (item === 3) ending.abort();
  }
  expect(begunAt).toHaveLength(4);
  // A timer may fire a millisecond early.
  for (const [i, at] of begunAt.entries()) if (i > 0) expect(at - begunAt[i - 1]!).toBeGreaterThan(48);
});

async function discardOnly(job = jobIn('failed')) {
  const attributes = { deadLetterOf: JOB_ID, code: 'exit_code' };
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  const QueueUrl = urls.deadLetters;
  await cloud.sqs.send(
    new SendMessageCommand({ QueueUrl, MessageBody: failedJob(job).body, MessageAttributes }),
  );
  const records = new Map<string, JobRecord>([[job.jobId, job]]);
  const jobs = {
    get: async (jobId: string) => records.get(jobId),
    whole: async () => job,
    replace: async (seen: JobRecord, next: JobRecord) => {
      if (records.get(seen.jobId) !== seen) return 'lost' as const;
      records.set(next.jobId, next);
      return 'written' as const;
    },
  };
  const ports = {
    jobs,
    dependants: { having: async () => [], page: async () => ({ dependants: [] }) },
    submitQueue: { send: async () => undefined },
    clock: { nowMs: () => NOW },
  };
  const outcome = await letters.scan(
    all,
    async (visit) => discard(visit, visit.letters[0]!, 'test data', async () => ports),
    never,
  );
  return { outcome, record: records.get(JOB_ID), left: (await counts()).visible };
}

it('discarding a failed job marks its record and removes the letter', async () => {
  expect(await discardOnly()).toMatchObject({
    outcome: { kind: 'discarded' },
    record: { discarded: { reason: 'test data', at: NOW } },
    left: 0,
  });
});

it('discarding again, after a crash between mark and removal, removes the letter and keeps the first reason', async () => {
  const discarded = { reason: 'first', at: NOW - 1 };
  expect(await discardOnly(jobIn('failed', { discarded }))).toMatchObject({
    outcome: { kind: 'discarded' },
    record: { discarded },
    left: 0,
  });
});

it.each([
  ['was redriven', jobIn('failed', { redrivenAs: 'job_child' })],
  ['has no record', { ...jobIn('failed'), jobId: `job_${'b'.repeat(26)}` }],
])('the letter of a job that %s is not discarded', async (_, job) => {
  expect(await discardOnly(job)).toMatchObject({ outcome: { kind: 'refused' }, left: 1 });
});
