import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Table, table } from '../../io/table/table.ts';
import type { ApiCall } from '../../local/gateway.ts';
import { setUp } from '../local/gateway/set-up.ts';

const calls: ApiCall[] = [];
let cloud: Awaited<ReturnType<typeof setUp>>;
let items: Table;
let tokens = 0;
beforeEach(async () => {
  cloud = await setUp({ onCall: (call) => calls.push(call) });
  const db = DynamoDBDocumentClient.from(cloud.dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  await db.send(
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
  items = table(db, 'rows', { token: () => `token-${++tokens}`, fraction: () => 0 });
  calls.length = 0;
});
afterEach(() => cloud.close());

const key = (i: number, pk = 'list') => ({ pk, sk: `row-${String(i).padStart(3, '0')}` });
const fill = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => items.insert(key(i), { i })));

test('what several ask for in one moment is one read, although they ask for the same', async () => {
  await fill(2);
  calls.length = 0;
  const [one, again, both, none] = await Promise.all([
    items.get(key(0)),
    items.get(key(0)),
    items.getAll([key(0), key(1), key(1)]),
    items.get(key(9)),
  ]);
  expect([one?.['i'], again?.['i'], both.map(({ i }) => i), none]).toEqual([0, 0, [0, 1], undefined]);
  expect(calls.map(({ action }) => action)).toEqual(['BatchGetItem']);
});

test('more than a hundred items are read in several calls', async () => {
  await fill(130);
  calls.length = 0;
  expect(await items.getAll(Array.from({ length: 130 }, (_, i) => key(i)))).toHaveLength(130);
  expect(calls.map(({ action }) => action)).toEqual(['BatchGetItem', 'BatchGetItem']);
});

test('a partition is read in order, a page at a time, and counted', async () => {
  await fill(7);
  await items.insert(key(0, 'other'), {});
  const list = { condition: 'pk = :pk', values: { ':pk': 'list' } };
  const first = await items.query({ ...list, limit: 5 });
  const second = await items.query({ ...list, limit: 5, after: first.next });
  expect([...first.items, ...second.items].map(({ i }) => i)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(second.next).toBeUndefined();
  expect(await items.countItems(list)).toBe(7);
});

test('any number of items is removed, also those that are not there', async () => {
  await fill(30);
  await items.removeAll(Array.from({ length: 60 }, (_, i) => key(i)));
  expect(await items.countItems({ condition: 'pk = :pk', values: { ':pk': 'list' } })).toBe(0);
});

test('a write that finds its condition unmet by its own token had got through', async () => {
  await items.insert(key(0), { i: 0 });
  const stored = (await items.get(key(0))) ?? {};
  tokens -= 1;
  expect(await items.insert(key(0), { i: 0 })).toBeUndefined();
  expect(await items.insert(key(0), { i: 1 })).toEqual(stored);
});
