/** What dynalite alone would take and DynamoDB refuses, and tables by their ARN. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setUp } from '../gateway/set-up.ts';

const TableName = 'rows';
const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/rows';
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  cloud = await setUp();
  const index = (name: string, Projection: object) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: 'kind', KeyType: 'HASH' as const },
      { AttributeName: 'at', KeyType: 'RANGE' as const },
    ],
    Projection,
  });
  await cloud.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'kind', 'at', 'local'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        index('keys', { ProjectionType: 'KEYS_ONLY' }),
        index('some', { ProjectionType: 'INCLUDE', NonKeyAttributes: ['color'] }),
        index('all', { ProjectionType: 'ALL' }),
      ],
      LocalSecondaryIndexes: [
        {
          IndexName: 'local',
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'local', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
});
afterEach(() => cloud.close());

const Key = { pk: { S: 'p' }, sk: { S: 's' } };
const put = (more: Record<string, AttributeValue>) =>
  cloud.dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, ...more } }));

/** A value with so many maps and lists inside each other. */
function nested(levels: number): AttributeValue {
  const inner: AttributeValue = levels > 1 ? nested(levels - 1) : { S: 'x' };
  return levels % 2 === 0 ? { L: [inner] } : { M: { a: inner } };
}

describe('a value', () => {
  test('may have 32 levels', async () => {
    await put({ deep: nested(32) });
  });

  test('with 33 levels is refused, wherever it is', async () => {
    const says = 'Nesting Levels have exceeded supported limits';
    const deep = nested(33);
    await expect(put({ deep })).rejects.toThrow(says);
    const update = { UpdateExpression: 'SET deep = :deep', ExpressionAttributeValues: { ':deep': deep } };
    await expect(cloud.dynamodb.send(new UpdateItemCommand({ TableName, Key, ...update }))).rejects.toThrow(
      says,
    );
    const RequestItems = { [TableName]: [{ PutRequest: { Item: { ...Key, deep } } }] };
    await expect(cloud.dynamodb.send(new BatchWriteItemCommand({ RequestItems }))).rejects.toThrow(says);
  });
});

test('an expression has 4,096 bytes at most, also in a transaction', async () => {
  const sum = (names: number) => Array.from({ length: names }, (_, n) => `a${n} = :a`).join();
  const update = (UpdateExpression: string) => ({
    TableName,
    Key,
    UpdateExpression,
    ExpressionAttributeValues: { ':a': { S: 'é' } },
  });
  await cloud.dynamodb.send(new UpdateItemCommand(update(`SET ${sum(400)}`)));
  const says = 'Expression size has exceeded the maximum allowed size';
  const long = update(`SET ${sum(500)}`);
  await expect(cloud.dynamodb.send(new UpdateItemCommand(long))).rejects.toThrow(says);
  await expect(
    cloud.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: long }] })),
  ).rejects.toThrow(says);
});

describe('a key of an index', () => {
  test.each(['kind', 'at', 'local'])('%s cannot be empty, by a put or by an update', async (attribute) => {
    const says = new RegExp(
      `cannot contain an empty string value\\. IndexName: \\w+, IndexKey: ${attribute}`,
    );
    await expect(put({ [attribute]: { S: '' } })).rejects.toThrow(says);
    await put({ other: { S: '' } });
    const update = {
      UpdateExpression: 'SET #a = :empty',
      ExpressionAttributeNames: { '#a': attribute },
      ExpressionAttributeValues: { ':empty': { S: '' } },
    };
    await expect(cloud.dynamodb.send(new UpdateItemCommand({ TableName, Key, ...update }))).rejects.toThrow(
      says,
    );
    const { Item } = await cloud.dynamodb.send(new GetItemCommand({ TableName, Key }));
    expect(Item).toEqual({ ...Key, other: { S: '' } });
  });

  test.each([
    ['kind', 2048],
    ['at', 1024],
  ])('%s has at most %d bytes', async (attribute, bytes) => {
    await put({ [attribute]: { S: 'x'.repeat(bytes) } });
    await expect(put({ [attribute]: { S: 'x'.repeat(bytes + 1) } })).rejects.toThrow(
      `limit of ${bytes} bytes`,
    );
  });
});

describe('attributes that are asked of an index', () => {
  const query = (more: Partial<QueryCommandInput>) =>
    cloud.dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'kind = :k',
        ExpressionAttributeValues: { ':k': { S: 'k' } },
        ...more,
      }),
    );

  test.each([
    ['keys', 'color'],
    ['keys', 'pk, color.red'],
    ['some', 'size'],
  ])('are refused where the index %s does not have %s', async (IndexName, ProjectionExpression) => {
    const names = ProjectionExpression.includes('size')
      ? { ProjectionExpression: '#s', ExpressionAttributeNames: { '#s': 'size' } }
      : { ProjectionExpression };
    const says = `Global secondary index ${IndexName} does not project`;
    await expect(query({ IndexName, ...names })).rejects.toThrow(says);
    await expect(cloud.dynamodb.send(new ScanCommand({ TableName, IndexName, ...names }))).rejects.toThrow(
      says,
    );
  });

  test.each([
    ['keys', 'pk, sk, kind, #at'],
    ['some', 'color, #at'],
    ['all', 'color, #at'],
  ])('are given where the index %s has %s', async (IndexName, ProjectionExpression) => {
    await put({ kind: { S: 'k' }, at: { S: 'now' }, color: { S: 'red' } });
    const asked = { ProjectionExpression, ExpressionAttributeNames: { '#at': 'at' } };
    const { Items } = await query({ IndexName, ...asked });
    expect(Items?.[0]).toMatchObject({ at: { S: 'now' } });
  });

  test('are fetched from the table by a local index', async () => {
    await put({ local: { S: '1' }, color: { S: 'red' } });
    const { Items } = await query({
      IndexName: 'local',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'p' } },
      ProjectionExpression: 'color',
    });
    expect(Items).toEqual([{ color: { S: 'red' } }]);
  });
});

test('every operation takes the ARN of a table for its name', async () => {
  const { dynamodb } = cloud;
  await dynamodb.send(new PutItemCommand({ TableName: ARN, Item: Key }));
  expect((await dynamodb.send(new DescribeTableCommand({ TableName: ARN }))).Table?.TableName).toBe(
    TableName,
  );
  const batch = await dynamodb.send(new BatchGetItemCommand({ RequestItems: { [ARN]: { Keys: [Key] } } }));
  expect(batch.Responses).toEqual({ [ARN]: [Key] });
  const { Responses } = await dynamodb.send(
    new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName: ARN, Key } }] }),
  );
  expect(Responses).toEqual([{ Item: Key }]);
  await expect(
    dynamodb.send(new GetItemCommand({ TableName: ARN.replace('000000000000', '111111111111'), Key })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
