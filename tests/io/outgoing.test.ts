import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EntriesFailed, sendEntries } from '../../io/aws/entries.ts';
import { type Outgoing, queue } from '../../io/aws/queues.ts';
import { type Gateway, startGateway } from '../../local/gateway.ts';
import { type Fauxqs, openFauxqs } from '../../local/sqs/fauxqs.ts';
import { handleQueueCall } from '../../local/sqs/queues.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds: number;
  readonly MessageGroupId?: string;
}

/** The entries of every SendMessageBatch, as they came over the wire. */
const calls: Entry[][] = [];
let fauxqs: Fauxqs;
let gateway: Gateway;
let client: SQSClient;
let queueUrl: string;

beforeAll(async () => {
  fauxqs = await openFauxqs();
  gateway = await startGateway({
    port: 0,
    report: () => undefined,
    services: {
      sqs: {
        protocol: 'json',
        handle: (request) => {
          const entries = request.body['Entries'];
          // Only the client under test calls SendMessageBatch, with entries of the SDK's own making.
          if (Array.isArray(entries)) calls.push(entries as Entry[]);
          return handleQueueCall(fauxqs, request);
        },
      },
    },
  });
  client = new SQSClient({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

beforeEach(async () => {
  const QueueName = `q${calls.length}-${Math.random().toString(36).slice(2)}`;
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName }));
  queueUrl = QueueUrl;
  calls.length = 0;
});

afterAll(async () => {
  client.destroy();
  await gateway.close();
  await fauxqs.close();
});

const send = (...messages: Outgoing[]) => queue(client, queueUrl).send(messages);
const sizes = () => calls.map((entries) => entries.length);
const bodies = () => calls.flat().map(({ MessageBody }) => MessageBody);

async function received() {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['MessageGroupId'],
    }),
  );
  return Messages;
}

describe('sending to a queue', () => {
  test('nothing costs no call', async () => {
    await send();
    expect(calls).toEqual([]);
  });

  test('takes ten messages in a call, in their order', async () => {
    const messages = Array.from({ length: 23 }, (_, i) => ({ body: `m${i}` }));
    await send(...messages);
    expect(sizes()).toEqual([10, 10, 3]);
    expect(bodies()).toEqual(messages.map(({ body }) => body));
  });

  test('begins another call before 1 MiB is exceeded', async () => {
    const large = { body: 'x'.repeat(400 * 1024) };
    await send(large, large, large, { body: 'small' });
    expect(sizes()).toEqual([2, 2]);
  });

  test('counts bytes, not characters, and the attributes too', async () => {
    await send({ body: 'é'.repeat(300 * 1024) }, { body: 'é'.repeat(300 * 1024) });
    expect(sizes()).toEqual([1, 1]);
    calls.length = 0;
    const withAttribute = { body: 'x', attributes: { reason: 'y'.repeat(600 * 1024) } };
    await send(withAttribute, withAttribute);
    expect(sizes()).toEqual([1, 1]);
  });

  test('carries attributes and the group of the tenant', async () => {
    await send({ body: '{}', attributes: { code: 'field_type' }, groupId: 'acme' });
    const [message] = await received();
    expect(message).toMatchObject({
      Body: '{}',
      MessageAttributes: { code: { DataType: 'String', StringValue: 'field_type' } },
    });
    expect(calls[0]?.[0]?.MessageGroupId).toBe('acme');
  });

  test.each([
    [undefined, 0],
    [-5, 0],
    [0.2, 1],
    [30.5, 31],
    [900, 900],
    [86_400, 900],
  ])('waits whole seconds, never less than asked and never more than SQS can: %p', async (asked, delay) => {
    await send({ body: '{}', delaySeconds: asked });
    expect(calls[0]?.[0]?.DelaySeconds).toBe(delay);
  });

  test('throws when SQS refuses one message inside a success, and has sent its neighbours', async () => {
    await expect(send({ body: 'good' }, { body: 'a\u0000b' })).rejects.toThrow(
      '1 entries were not taken: InvalidMessageContents',
    );
    expect((await received()).map(({ Body }) => Body)).toEqual(['good']);
  });

  test('says which messages may not have been sent, in whichever call they were (F91)', async () => {
    const messages = Array.from({ length: 23 }, (_, i) => ({ body: i % 11 === 3 ? 'a\u0000b' : `m${i}` }));
    const error = await send(...messages).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EntriesFailed);
    expect(Object(error).failed).toEqual(new Set([messages[3], messages[14]]));
    expect(sizes()).toEqual([10, 10, 3]);
  });

  test('one that makes the whole call fail does not keep its neighbours from being sent (F91)', async () => {
    const groups: string[][] = [];
    const refuseBad = async (group: readonly string[]) => {
      groups.push([...group]);
      if (!group.includes('bad')) return [];
      throw Object.assign(new Error('canary'), { name: 'ValidationException', $metadata: {} });
    };
    const limits = { entries: 3, bytes: 100, sizeOf: () => 1 };
    const error = await sendEntries(['a', 'bad', 'c', 'd'], limits, refuseBad).catch((e: unknown) => e);
    expect(groups).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c'], ['d']]);
    expect(Object(error).failed).toEqual(new Set(['bad']));
    expect(String(error)).toBe('EntriesFailed: 1 entries were not taken: ValidationException');
  });

  test('a service that does not answer is not asked again for each entry', async () => {
    const calls: number[] = [];
    const outage = Object.assign(new Error('canary'), { name: 'TimeoutError', $metadata: { attempts: 3 } });
    const limits = { entries: 3, bytes: 100, sizeOf: () => 1 };
    const sent = sendEntries(['a', 'b', 'c', 'd'], limits, async ({ length }) => {
      calls.push(length);
      throw outage;
    });
    await expect(sent).rejects.toBe(outage);
    expect(calls).toEqual([3, 1]);
  });

  test('throws when there is no such queue', async () => {
    await expect(queue(client, `${queueUrl}-gone`).send([{ body: '{}' }])).rejects.toThrow(/does not exist/);
  });
});
