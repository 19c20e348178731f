/** Where fauxqs alone would be kinder than SQS, or would lose something: one test for each. */
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, createClock } from '../../../local/clock.ts';
import { inFolder, setUp } from '../gateway/set-up.ts';

type Cloud = Awaited<ReturnType<typeof setUp>>;
let cloud: Cloud;
let clock: Clock;
beforeEach(async () => {
  clock = createClock();
  cloud = await setUp();
});
afterEach(async () => {
  await cloud.close();
  clock.release();
});

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

async function createQueue(QueueName: string, Attributes: Record<string, string> = {}, { sqs } = cloud) {
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
}
const send = (QueueUrl: string, more: Partial<SendMessageCommandInput> = {}, { sqs } = cloud) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', ...more }));
async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}, { sqs } = cloud) {
  const asked = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const] };
  return (await sqs.send(new ReceiveMessageCommand({ ...asked, ...more }))).Messages ?? [];
}
const deadLetters = (target: string, maxReceiveCount?: unknown) => ({
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(target), maxReceiveCount }),
});

describe('a standard queue', () => {
  test('lets later messages overtake earlier ones, and loses none', async () => {
    const shuffled = await setUp({ random: Math.random });
    const QueueUrl = await createQueue('work', {}, shuffled);
    const sent = Array.from({ length: 60 }, (_, n) => String(n));
    for (let from = 0; from < sent.length; from += 10) {
      const Entries = sent.slice(from, from + 10).map((n) => ({ Id: n, MessageBody: n }));
      await shuffled.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    const order: string[] = [];
    while (order.length < sent.length)
      order.push(...(await receive(QueueUrl, {}, shuffled)).map(({ Body = '' }) => Body));
    await shuffled.close();
    // Of 60 messages, each with a chance to be overtaken, none would be in order once in far more runs than there will be.
    expect(order).not.toEqual(sent);
    expect(order.toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
    // No message is more than ten behind its place: SQS keeps the order roughly.
    expect(Math.max(...order.map((n, place) => place - Number(n)))).toBeLessThanOrEqual(10);
  });

  test('drops messages whose retention period is over', async () => {
    const QueueUrl = await createQueue('work', { MessageRetentionPeriod: '60' });
    await send(QueueUrl, { MessageBody: 'old' });
    clock.advance(61_000);
    await send(QueueUrl, { MessageBody: 'new' });
    expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(['new']);
  });
});

describe('a redrive policy', () => {
  const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true' };
  const allow = (policy: object) => ({ RedriveAllowPolicy: JSON.stringify(policy) });

  test.each<[string, Record<string, string>]>([
    ['of a queue that is not there', deadLetters('gone', 1)],
    ['of a FIFO queue for a standard one', deadLetters('dead.fifo', 1)],
    ['of a queue that takes from none', deadLetters('closed', 1)],
    ['of a queue that takes from others', deadLetters('choosy', 1)],
    ['that is not JSON', { RedrivePolicy: '{' }],
    ['without a target', { RedrivePolicy: '{"maxReceiveCount":1}' }],
    ['without a number of receives', deadLetters('dead', undefined)],
    ['with no receives', deadLetters('dead', 0)],
    ['with 1,001 receives', deadLetters('dead', 1001)],
    ['with text for a number', deadLetters('dead', 'many')],
  ])('%s is refused, for a new queue and for one that is there', async (_, attributes) => {
    await createQueue('dead');
    await createQueue('dead.fifo', fifo);
    await createQueue('closed', allow({ redrivePermission: 'denyAll' }));
    await createQueue('choosy', allow({ redrivePermission: 'byQueue', sourceQueueArns: [arnOf('other')] }));
    const QueueUrl = await createQueue('there');
    const refusal = {
      name: 'InvalidParameterValue',
      message: expect.stringContaining('for parameter RedrivePolicy'),
    };
    await expect(createQueue('new', attributes)).rejects.toMatchObject(refusal);
    await expect(
      cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes })),
    ).rejects.toMatchObject(refusal);
  });

  test('of a queue that names its source is taken, and a number may be text', async () => {
    await createQueue('dead', allow({ redrivePermission: 'byQueue', sourceQueueArns: [arnOf('work')] }));
    expect(await createQueue('work', deadLetters('dead', '3'))).toContain('/work');
  });

  test.each([
    '{',
    '{"redrivePermission":"some"}',
    '{"redrivePermission":"byQueue"}',
    JSON.stringify({
      redrivePermission: 'byQueue',
      sourceQueueArns: Array.from({ length: 11 }, () => arnOf('x')),
    }),
    '{"redrivePermission":"denyAll","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:x"]}',
  ])('that allows %s is refused', async (RedriveAllowPolicy) => {
    await expect(createQueue('work', { RedriveAllowPolicy })).rejects.toThrow(
      'for parameter RedriveAllowPolicy',
    );
  });
});

test('a message in a dead-letter queue has been received as often as it was handed out, and keeps its trace', async () => {
  const dead = await createQueue('dead');
  const QueueUrl = await createQueue('work', { ...deadLetters('dead', 1), VisibilityTimeout: '0' });
  const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793';
  await send(QueueUrl, {
    MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
  });
  expect((await receive(QueueUrl))[0]?.Attributes).toMatchObject({
    AWSTraceHeader: trace,
    ApproximateReceiveCount: '1',
  });
  expect(await receive(QueueUrl)).toEqual([]);
  expect((await receive(dead))[0]?.Attributes).toMatchObject({
    AWSTraceHeader: trace,
    ApproximateReceiveCount: '2',
    DeadLetterQueueSourceArn: arnOf('work'),
  });
});

test('a trace header is there after a restart, also of a message that is moved then', () =>
  inFolder(async (directory) => {
    const first = await setUp({ directory });
    await createQueue('dead', {}, first);
    const queue = await createQueue('work', { ...deadLetters('dead', 1), VisibilityTimeout: '0' }, first);
    const AWSTraceHeader = { DataType: 'String', StringValue: 'Root=1' };
    await send(queue, { MessageSystemAttributes: { AWSTraceHeader } }, first);
    await receive(queue, {}, first);
    await first.close();
    const second = await setUp({ directory });
    const urlOf = (name: string) => `${second.endpoint}/000000000000/${name}`;
    expect(await receive(urlOf('work'), {}, second)).toEqual([]);
    const [letter] = await receive(
      urlOf('dead'),
      { MessageSystemAttributeNames: ['AWSTraceHeader'] },
      second,
    );
    expect(letter?.Attributes).toEqual({ AWSTraceHeader: 'Root=1' });
    await second.close();
  }));

describe('a receipt handle', () => {
  test.each([
    ['made up', async () => 'garbage'],
    [
      'of another queue',
      async () => {
        const other = await createQueue('other');
        await send(other);
        return (await receive(other))[0]?.ReceiptHandle ?? '';
      },
    ],
  ])('%s is refused, alone in a batch', async (_, handle) => {
    const QueueUrl = await createQueue('work');
    await send(QueueUrl);
    const [message] = await receive(QueueUrl);
    const ReceiptHandle = await handle();
    const refusal = { name: 'ReceiptHandleIsInvalid' };
    await expect(cloud.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))).rejects.toMatchObject(
      refusal,
    );
    await expect(
      cloud.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 1 })),
    ).rejects.toMatchObject(refusal);
    const entries = [
      { Id: 'good', ReceiptHandle: message?.ReceiptHandle },
      { Id: 'bad', ReceiptHandle },
    ];
    const changed = await cloud.sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 60 })),
      }),
    );
    const deleted = await cloud.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: entries }));
    for (const { Successful, Failed } of [changed, deleted]) {
      expect(Successful).toEqual([{ Id: 'good' }]);
      expect(Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid', SenderFault: true }]);
    }
  });

  test('of a message that is deleted deletes it once more, and hides nothing', async () => {
    const QueueUrl = await createQueue('work');
    await send(QueueUrl);
    const ReceiptHandle = (await receive(QueueUrl))[0]?.ReceiptHandle;
    for (let times = 0; times < 2; times += 1)
      await cloud.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    await expect(
      cloud.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 1 })),
    ).rejects.toMatchObject({ name: 'MessageNotInflight' });
  });
});

test('a queue is purged once a minute', async () => {
  const QueueUrl = await createQueue('work');
  const purge = () => cloud.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  await purge();
  await expect(purge()).rejects.toMatchObject({ name: 'PurgeQueueInProgress' });
  clock.advance(60_000);
  await purge();
});

test('the name of a deleted queue is free after a minute', async () => {
  const QueueUrl = await createQueue('work');
  await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  await expect(createQueue('work')).rejects.toMatchObject({ name: 'QueueDeletedRecently' });
  clock.advance(60_000);
  await createQueue('work');
});

test.each(['a'.repeat(81), 'a.b', 'a b', '', `${'a'.repeat(76)}.fifo`])(
  'a queue cannot be named "%s"',
  async (name) => {
    await expect(createQueue(name)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },
);

test.each(['a'.repeat(80), 'A-b_1'])('a queue may be named "%s"', async (name) => {
  expect(await createQueue(name)).toContain(name);
});

test('a FIFO queue says so by its name and by its attribute, or is refused', async () => {
  const FifoQueue = 'true';
  const named = `${'a'.repeat(75)}.fifo`;
  expect(await createQueue(named, { FifoQueue })).toContain(named);
  const refusal = { name: 'InvalidParameterValue' };
  await expect(createQueue('half.fifo')).rejects.toMatchObject(refusal);
  await expect(createQueue('half.fifo', { FifoQueue: 'false' })).rejects.toMatchObject(refusal);
  await expect(createQueue('half', { FifoQueue })).rejects.toMatchObject(refusal);
});

test.each(['Colour', 'QueueArn', 'ContentBasedDeduplication'])(
  'a standard queue has no attribute %s that can be set',
  async (attribute) => {
    const refusal = { name: 'InvalidAttributeName' };
    await expect(createQueue('work', { [attribute]: 'true' })).rejects.toMatchObject(refusal);
    const QueueUrl = await createQueue('there');
    const Attributes = { [attribute]: 'true' };
    await expect(
      cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes })),
    ).rejects.toMatchObject(refusal);
  },
);

test('attributes are given to those who ask for them, and to no others', async () => {
  const QueueUrl = await createQueue('work');
  const attributes = async (AttributeNames?: QueueAttributeName[]) =>
    (await cloud.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes;
  expect(await attributes()).toEqual({});
  expect(await attributes(['DelaySeconds'])).toEqual({ DelaySeconds: '0' });
  await expect(attributes(['Colour' as QueueAttributeName])).rejects.toMatchObject({
    name: 'InvalidAttributeName',
  });
  await send(QueueUrl, { MessageAttributes: { a: { DataType: 'String', StringValue: '1' } } });
  const [message] = await receive(QueueUrl, { MessageSystemAttributeNames: [], VisibilityTimeout: 0 });
  expect(message).not.toHaveProperty('Attributes');
  expect(message).not.toHaveProperty('MessageAttributes');
  const [again] = await receive(QueueUrl, { MessageAttributeNames: ['a'] });
  expect(again?.MessageAttributes).toMatchObject({ a: { StringValue: '1' } });
});

const attribute = (name: string, DataType: string, value: object) => ({
  MessageAttributes: { [name]: { DataType, ...value } },
});

test.each<[string, Partial<SendMessageCommandInput>]>([
  ['a deduplication id in a standard queue', { MessageDeduplicationId: '1' }],
  ['an attribute named as those of AWS', attribute('AWS.x', 'String', { StringValue: '1' })],
  ['an attribute with a blank in its name', attribute('a b', 'String', { StringValue: '1' })],
  ['an attribute of no known type', attribute('a', 'Text', { StringValue: '1' })],
  ['an empty attribute', attribute('a', 'String', { StringValue: '' })],
  ['a number that is none', attribute('a', 'Number', { StringValue: 'one' })],
  ['a binary attribute without bytes', attribute('a', 'Binary', { StringValue: '1' })],
  [
    'an unknown system attribute',
    { MessageSystemAttributes: { Colour: { DataType: 'String', StringValue: '1' } } as never },
  ],
  [
    'a trace header that is a number',
    { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'Number', StringValue: '1' } } },
  ],
])('a message with %s is refused', async (_, more) => {
  const QueueUrl = await createQueue('work');
  await expect(send(QueueUrl, more)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
});

describe('a FIFO queue', () => {
  const fifo = { FifoQueue: 'true' };
  test.each<[string, Partial<SendMessageCommandInput>, string]>([
    ['without a group', { MessageDeduplicationId: '1' }, 'MissingParameter'],
    ['without a deduplication id', { MessageGroupId: 'g' }, 'InvalidParameterValue'],
    [
      'with a delay of its own',
      { MessageGroupId: 'g', MessageDeduplicationId: '1', DelaySeconds: 5 },
      'InvalidParameterValue',
    ],
  ])('refuses a message %s, alone in a batch', async (_, more, name) => {
    const QueueUrl = await createQueue('work.fifo', fifo);
    await expect(send(QueueUrl, more)).rejects.toMatchObject({ name });
    const good = { Id: 'good', MessageBody: 'x', MessageGroupId: 'g', MessageDeduplicationId: '2' };
    const Entries = [good, { Id: 'bad', MessageBody: 'x', ...more }];
    const { Successful, Failed } = await cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful).toMatchObject([{ Id: 'good' }]);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: name }]);
  });

  test('takes emoji, numbers its messages and knows those it had in the last five minutes', async () => {
    const QueueUrl = await createQueue('work.fifo', fifo);
    const message = { MessageBody: '🎉', MessageGroupId: 'g', MessageDeduplicationId: '1' };
    const first = await send(QueueUrl, message);
    const again = await send(QueueUrl, message);
    expect([again.MessageId, again.SequenceNumber]).toEqual([first.MessageId, first.SequenceNumber]);
    expect(first.SequenceNumber).toMatch(/^\d{20}$/);
    const [received] = await receive(QueueUrl);
    expect(received).toMatchObject({
      Body: '🎉',
      Attributes: { MessageDeduplicationId: '1', SequenceNumber: first.SequenceNumber },
    });
    clock.advance(300_001);
    expect((await send(QueueUrl, message)).MessageId).not.toBe(first.MessageId);
  });

  test('may tell duplicates apart by their group', async () => {
    const scope = { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' };
    const QueueUrl = await createQueue('work.fifo', { ...fifo, ...scope });
    const ids = ['a', 'b', 'a'].map((MessageGroupId) =>
      send(QueueUrl, { MessageGroupId, MessageDeduplicationId: '1' }),
    );
    const [first, second, third] = (await Promise.all(ids)).map(({ MessageId }) => MessageId);
    expect(second).not.toBe(first);
    expect(third).toBe(first);
  });
});
