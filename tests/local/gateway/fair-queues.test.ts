import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageSystemAttributeName,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openQueue } from '../../../local/lambda/queue.ts';
import { sqsEvent } from '../../../local/lambda/sqs-event.ts';
import { sdkQueues } from '../lambda/sdk-queues.ts';
import { inFolder, setUp } from './set-up.ts';

type Cloud = Awaited<ReturnType<typeof setUp>>;

let cloud: Cloud;
beforeEach(async () => {
  cloud = await setUp();
});
afterEach(() => cloud.close());

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const urlOf = (name: string, { endpoint } = cloud) => `${endpoint}/000000000000/${name}`;

async function createQueue(QueueName: string, Attributes: Record<string, string> = {}, { sqs } = cloud) {
  await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
}

async function send(
  MessageGroupId: string | undefined,
  bodies: readonly string[],
  on = cloud,
  name = 'work',
) {
  for (let from = 0; from < bodies.length; from += 10) {
    const Entries = bodies
      .slice(from, from + 10)
      .map((MessageBody, index) => ({ Id: `${index}`, MessageBody, MessageGroupId }));
    await on.sqs.send(new SendMessageBatchCommand({ QueueUrl: urlOf(name, on), Entries }));
  }
}

async function receive(
  most: number,
  { on = cloud, name = 'work', names = ['All'] as MessageSystemAttributeName[] } = {},
) {
  const messages: Message[] = [];
  while (messages.length < most) {
    const { Messages = [] } = await on.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: urlOf(name, on),
        MaxNumberOfMessages: Math.min(most - messages.length, 10),
        MessageSystemAttributeNames: names,
      }),
    );
    if (Messages.length === 0) break;
    messages.push(...Messages);
  }
  return messages;
}

async function giveBack({ ReceiptHandle }: Message, name = 'work') {
  const request = { QueueUrl: urlOf(name), ReceiptHandle, VisibilityTimeout: 0 };
  await cloud.sqs.send(new ChangeMessageVisibilityCommand(request));
}

async function remove(messages: readonly Message[]) {
  for (const { ReceiptHandle } of messages) {
    await cloud.sqs.send(new DeleteMessageCommand({ QueueUrl: urlOf('work'), ReceiptHandle }));
  }
}

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body);
const groups = (messages: readonly Pick<Message, 'Attributes'>[]) =>
  messages.map(({ Attributes }) => Attributes?.MessageGroupId);

test('a flood of one group does not hold up the messages of the others, and goes on when they are served', async () => {
  await createQueue('work');
  await send('loud', numbered('loud', 100));
  const first = await receive(40);
  expect(first).toHaveLength(40);
  await send('b', ['b']);
  await send(undefined, ['plain']);
  await send('c', ['c']);
  const next = await receive(10);
  expect(bodies(next.slice(0, 3))).toEqual(['b', 'plain', 'c']);
  expect(next.slice(3).every(({ Body }) => Body?.startsWith('loud'))).toBe(true);
  await remove(first);
  await send('d', ['d']);
  const rest = await receive(100);
  expect(rest[0]?.Body).toBe('d');
  const loud = [...first, ...next, ...rest].flatMap(({ Body }) => (Body?.startsWith('loud') ? [Body] : []));
  expect(loud.toSorted()).toEqual(numbered('loud', 100).toSorted());
});

test('of two floods that with fewer messages in flight goes first; deleted ones do not count', async () => {
  await createQueue('work');
  await send('a', numbered('a', 100));
  const ofA = await receive(40);
  await send('b', numbered('b', 100));
  expect(groups(await receive(31))).toEqual(Array(31).fill('b'));
  await remove(ofA.slice(0, 35));
  expect(groups(await receive(10))).toEqual(Array(10).fill('a'));
});

test('a message given back and one whose visibility ended are there again, and counted once', async () => {
  await createQueue('work');
  await send('a', ['one', 'two']);
  const [one] = await receive(1);
  if (one) await giveBack(one);
  expect(bodies(await receive(10)).toSorted()).toEqual(['one', 'two']);
  await createQueue('brief', { VisibilityTimeout: '0' });
  await send('a', ['three'], cloud, 'brief');
  for (const count of ['1', '2', '3']) {
    const [message] = await receive(1, { name: 'brief' });
    expect(message?.Attributes?.ApproximateReceiveCount).toBe(count);
  }
});

test('a purge takes what waits and what is in flight', async () => {
  await createQueue('work');
  await send('a', numbered('a', 60));
  await receive(50);
  await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl: urlOf('work') }));
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: urlOf('work'), AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
  await send('b', numbered('b', 100));
  expect(groups(await receive(31))).toEqual(Array(31).fill('b'));
  await send('a', numbered('a', 100));
  expect(groups(await receive(10))).toEqual(Array(10).fill('a'));
});

describe('the group of a message', () => {
  test.each<[string, MessageSystemAttributeName[], string | undefined]>([
    ['all attributes', ['All'], 'acme'],
    ['the group', ['MessageGroupId'], 'acme'],
    ['something else', ['SentTimestamp'], undefined],
    ['nothing', [], undefined],
  ])('is told to a caller that asks for %s', async (_, names, group) => {
    await createQueue('work');
    await send('acme', ['x']);
    expect(groups(await receive(1, { names }))).toEqual([group]);
  });

  test('is in the record that a function is given', async () => {
    await createQueue('work');
    await send('acme', ['grouped']);
    await send(undefined, ['plain']);
    const mapping = { queueUrl: urlOf('work'), batchSize: 10, windowSeconds: 0 };
    const batch = await openQueue(sdkQueues(cloud.sqs), mapping, new AbortController().signal).gather();
    expect(sqsEvent(batch, arnOf('work'), 'us-east-1')).toMatchObject({
      Records: [{ attributes: { MessageGroupId: 'acme' } }, { attributes: { ApproximateReceiveCount: '1' } }],
    });
    expect(groups(batch)).toEqual(['acme', undefined]);
  });

  test('goes with it to the dead-letter queue, and back', async () => {
    await createQueue('dead');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 1 });
    await createQueue('work', { RedrivePolicy });
    await send('acme', ['poison']);
    for (const message of await receive(1)) await giveBack(message);
    expect(await receive(1)).toEqual([]);
    const dead = await receive(1, { name: 'dead' });
    expect(groups(dead)).toEqual(['acme']);
    for (const message of dead) await giveBack(message, 'dead');
    await cloud.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf('dead') }));
    const { Messages = [] } = await cloud.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: urlOf('work'),
        WaitTimeSeconds: 20,
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    expect(groups(Messages)).toEqual(['acme']);
  });

  test('outlives a restart, and with it the order', () =>
    inFolder(async (directory) => {
      const before = await setUp({ directory });
      await createQueue('work', {}, before);
      await send('loud', numbered('loud', 60), before);
      await send('quiet', ['quiet'], before);
      await receive(10, { on: before });
      await before.close();
      const after = await setUp({ directory });
      try {
        const order = groups(await receive(40, { on: after }));
        await send('new', ['new'], after);
        order.push(...groups(await receive(100, { on: after })));
        expect(order.toSorted()).toEqual([...Array(60).fill('loud'), 'new', 'quiet']);
        expect([order.indexOf('quiet') < 42, order.indexOf('new') < 42]).toEqual([true, true]);
      } finally {
        await after.close();
      }
    }));
});

test.each([
  ['an empty group', '', false],
  ['a group of 129 characters', 'g'.repeat(129), false],
  ['a group with a blank', 'a b', false],
  ['a group with a letter beyond ASCII', 'é', false],
  ['a group with a line break', 'a\n', false],
  ['a group of 128 characters', 'g'.repeat(128), true],
  ['a group of punctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', true],
])('%s: %j is taken: %s', async (_, MessageGroupId, taken) => {
  await createQueue('work');
  const QueueUrl = urlOf('work');
  const sent = cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageGroupId }));
  const { Failed = [] } = await cloud.sqs.send(
    new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '1', MessageBody: 'x', MessageGroupId }] }),
  );
  if (taken) {
    await sent;
    expect(Failed).toEqual([]);
    expect(groups(await receive(2))).toEqual([MessageGroupId, MessageGroupId]);
  } else {
    await expect(sent).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `Value ${MessageGroupId} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    });
    expect(Failed).toMatchObject([{ Id: '1', Code: 'InvalidParameterValue', SenderFault: true }]);
    expect(await receive(1)).toEqual([]);
  }
});
