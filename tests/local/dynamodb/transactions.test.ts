import {
  type AttributeValue,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Clock, createClock } from '../../../local/clock.ts';
import { inFolder, setUp } from '../gateway/set-up.ts';

type Cloud = Awaited<ReturnType<typeof setUp>>;
const TableName = 'rows';
let cloud: Cloud;
let clock: Clock;
beforeEach(async () => {
  clock = createClock();
  cloud = await setUp();
  await createTable();
});
afterEach(async () => {
  await cloud.close();
  clock.release();
});

async function createTable({ dynamodb } = cloud) {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'by'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byBy',
          KeySchema: [{ AttributeName: 'by', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
}

const key = (pk: string) => ({ pk: { S: pk } });
const put = (pk: string, more: Record<string, AttributeValue> = {}): TransactWriteItem => ({
  Put: { TableName, Item: { ...key(pk), ...more } },
});
const write = (
  TransactItems: TransactWriteItem[],
  more: Partial<TransactWriteItemsCommandInput> = {},
  { dynamodb } = cloud,
) => dynamodb.send(new TransactWriteItemsCommand({ TransactItems, ...more }));
const all = async ({ dynamodb } = cloud) => {
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
  return Items.map(({ pk }) => pk?.S).toSorted();
};
const get = async (pk: string) =>
  (await cloud.dynamodb.send(new GetItemCommand({ TableName, Key: key(pk) }))).Item;

test('a transaction does each of its four actions', async () => {
  await write([put('there', { n: { N: '1' } }), put('gone'), put('guard')]);
  await write([
    put('new'),
    { Delete: { TableName, Key: key('gone'), ConditionExpression: 'attribute_exists(pk)' } },
    {
      Update: {
        TableName,
        Key: key('there'),
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      },
    },
    { ConditionCheck: { TableName, Key: key('guard'), ConditionExpression: 'attribute_exists(pk)' } },
  ]);
  expect(await all()).toEqual(['guard', 'new', 'there']);
  expect(await get('there')).toEqual({ ...key('there'), n: { N: '2' } });
});

test('a condition that does not hold cancels all of it, with a reason for each action', async () => {
  await write([put('there', { by: { S: 'me' } })]);
  const only = {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  const cancelled = write([
    put('new', { by: { S: 'me' } }),
    { Put: { TableName, Item: key('there'), ...only } },
    { ConditionCheck: { TableName, Key: key('absent'), ConditionExpression: 'attribute_exists(pk)' } },
  ]);
  await expect(cancelled).rejects.toMatchObject({
    name: 'TransactionCanceledException',
    message:
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed]',
    CancellationReasons: [
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { ...key('there'), by: { S: 'me' } },
      },
      { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
    ],
  });
  expect(await all()).toEqual(['there']);
  // Nor is it in an index.
  const { Count } = await cloud.dynamodb.send(
    new QueryCommand({
      TableName,
      IndexName: 'byBy',
      KeyConditionExpression: '#by = :me',
      ExpressionAttributeNames: { '#by': 'by' },
      ExpressionAttributeValues: { ':me': { S: 'me' } },
    }),
  );
  expect(Count).toBe(1);
});

test('what an item is not fit for is a reason, too', async () => {
  await write([put('text', { n: { S: 'x' } })]);
  const update = {
    Update: {
      TableName,
      Key: key('text'),
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  };
  await expect(write([put('new'), update])).rejects.toMatchObject({
    CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }],
  });
  expect(await all()).toEqual(['text']);
});

const check = { ConditionCheck: { TableName, Key: key('a'), ConditionExpression: 'attribute_exists(pk)' } };
test.each<[string, TransactWriteItem[], string, RegExp]>([
  ['two actions on one item', [put('a'), check], 'ValidationException', /multiple operations on one item/],
  ['101 actions', Array.from({ length: 101 }, (_, n) => put(`${n}`)), 'ValidationException', /TransactItems/],
  ['no actions', [], 'ValidationException', /TransactItems/],
  ['two actions in one', [{ ...put('a'), ...check }], 'ValidationException', /only contain one of/],
  [
    'an expression that cannot be read',
    [{ Put: { TableName, Item: key('a'), ConditionExpression: 'nonsense' } }],
    'ValidationException',
    /ConditionExpression/,
  ],
  [
    'a table that is not there',
    [{ Put: { TableName: 'gone', Item: key('a') } }],
    'ResourceNotFoundException',
    /not found/,
  ],
  [
    'over 4 MB',
    Array.from({ length: 12 }, (_, n) => put(`${n}`, { text: { S: 'x'.repeat(380_000) } })),
    'ValidationException',
    /4 MB/,
  ],
])('a transaction with %s is refused whole', async (_, items, name, message) => {
  await expect(write(items)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  expect(await all()).toEqual([]);
});

test('a token makes a transaction safe to send again for ten minutes, and with other content it is refused', async () => {
  const add = (n: string): TransactWriteItem[] => [
    {
      Update: {
        TableName,
        Key: key('count'),
        UpdateExpression: 'ADD n :n',
        ExpressionAttributeValues: { ':n': { N: n } },
      },
    },
  ];
  const token = { ClientRequestToken: 'once' };
  await write(add('1'), token);
  await write(add('1'), token);
  expect(await get('count')).toMatchObject({ n: { N: '1' } });
  await expect(write(add('2'), token)).rejects.toMatchObject({
    name: 'IdempotentParameterMismatchException',
  });
  clock.advance(601_000);
  await write(add('1'), token);
  expect(await get('count')).toMatchObject({ n: { N: '2' } });
});

test('a token of a transaction that was cancelled may be used again', async () => {
  const token = { ClientRequestToken: 'again' };
  await expect(write([check], token)).rejects.toThrow('Transaction cancelled');
  await write([put('a')]);
  await write([check], token);
});

test('many transactions and single writes at once leave no sum wrong', async () => {
  await write([put('a', { n: { N: '100' } }), put('b', { n: { N: '100' } })]);
  const change = (pk: string, n: number): TransactWriteItem => ({
    Update: {
      TableName,
      Key: key(pk),
      UpdateExpression: 'ADD n :n',
      ExpressionAttributeValues: { ':n': { N: `${n}` } },
    },
  });
  const single = () =>
    cloud.dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: key('c'),
        UpdateExpression: 'ADD n :n',
        ExpressionAttributeValues: { ':n': { N: '1' } },
      }),
    );
  const read = async () => {
    const items = ['a', 'b'].map((pk) => ({ Get: { TableName, Key: key(pk) } }));
    const { Responses = [] } = await cloud.dynamodb.send(
      new TransactGetItemsCommand({ TransactItems: items }),
    );
    return Responses.reduce((sum, { Item }) => sum + Number(Item?.['n']?.N), 0);
  };
  const calls = Array.from({ length: 20 }, (_, n) => [
    write([change('a', n), change('b', -n)]),
    single(),
    read(),
  ]);
  const done = await Promise.all(calls.flat());
  expect(done.filter((one) => typeof one === 'number')).toEqual(Array.from({ length: 20 }, () => 200));
  expect(await get('c')).toMatchObject({ n: { N: '20' } });
});

test('reads of a transaction are in their order, and those of nothing are empty', async () => {
  await write([put('a', { n: { N: '1' } })]);
  const TransactItems = [
    { Get: { TableName, Key: key('gone') } },
    { Get: { TableName, Key: key('a'), ProjectionExpression: 'n' } },
  ];
  const { Responses } = await cloud.dynamodb.send(new TransactGetItemsCommand({ TransactItems }));
  expect(Responses).toEqual([{}, { Item: { n: { N: '1' } } }]);
});

test('a transaction consumes twice what its actions would alone', async () => {
  const Item = { ...key('a'), by: { S: 'me' } };
  const alone = await cloud.dynamodb.send(
    new PutItemCommand({ TableName, Item, ReturnConsumedCapacity: 'TOTAL' }),
  );
  expect(alone.ConsumedCapacity?.CapacityUnits).toBe(2);
  const together = await write([put('b', { by: { S: 'me' } })], { ReturnConsumedCapacity: 'TOTAL' });
  expect(together.ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 4 }]);
});

test('what a transaction wrote is there after a restart, and its token is known', () =>
  inFolder(async (directory) => {
    const first = await setUp({ directory });
    await createTable(first);
    const token = { ClientRequestToken: 'once' };
    await write([put('a'), put('b')], token, first);
    await first.close();
    const second = await setUp({ directory });
    expect(await all(second)).toEqual(['a', 'b']);
    await expect(write([put('a')], token, second)).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    await second.close();
  }));
