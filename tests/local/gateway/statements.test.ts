import {
  BatchExecuteStatementCommand,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setUp } from './set-up.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  cloud = await setUp();
  await cloud.dynamodb.send(
    new CreateTableCommand({
      TableName: 'rows',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  );
});
afterEach(() => cloud.close());

type Values = ({ S: string } | { N: string })[];
const execute = async (...statements: [text: string, ...values: Values][]) => {
  const { Responses = [], ConsumedCapacity } = await cloud.dynamodb.send(
    new BatchExecuteStatementCommand({
      Statements: statements.map(([Statement, ...Parameters]) => ({
        Statement,
        ...(Parameters.length > 0 ? { Parameters } : {}),
      })),
      ReturnConsumedCapacity: 'TOTAL',
    }),
  );
  return { codes: Responses.map((response) => response.Error?.Code), ConsumedCapacity };
};
const item = async (pk: string) =>
  (
    await cloud.dynamodb.send(
      new GetItemCommand({ TableName: 'rows', Key: { pk: { S: pk }, sk: { S: 's' } } }),
    )
  ).Item;
const given = (pk: string, version: string) =>
  cloud.dynamodb.send(
    new PutItemCommand({
      TableName: 'rows',
      Item: { pk: { S: pk }, sk: { S: 's' }, version: { N: version }, old: { S: 'x' } },
    }),
  );

const INSERT = `INSERT INTO "rows" VALUE {'pk': ?, 'sk': ?, 'version': ?}`;
const UPDATE = 'UPDATE "rows" SET "version" = ? REMOVE "old" WHERE "pk" = ? AND "sk" = ? AND "version" = ?';
const [one, two, s] = [{ N: '1' }, { N: '2' }, { S: 's' }] as const;

test('statements write by themselves: those that cannot say so in their place, the others are done', async () => {
  await given('there', '1');
  await given('newer', '5');
  const { codes } = await execute(
    [INSERT, { S: 'there' }, s, one],
    [INSERT, { S: 'fresh' }, s, one],
    [UPDATE, two, { S: 'newer' }, s, one],
    [UPDATE, two, { S: 'there' }, s, one],
  );
  expect(codes).toEqual(['DuplicateItem', undefined, 'ConditionalCheckFailed', undefined]);
  expect(await item('fresh')).toEqual({ pk: { S: 'fresh' }, sk: s, version: one });
  expect(await item('newer')).toMatchObject({ version: { N: '5' }, old: { S: 'x' } });
  expect(await item('there')).toEqual({ pk: { S: 'there' }, sk: s, version: two });
});

test('an update makes no item, unlike UpdateItem', async () => {
  const { codes } = await execute([
    'UPDATE "rows" SET "version" = ? WHERE "pk" = ? AND "sk" = ?',
    one,
    { S: 'a' },
    s,
  ]);
  expect(codes).toEqual(['ConditionalCheckFailed']);
  expect(await item('a')).toBeUndefined();
});

test('each statement takes the units of its write, a failed one included', async () => {
  await given('there', '1');
  const { ConsumedCapacity } = await execute(
    [INSERT, { S: 'there' }, s, one],
    [INSERT, { S: 'fresh' }, s, one],
    [UPDATE, two, { S: 'there' }, s, one],
  );
  expect(ConsumedCapacity).toEqual([{ TableName: 'rows', CapacityUnits: 3 }]);
});

test('a statement without the whole key, or for a table that is not there, fails alone', async () => {
  const { codes } = await execute(
    ['UPDATE "rows" SET "version" = ? WHERE "pk" = ?', one, { S: 'a' }],
    ['INSERT INTO "nowhere" VALUE {\'pk\': ?}', { S: 'a' }],
    [INSERT, { S: 'fresh' }, s, one],
  );
  expect(codes).toEqual(['ValidationError', 'ResourceNotFound', undefined]);
});

describe('what the embedded DynamoDB does not read is refused, and nothing is written', () => {
  test.each<[string, string, Values]>([
    ['a read', 'SELECT * FROM "rows" WHERE "pk" = ?', [s]],
    ['a deletion', 'DELETE FROM "rows" WHERE "pk" = ? AND "sk" = ?', [s, s]],
    ['a literal', `UPDATE "rows" SET "version" = 2 WHERE "pk" = ? AND "sk" = ?`, [s, s]],
    ['another comparison', 'UPDATE "rows" SET "version" = ? WHERE "pk" = ? AND "sk" > ?', [one, s, s]],
    ['a value too few', UPDATE, [two, { S: 'there' }, s]],
    ['a value too many', INSERT, [{ S: 'fresh' }, s, one, one]],
    ['text that is no statement', '§', []],
  ])('%s', async (_, text, values) => {
    await expect(execute([INSERT, { S: 'fresh' }, s, one], [text, ...values])).rejects.toThrow(
      expect.objectContaining({ name: 'ValidationException' }),
    );
    expect(await item('fresh')).toBeUndefined();
  });

  test('more than 25 statements', async () => {
    const statements = Array.from({ length: 26 }, (_, i): [string, ...Values] => [
      INSERT,
      { S: `n${i}` },
      s,
      one,
    ]);
    await expect(execute(...statements)).rejects.toThrow('25');
  });
});
