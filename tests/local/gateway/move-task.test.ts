import {
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type Message,
  ReceiveMessageCommand,
  ResourceNotFoundException,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
  UnsupportedOperation,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMessage, openFauxqs } from '../../../local/sqs/fauxqs.ts';
import { inFolder, setUp } from './set-up.ts';

type Cloud = Awaited<ReturnType<typeof setUp>>;

let cloud: Cloud;
beforeEach(async () => {
  cloud = await setUp();
});
afterEach(() => cloud.close());

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const urlOf = (name: string, { endpoint } = cloud) => `${endpoint}/000000000000/${name}`;

async function createQueues(...names: string[]) {
  for (const QueueName of names) await cloud.sqs.send(new CreateQueueCommand({ QueueName }));
}

/** A queue that gives a message up at its second receive. */
async function createSource(QueueName: string, deadLetterQueue = 'dead') {
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf(deadLetterQueue), maxReceiveCount: 1 });
  await cloud.sqs.send(new CreateQueueCommand({ QueueName, Attributes: { RedrivePolicy } }));
}

async function send(name: string, MessageBody: string) {
  const MessageAttributes = { kind: { DataType: 'String', StringValue: `kind of ${MessageBody}` } };
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody, MessageAttributes }));
}

async function receive(name: string, on = cloud): Promise<Message[]> {
  const { Messages = [] } = await on.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: urlOf(name, on),
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages;
}

const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body).toSorted();

/** Sends a message and fails on it until it is a dead letter. */
async function loseIn(name: string, body: string) {
  await send(name, body);
  const [{ ReceiptHandle } = {}] = await receive(name);
  const QueueUrl = urlOf(name);
  await cloud.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  expect(await receive(name)).toEqual([]);
}

async function start(request: { DestinationArn?: string; MaxNumberOfMessagesPerSecond?: number } = {}) {
  return cloud.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf('dead'), ...request }));
}

async function tasks(MaxResults?: number) {
  const { Results = [] } = await cloud.sqs.send(
    new ListMessageMoveTasksCommand({ SourceArn: arnOf('dead'), MaxResults }),
  );
  return Results;
}

/** The newest task, once it is over. */
async function ended() {
  const giveUpAtMs = performance.now() + 20_000;
  while (performance.now() < giveUpAtMs) {
    const [task] = await tasks();
    if (task?.Status !== 'RUNNING') return task;
  }
  throw new Error('the task did not end within 20 s');
}

async function count(name: string) {
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: urlOf(name), AttributeNames: ['All'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

/** A hundred seconds of it at one message a second: no test waits for that. */
async function sendLongWork() {
  for (let i = 0; i < 100; i++) await send('dead', `letter ${i}`);
}

test('without a destination each dead letter goes back to the queue that gave it up', async () => {
  await createQueues('dead');
  await createSource('blue');
  await createSource('green');
  await loseIn('blue', 'b');
  await loseIn('green', 'g');
  const { TaskHandle } = await start();
  expect(TaskHandle).toMatch(/./);
  expect(await ended()).toEqual({
    SourceArn: arnOf('dead'),
    Status: 'COMPLETED',
    StartedTimestamp: expect.any(Number),
    ApproximateNumberOfMessagesMoved: 2,
    ApproximateNumberOfMessagesToMove: 2,
  });
  expect(bodies(await receive('blue'))).toEqual(['b']);
  expect(bodies(await receive('green'))).toEqual(['g']);
  expect(await count('dead')).toBe(0);
});

test('a moved message is a new one with the old body and attributes', async () => {
  await createQueues('dead', 'elsewhere');
  await createSource('work');
  await loseIn('work', 'lost');
  await cloud.sqs.send(
    new SendMessageCommand({ QueueUrl: urlOf('dead'), MessageBody: 'of a tenant', MessageGroupId: 'acme' }),
  );
  const before = await receive('dead');
  for (const { ReceiptHandle } of before) {
    const QueueUrl = urlOf('dead');
    await cloud.sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    );
  }
  await start({ DestinationArn: arnOf('elsewhere') });
  expect(await ended()).toMatchObject({ Status: 'COMPLETED', DestinationArn: arnOf('elsewhere') });

  const [lost, grouped] = await receive('elsewhere');
  expect(lost).toMatchObject({
    Body: 'lost',
    MessageAttributes: { kind: { DataType: 'String', StringValue: 'kind of lost' } },
    Attributes: { ApproximateReceiveCount: '1' },
  });
  expect(lost?.Attributes).not.toHaveProperty('DeadLetterQueueSourceArn');
  expect(grouped?.Attributes?.MessageGroupId).toBe('acme');
  const ids = before.map(({ MessageId }) => MessageId);
  expect(ids).toHaveLength(2);
  expect(ids).not.toContain(lost?.MessageId);
  expect(ids).not.toContain(grouped?.MessageId);
});

test('a dead letter names the queue that gave it up; a message sent to the queue itself names none', async () => {
  await createQueues('dead');
  await createSource('work');
  await loseIn('work', 'lost');
  await send('dead', 'direct');
  const received = await receive('dead');
  expect(received.map(({ Body, Attributes }) => [Body, Attributes?.DeadLetterQueueSourceArn])).toEqual([
    ['lost', arnOf('work')],
    ['direct', undefined],
  ]);
});

test('a message that was sent to the dead-letter queue itself goes to the only queue it belongs to', async () => {
  await createQueues('dead');
  await createSource('work');
  await send('dead', 'direct');
  await start();
  expect(await ended()).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 });
  expect(bodies(await receive('work'))).toEqual(['direct']);
});

test('such a message fails the task when it could belong to two queues, and stays', async () => {
  await createQueues('dead');
  await createSource('blue');
  await createSource('green');
  await send('dead', 'direct');
  await start();
  expect(await ended()).toMatchObject({
    Status: 'FAILED',
    FailureReason: 'CouldNotDetermineMessageSource',
    ApproximateNumberOfMessagesMoved: 0,
  });
  expect(await count('dead')).toBe(1);
});

test('a task whose destination is deleted fails, and what it has not moved stays', async () => {
  await createQueues('dead', 'elsewhere');
  await createSource('work');
  await sendLongWork();
  await start({ DestinationArn: arnOf('elsewhere'), MaxNumberOfMessagesPerSecond: 1 });
  await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: urlOf('elsewhere') }));
  const task = await ended();
  expect(task).toMatchObject({
    Status: 'FAILED',
    FailureReason: 'AWS.SimpleQueueService.NonExistentQueue',
  });
  expect(await count('dead')).toBe(100 - (task?.ApproximateNumberOfMessagesMoved ?? NaN));
});

test('a cancelled task stops where it is, and another may follow', async () => {
  await createQueues('dead');
  await createSource('work');
  await sendLongWork();
  const { TaskHandle } = await start({ MaxNumberOfMessagesPerSecond: 1 });
  expect(await tasks()).toMatchObject([{ TaskHandle, Status: 'RUNNING', MaxNumberOfMessagesPerSecond: 1 }]);
  await expect(start()).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    message: expect.stringContaining('already a task running'),
  });

  const { ApproximateNumberOfMessagesMoved: moved = NaN } = await cloud.sqs.send(
    new CancelMessageMoveTaskCommand({ TaskHandle }),
  );
  expect(await tasks()).toMatchObject([{ Status: 'CANCELLED', ApproximateNumberOfMessagesMoved: moved }]);
  expect((await tasks())[0]).not.toHaveProperty('TaskHandle');
  expect([await count('work'), await count('dead')]).toEqual([moved, 100 - moved]);
  await expect(cloud.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toBeInstanceOf(
    UnsupportedOperation,
  );

  await start();
  expect(await ended()).toMatchObject({
    Status: 'COMPLETED',
    ApproximateNumberOfMessagesToMove: 100 - moved,
  });
  expect(await count('work')).toBe(100);
  expect((await tasks(10)).map(({ Status }) => Status)).toEqual(['COMPLETED', 'CANCELLED']);
});

describe('a task is refused', () => {
  beforeEach(async () => {
    await createQueues('dead', 'elsewhere');
    await createSource('work');
  });

  test.each([
    [
      'from a queue that is the dead-letter queue of none',
      { SourceArn: 'elsewhere' },
      'InvalidParameterValue',
    ],
    ['from a queue that is not there', { SourceArn: 'missing' }, 'ResourceNotFoundException'],
    ['to a queue that is not there', { DestinationArn: 'missing' }, 'ResourceNotFoundException'],
    ['at more than 500 a second', { MaxNumberOfMessagesPerSecond: 501 }, 'InvalidParameterValue'],
    ['at no message a second', { MaxNumberOfMessagesPerSecond: 0 }, 'InvalidParameterValue'],
  ])('%s', async (_, request, name) => {
    const {
      SourceArn = 'dead',
      DestinationArn = undefined,
      ...rest
    }: Record<string, string | number> = request;
    const command = new StartMessageMoveTaskCommand({
      SourceArn: arnOf(`${SourceArn}`),
      ...(DestinationArn !== undefined && { DestinationArn: arnOf(`${DestinationArn}`) }),
      ...rest,
    });
    await expect(cloud.sqs.send(command)).rejects.toMatchObject({ name });
    expect(await tasks(10)).toEqual([]);
  });

  test('between queues that keep an order', async () => {
    const Attributes = { FifoQueue: 'true' };
    await cloud.sqs.send(new CreateQueueCommand({ QueueName: 'dead.fifo', Attributes }));
    const command = new StartMessageMoveTaskCommand({ SourceArn: arnOf('dead.fifo') });
    await expect(cloud.sqs.send(command)).rejects.toBeInstanceOf(UnsupportedOperation);
  });
});

test.each([
  [
    'listing the tasks of a queue that is not there',
    new ListMessageMoveTasksCommand({ SourceArn: arnOf('x') }),
  ],
  ['cancelling a task that never was', new CancelMessageMoveTaskCommand({ TaskHandle: 'x' })],
])('%s is the exception an SDK knows', async (_, command) => {
  const sent: Promise<unknown> = cloud.sqs.send(command as ListMessageMoveTasksCommand);
  await expect(sent).rejects.toBeInstanceOf(ResourceNotFoundException);
});

test('where a dead letter came from outlives a restart', () =>
  inFolder(async (directory) => {
    await cloud.close();
    cloud = await setUp({ directory });
    await createQueues('dead');
    await createSource('blue');
    await createSource('green');
    await loseIn('green', 'g');
    await cloud.close();

    cloud = await setUp({ directory });
    await start();
    expect(await ended()).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 });
    await cloud.close();

    cloud = await setUp({ directory });
    expect(await receive('dead')).toEqual([]);
    expect(bodies(await receive('green'))).toEqual(['g']);
    await cloud.close();
    cloud = await setUp();
  }));

test('what a task had not moved when the cloud closed is there at the next start, without the task', () =>
  inFolder(async (directory) => {
    await cloud.close();
    cloud = await setUp({ directory });
    await createQueues('dead');
    await createSource('work');
    for (const body of ['one', 'two', 'three']) await send('dead', body);
    await start({ MaxNumberOfMessagesPerSecond: 1 });
    await cloud.close();

    cloud = await setUp({ directory });
    expect(await tasks()).toEqual([]);
    const found = [...(await receive('dead')), ...(await receive('work'))];
    expect(bodies(found)).toEqual(['one', 'three', 'two']);
    await cloud.close();
    cloud = await setUp();
  }));

test('a running task does not keep the process alive once the cloud is closed', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const fauxqs = await openFauxqs();
  const queue = (name: string, attributes = {}) =>
    fauxqs.queues.createQueue(name, urlOf(name), arnOf(name), attributes);
  queue('work', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('dead') }) });
  queue('dead').enqueue(createMessage('letter'));
  const before = timers();
  fauxqs.moveTasks.start({ SourceArn: arnOf('dead'), MaxNumberOfMessagesPerSecond: 1 });
  expect(timers()).toBe(before + 1);
  await fauxqs.close();
  expect(timers()).toBe(before);
});
