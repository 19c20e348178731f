/** What a queue may be given beside its messages, and how queues are found: the expectations are those of SQS. */
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, createClock } from '../../../local/clock.ts';
import { setUp } from '../gateway/set-up.ts';

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

async function create(QueueName: string, more: object = {}) {
  return (await cloud.sqs.send(new CreateQueueCommand({ QueueName, ...more }))).QueueUrl ?? '';
}
const nameOf = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error) => error.name,
  );

describe('an attribute', () => {
  test.each<[string, Record<string, string>, string]>([
    ['work', { KmsDataKeyReusePeriodSeconds: '59' }, 'InvalidAttributeValue'],
    ['work', { KmsDataKeyReusePeriodSeconds: '86401' }, 'InvalidAttributeValue'],
    ['work', { KmsDataKeyReusePeriodSeconds: '86400' }, 'taken'],
    ['work', { SqsManagedSseEnabled: 'yes' }, 'InvalidAttributeValue'],
    ['work', { SqsManagedSseEnabled: 'false' }, 'taken'],
    ['work.fifo', { ContentBasedDeduplication: '1' }, 'InvalidAttributeValue'],
    ['work.fifo', { DeduplicationScope: 'group' }, 'InvalidAttributeValue'],
    ['work.fifo', { FifoThroughputLimit: 'none' }, 'InvalidAttributeValue'],
    ['work.fifo', { FifoThroughputLimit: 'perMessageGroupId' }, 'InvalidAttributeValue'],
    ['work.fifo', { FifoThroughputLimit: 'perMessageGroupId', DeduplicationScope: 'messageGroup' }, 'taken'],
  ])('of the queue %s set to %j is answered as SQS does', async (name, Attributes, answer) => {
    const QueueUrl = await create(name, name.endsWith('.fifo') ? { Attributes: { FifoQueue: 'true' } } : {});
    const set = nameOf(cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes })));
    expect(await set).toBe(answer);
    if (answer !== 'taken') return;
    const AttributeNames = ['All' as const];
    const shown = await cloud.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    expect(shown.Attributes).toMatchObject(Attributes);
  });
});

describe('tags', () => {
  test.each<[object, string]>([
    [{ 'aws:team': 'a' }, 'InvalidParameterValue'],
    [{ 'AWS:team': 'a' }, 'InvalidParameterValue'],
    [{ '': 'a' }, 'InvalidParameterValue'],
    [{ ['k'.repeat(129)]: 'a' }, 'InvalidParameterValue'],
    [{ team: 'v'.repeat(257) }, 'InvalidParameterValue'],
    [Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, ''])), 'InvalidParameterValue'],
    [{ team: '' }, 'taken'],
  ])('%j are answered alike on a new queue and on one that is there', async (tags, answer) => {
    const QueueUrl = await create('there');
    expect(await nameOf(create('new', { tags }))).toBe(answer);
    expect(await nameOf(cloud.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { ...tags } })))).toBe(answer);
  });

  test('are at most fifty, with those that the queue has', async () => {
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [n, '']));
    const QueueUrl = await create('work', { tags });
    const add = (key: string) =>
      nameOf(cloud.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { [key]: 'new' } })));
    expect([await add('another'), await add('0')]).toEqual(['InvalidParameterValue', 'taken']);
    const kept = await cloud.sqs.send(new ListQueueTagsCommand({ QueueUrl }));
    expect([Object.keys(kept.Tags ?? {}).length, kept.Tags?.['0']]).toEqual([50, 'new']);
  });
});

describe('queues', () => {
  const list = (more: object) => cloud.sqs.send(new ListQueuesCommand(more));

  test('are listed page by page, and the last page has no token', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    const first = await list({ MaxResults: 2 });
    const second = await list({ MaxResults: 2, NextToken: first.NextToken });
    expect([first.QueueUrls?.length, second.QueueUrls?.length, second.NextToken]).toEqual([2, 1, undefined]);
    expect((await list({ NextToken: first.NextToken })).QueueUrls).toEqual(second.QueueUrls);
  });

  test.each([{ MaxResults: 0 }, { MaxResults: -1 }, { MaxResults: 1001 }, { MaxResults: 1, NextToken: 'b' }])(
    'are not listed by %j',
    async (more) => {
      await create('a');
      expect(await nameOf(list(more))).toBe('InvalidParameterValue');
    },
  );

  test('of another account do not exist', async () => {
    await create('work');
    const find = (QueueOwnerAWSAccountId: string) =>
      nameOf(cloud.sqs.send(new GetQueueUrlCommand({ QueueName: 'work', QueueOwnerAWSAccountId })));
    expect([await find('000000000000'), await find('111111111111')]).toEqual(['taken', 'QueueDoesNotExist']);
  });
});

test('receives that wait on several queues are given what can be seen meanwhile', async () => {
  const [delayed, hidden, empty] = [await create('delayed'), await create('hidden'), await create('empty')];
  const send = (QueueUrl: string, DelaySeconds = 0) =>
    cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: QueueUrl, DelaySeconds }));
  const receive = async (QueueUrl: string, WaitTimeSeconds: number) => {
    const asked = { QueueUrl, WaitTimeSeconds, VisibilityTimeout: 60 };
    return (await cloud.sqs.send(new ReceiveMessageCommand(asked))).Messages?.[0]?.Body;
  };
  await send(delayed, 60);
  await send(hidden);
  expect(await receive(hidden, 0)).toBe(hidden);
  const waiting = [delayed, hidden, empty].map((url) => receive(url, 20));
  clock.advance(60_000);
  expect(await Promise.all(waiting.slice(0, 2))).toEqual([delayed, hidden]);
  await send(empty);
  expect(await waiting[2]).toBe(empty);
});

test('a message is hidden for twelve hours at most, however often that is asked for', async () => {
  const QueueUrl = await create('work');
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  const { Messages } = await cloud.sqs.send(
    new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 43_200 }),
  );
  const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
  const hide = (VisibilityTimeout: number) =>
    nameOf(
      cloud.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })),
    );
  clock.advance(3_600_000);
  expect([await hide(39_601), await hide(39_599)]).toEqual(['InvalidParameterValue', 'taken']);
});
