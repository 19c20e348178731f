import {
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, QueueDoesNotExist } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiCall } from '../../../local/gateway.ts';
import { setUp } from './set-up.ts';

const calls: ApiCall[] = [];
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  calls.length = 0;
  cloud = await setUp({
    onCall: (call) => calls.push(call),
    services: { batch: { protocol: 'rest-json', handle: async () => ({ status: 200, body: {} }) } },
  });
});
afterEach(() => cloud.close());

const TableName = 'rows';
const key = (pk: string) => ({ pk: { S: pk } });
const due = (at: number) => ({ dueShard: { S: 'a' }, dueAt: { N: `${at}` } });

/** A table with a sparse index of keys and one that holds everything. */
async function createTable() {
  const keys = (hash: string, range?: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' as const }]),
  ];
  await cloud.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keys('pk'),
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'dueShard', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
        { AttributeName: 'owner', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: keys('dueShard', 'dueAt'),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        { IndexName: 'byOwner', KeySchema: keys('owner'), Projection: { ProjectionType: 'ALL' } },
      ],
    }),
  );
}

const put = (item: object, rest: object = {}) =>
  cloud.dynamodb.send(new PutItemCommand({ TableName, Item: { ...key('a'), ...item }, ...rest }));
const update = (UpdateExpression: string, values: Record<string, { S: string } | { N: string }> = {}) =>
  cloud.dynamodb.send(
    new UpdateItemCommand({
      TableName,
      Key: key('a'),
      UpdateExpression,
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    }),
  );

describe('each call is told once', () => {
  test('with its service, its action and whose key signed it', async () => {
    await cloud.s3.send(new CreateBucketCommand({ Bucket: 'files' }));
    await expect(cloud.sqs.send(new GetQueueUrlCommand({ QueueName: 'missing' }))).rejects.toBeInstanceOf(
      QueueDoesNotExist,
    );
    await cloud.fetch('batch', { path: '/v1/submitjob', body: '{"jobName":"a"}' });
    expect(calls).toEqual([
      { service: 's3', action: 'PUT', accessKeyId: 'test', requestBytes: expect.any(Number) },
      { service: 'sqs', action: 'GetQueueUrl', accessKeyId: 'test', requestBytes: expect.any(Number) },
      { service: 'batch', action: 'submitjob', accessKeyId: 'test', requestBytes: 15 },
    ]);
  });

  test('but not one that reached no service', async () => {
    await cloud.fetch('sns');
    await fetch(cloud.endpoint);
    expect(calls).toEqual([]);
  });
});

describe('a write is told with the units it took', () => {
  beforeEach(createTable);
  const units = () => calls.slice(1).map(({ writeUnits }) => writeUnits);

  test('one for each index row that appears, moves twice, or goes, and none for one that stays as it is', async () => {
    await put({ ...due(1), note: { S: 'x' } });
    await update('SET note = :note, dueAt = :at', { ':note': { S: 'y' }, ':at': { N: '1' } });
    await update('SET dueAt = :at', { ':at': { N: '2' } });
    await update('REMOVE dueShard, dueAt');
    await cloud.dynamodb.send(new DeleteItemCommand({ TableName, Key: key('a') }));
    expect(units()).toEqual([2, 1, 3, 2, 1]);
  });

  test('a kilobyte at a time, in an index that copies the item as well', async () => {
    const big = { S: 'x'.repeat(2000) };
    await put({ note: big });
    await put({ note: big, owner: { S: 'acme' } });
    await put({ note: { S: 'y' }, owner: { S: 'acme' } });
    await cloud.dynamodb.send(new DeleteItemCommand({ TableName, Key: key('a') }));
    expect(units()).toEqual([2, 4, 4, 2]);
  });

  test('and at least one when its condition fails; a read takes none', async () => {
    await put({});
    await expect(put({}, { ConditionExpression: 'attribute_not_exists(pk)' })).rejects.toThrow();
    await cloud.dynamodb.send(new GetItemCommand({ TableName, Key: key('a') }));
    await expect(put({ pk: { N: '1' } })).rejects.toThrow();
    expect(units()).toEqual([1, 1, undefined, undefined]);
  });

  test.each([
    ['did not ask', {}, undefined],
    ['asked for nothing', { ReturnConsumedCapacity: 'NONE' as const }, undefined],
    ['asked for the sum', { ReturnConsumedCapacity: 'TOTAL' as const }, { TableName, CapacityUnits: 2 }],
    [
      'asked for the indexes',
      { ReturnConsumedCapacity: 'INDEXES' as const },
      {
        TableName,
        CapacityUnits: 2,
        Table: { CapacityUnits: 1 },
        GlobalSecondaryIndexes: { due: { CapacityUnits: 1 } },
      },
    ],
  ])('a caller that %s hears of it what DynamoDB would tell', async (_, asking, answer) => {
    const { ConsumedCapacity } = await put(due(1), asking);
    expect(ConsumedCapacity).toEqual(answer);
    expect(units()).toEqual([2]);
  });
});
