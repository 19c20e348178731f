import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListDeadLetterSourceQueuesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, createClock } from '../../../local/clock.ts';
import { setUp } from './set-up.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let clock: Clock;
beforeEach(async () => {
  clock = createClock();
  cloud = await setUp();
});
afterEach(async () => {
  await cloud.close();
  clock.release();
});

async function createQueue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = '' } = await cloud.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function receive(QueueUrl: string) {
  const { Messages = [] } = await cloud.sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
  );
  return Messages;
}

async function counts(QueueUrl: string) {
  const { Attributes = {} } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  return {
    ready: Attributes['ApproximateNumberOfMessages'],
    held: Attributes['ApproximateNumberOfMessagesNotVisible'],
    delayed: Attributes['ApproximateNumberOfMessagesDelayed'],
  };
}

test('a message arrives with its text, emoji included, and the tenant whose share it counts to', async () => {
  const QueueUrl = await createQueue('work');
  await cloud.sqs.send(
    new SendMessageCommand({ QueueUrl, MessageBody: 'naïve 🎉', MessageGroupId: 'tenant-a' }),
  );
  await cloud.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [{ Id: '1', MessageBody: '🎈', MessageGroupId: 'tenant-b' }],
    }),
  );
  expect((await receive(QueueUrl)).map(({ Body, Attributes }) => [Body, Attributes?.MessageGroupId])).toEqual(
    [
      ['naïve 🎉', 'tenant-a'],
      ['🎈', 'tenant-b'],
    ],
  );
});

const tooMany = Object.fromEntries(
  Array.from({ length: 11 }, (_, index) => [`a${index}`, { DataType: 'String', StringValue: 'x' }]),
);

describe.each([
  ['an empty body', { MessageBody: '' }, 'MissingParameter'],
  ['a character XML has not', { MessageBody: 'a\u0000' }, 'InvalidMessageContents'],
  ['half an emoji', { MessageBody: '\ud83c' }, 'InvalidMessageContents'],
  ['a delay over fifteen minutes', { MessageBody: 'x', DelaySeconds: 901 }, 'InvalidParameterValue'],
  ['eleven attributes', { MessageBody: 'x', MessageAttributes: tooMany }, 'InvalidParameterValue'],
  ['more bytes than the queue takes', { MessageBody: 'x'.repeat(2000) }, 'InvalidParameterValue'],
])('a message with %s', (_, message, code) => {
  test('is refused', async () => {
    const QueueUrl = await createQueue('work', { MaximumMessageSize: '1024' });
    await expect(cloud.sqs.send(new SendMessageCommand({ QueueUrl, ...message }))).rejects.toMatchObject({
      name: code,
    });
  });

  test('fails alone in a batch', async () => {
    const QueueUrl = await createQueue('work', { MaximumMessageSize: '1024' });
    const Entries = [
      { Id: 'good', MessageBody: 'good' },
      { Id: 'bad', ...message },
    ];
    const { Successful, Failed } = await cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: code, SenderFault: true }]);
    expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(['good']);
  });
});

test.each([
  ['without entries', [], 'EmptyBatchRequest'],
  [
    'of eleven entries',
    Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, MessageBody: 'x' })),
    'TooManyEntriesInBatchRequest',
  ],
  [
    'with an id used twice',
    [
      { Id: 'a', MessageBody: 'x' },
      { Id: 'a', MessageBody: 'y' },
    ],
    'BatchEntryIdsNotDistinct',
  ],
  ['with an id of other characters', [{ Id: 'a b', MessageBody: 'x' }], 'InvalidBatchEntryId'],
  [
    'over a mebibyte',
    ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })),
    'BatchRequestTooLong',
  ],
])('a batch %s is refused whole', async (_, Entries, name) => {
  const QueueUrl = await createQueue('work');
  await expect(cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({
    name,
  });
  expect(await counts(QueueUrl)).toMatchObject({ ready: '0' });
});

test('a delay of the queue holds unless the message has its own', async () => {
  const QueueUrl = await createQueue('work', { DelaySeconds: '60' });
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'late' }));
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'now', DelaySeconds: 0 }));
  expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(['now']);
});

test('the counts of a queue follow the clock without a receive', async () => {
  const QueueUrl = await createQueue('work', { VisibilityTimeout: '30' });
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'held' }));
  await receive(QueueUrl);
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 10 }));
  expect(await counts(QueueUrl)).toEqual({ ready: '0', held: '1', delayed: '1' });
  clock.advance(30_000);
  expect(await counts(QueueUrl)).toEqual({ ready: '2', held: '0', delayed: '0' });
});

test('a message received too often goes to the dead-letter queue, which names its sources', async () => {
  const dead = await createQueue('dead');
  const QueueUrl = await createQueue('work', {
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      maxReceiveCount: 1,
    }),
  });
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
  const [message] = await receive(QueueUrl);
  await cloud.sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    }),
  );
  expect(await receive(QueueUrl)).toEqual([]);
  expect((await receive(dead)).map(({ Body }) => Body)).toEqual(['poison']);
  const { queueUrls } = await cloud.sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }));
  expect(queueUrls).toEqual([QueueUrl]);
});

test('a queue that does not exist is the exception an SDK knows', async () => {
  const QueueUrl = `${cloud.endpoint}/000000000000/missing`;
  for (const command of [
    new SendMessageCommand({ QueueUrl, MessageBody: 'x' }),
    new ListDeadLetterSourceQueuesCommand({ QueueUrl }),
  ]) {
    const sent: Promise<unknown> = cloud.sqs.send(command as SendMessageCommand);
    await expect(sent).rejects.toBeInstanceOf(QueueDoesNotExist);
  }
});

test.each(['AddPermission', 'constructor'])(
  'the operation %s, which is not here, is refused with those that are',
  async (name) => {
    const answer = await cloud.fetch('sqs', {
      headers: { 'x-amz-target': `AmazonSQS.${name}`, 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ QueueUrl: await createQueue('work') }),
    });
    expect(await answer.json()).toMatchObject({
      __type: 'InvalidAction',
      message: expect.stringMatching(new RegExp(`does not have ${name}; it has .*SendMessage`)),
    });
  },
);
