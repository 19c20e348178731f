import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Clock, createClock } from '../../../local/clock.ts';
import { openTables } from '../../../local/dynamodb/tables.ts';
import { startGateway } from '../../../local/gateway.ts';

const TableName = 'rows';
const LAG_MS = 1_000_000;
let clock: Clock;
let db: DynamoDBClient;
let close: () => Promise<void>;
beforeEach(async () => {
  clock = createClock();
  const tables = openTables(undefined, LAG_MS);
  const services = { dynamodb: { protocol: 'json', handle: tables.handle } } as const;
  const gateway = await startGateway({ port: 0, report: () => undefined, services });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  db = new DynamoDBClient({ endpoint: gateway.endpoint, region: 'us-east-1', credentials });
  close = async () => {
    db.destroy();
    await gateway.close();
    tables.close();
    clock.release();
  };
  await db.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'kind', AttributeType: 'S' },
        { AttributeName: 'at', AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byTime',
          KeySchema: [
            { AttributeName: 'kind', KeyType: 'HASH' },
            { AttributeName: 'at', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
});
afterEach(() => close());

const put = (pk: string, at: number) =>
  db.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, kind: { S: 'k' }, at: { N: `${at}` } } }));
const remove = (pk: string) => db.send(new DeleteItemCommand({ TableName, Key: { pk: { S: pk } } }));
const seen = async (more: { ScanIndexForward?: boolean; Limit?: number } = {}) => {
  const { Items = [] } = await db.send(
    new QueryCommand({
      TableName,
      IndexName: 'byTime',
      KeyConditionExpression: 'kind = :k',
      ExpressionAttributeValues: { ':k': { S: 'k' } },
      ...more,
    }),
  );
  return Items.map(({ pk, at }) => `${pk?.S}${at?.N}`);
};

test('a write is in the table at once, and in the index when the lag is over', async () => {
  await put('a', 1);
  const { Item } = await db.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }));
  expect(Item).toBeDefined();
  expect((await db.send(new ScanCommand({ TableName }))).Count).toBe(1);
  expect(await seen()).toEqual([]);
  clock.advance(LAG_MS);
  expect(await seen()).toEqual(['a1']);
});

test('an item that moved or is gone is at its old place until then, in either direction', async () => {
  for (const [place, pk] of ['a', 'b', 'c', 'd'].entries()) await put(pk, place);
  clock.advance(LAG_MS);
  await put('a', 9);
  await remove('c');
  expect(await seen()).toEqual(['a0', 'b1', 'c2', 'd3']);
  expect(await seen({ ScanIndexForward: false, Limit: 2 })).toEqual(['d3', 'c2']);
  clock.advance(LAG_MS);
  expect(await seen()).toEqual(['b1', 'd3', 'a9']);
});

test('for any writes, the index shows the table of before, and then the table of now', async () => {
  const write = fc.record({
    pk: fc.constantFrom('a', 'b', 'c', 'd'),
    at: fc.option(fc.integer({ min: 0, max: 9 })),
  });
  const writes = fc.array(write, { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(writes, writes, async (first, second) => {
      for (const pk of ['a', 'b', 'c', 'd']) await remove(pk);
      const apply = async (some: typeof first) => {
        for (const { pk, at } of some) await (at === null ? remove(pk) : put(pk, at));
      };
      await apply(first);
      clock.advance(LAG_MS);
      const before = await seen();
      await apply(second);
      expect(await seen()).toEqual(before);
      clock.advance(LAG_MS);
      const { Items = [] } = await db.send(new ScanCommand({ TableName }));
      const now = Items.map(({ pk, at }) => `${pk?.S}${at?.N}`);
      expect((await seen()).toSorted()).toEqual(now.toSorted());
    }),
    { numRuns: 25 },
  );
});
