import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Attributes, type Key, type Write, type Writer, writer } from '../../io/writes.ts';
import type { ApiCall } from '../../local/gateway.ts';
import { setUp } from '../local/gateway/set-up.ts';

const calls: ApiCall[] = [];
let cloud: Awaited<ReturnType<typeof setUp>>;
let db: DynamoDBDocumentClient;
let write: Writer;
beforeEach(async () => {
  calls.length = 0;
  cloud = await setUp({ onCall: (call) => calls.push(call) });
  db = DynamoDBDocumentClient.from(cloud.dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  await createTable(cloud.dynamodb);
  write = writer(db, 'rows');
  calls.length = 0;
});
afterEach(() => cloud.close());

async function createTable(client: DynamoDBClient) {
  await client.send(
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
}

const key = (pk: string): Key => ({ pk, sk: 's' });
const insert = (pk: string, item: Attributes = { version: 1 }): Write => ({
  kind: 'insert',
  key: key(pk),
  item,
});
const change = (pk: string, from: number, set: Attributes = { version: from + 1 }): Write => ({
  kind: 'change',
  key: key(pk),
  set,
  remove: ['gone'],
  expected: { version: from },
});
const stored = async (pk: string) =>
  (await db.send(new GetCommand({ TableName: 'rows', Key: key(pk) }))).Item;
const actions = () => calls.map(({ action }) => action);

test('what is asked for together is one call, and each write knows whether its own condition held', async () => {
  await write(insert('there', { version: 1, gone: 'x' }));
  calls.length = 0;
  const held = await Promise.all([
    write(insert('there')),
    write(insert('fresh', { version: 1, note: undefined, nested: { deep: [1, { a: null }] } })),
    write(change('there', 1, { version: 2, note: 'é "quoted"' })),
    write(change('nowhere', 1)),
  ]);
  expect(held).toEqual([false, true, true, false]);
  // The second write of one item comes after the first.
  expect(actions()).toEqual(['BatchExecuteStatement', 'UpdateItem']);
  expect(await stored('fresh')).toEqual({ ...key('fresh'), version: 1, nested: { deep: [1, { a: null }] } });
  expect(await stored('there')).toEqual({ ...key('there'), version: 2, note: 'é "quoted"' });
  expect(await stored('nowhere')).toBeUndefined();
});

test('a write that stands alone is a call of its own, with the same condition', async () => {
  expect(await write(insert('a'))).toBe(true);
  expect(await write(insert('a'))).toBe(false);
  expect(await write(change('a', 1))).toBe(true);
  expect(await write(change('a', 1))).toBe(false);
  expect(actions()).toEqual(['PutItem', 'PutItem', 'UpdateItem', 'UpdateItem']);
});

test('writes that are asked for while a call is under way wait for the next, and no call has more than 25', async () => {
  const first = write(insert('first'));
  await new Promise((resolve) => setTimeout(resolve, 15));
  const others = Array.from({ length: 40 }, (_, i) => write(insert(`n${i}`)));
  expect(await Promise.all([first, ...others])).toEqual(Array(41).fill(true));
  expect(actions()).toEqual(['PutItem', 'BatchExecuteStatement', 'BatchExecuteStatement']);
});

test('two changes of one item to the same version: one of them has it', async () => {
  await write(insert('a'));
  const held = await Promise.all([write(change('a', 1)), write(change('a', 1)), write(insert('b'))]);
  expect(held.filter((each) => each)).toHaveLength(2);
  expect(await stored('a')).toMatchObject({ version: 2 });
});

/** Stands between the client and the database, where DynamoDB's own bad moments come from. */
function answering(change: (output: { Responses?: object[] }) => void) {
  db.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if (Array.isArray(Reflect.get(Object(answer.output), 'Responses'))) change(Object(answer.output));
      return answer;
    },
    { step: 'initialize', priority: 'high', name: 'answering' },
  );
}

test('a statement that was throttled inside a success is written by itself', async () => {
  await write(insert('a'));
  await write(insert('b'));
  answering(({ Responses = [] }) => {
    Responses[0] = { Error: { Code: 'ThrottlingError' } };
  });
  calls.length = 0;
  const both = Promise.all([write(change('a', 1)), write(change('b', 1))]);
  // Here the statement did run, so that its write finds another version; the owner of the token in it knows it again.
  expect(await both).toEqual([false, true]);
  expect(actions()).toEqual(['BatchExecuteStatement', 'UpdateItem']);
});

test('when the call itself fails, nobody is told that it was written', async () => {
  await cloud.close();
  const both = await Promise.allSettled([write(insert('a')), write(insert('b'))]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  cloud = await setUp();
});
