/** What DynamoDB promises for conditions, protected tables and expiry, and what is refused by its name. */
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, expect, test } from '@jest/globals';
import { openTables } from '../../../local/dynamodb/tables.ts';
import { inFolder, setUp } from '../gateway/set-up.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const TableName = 'rows';
const keys = { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }] };
const KEYS = {
  TableName,
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
  ...keys,
  BillingMode: 'PAY_PER_REQUEST' as const,
};

/** A table of its own over the real client. */
async function started(more: object = {}, directory?: string) {
  const tables = openTables(directory && join(directory, 'tables.sqlite'));
  const handle = tables.handle;
  const cloud = await setUp({ services: { dynamodb: { protocol: 'json', handle } } });
  const close = async () => {
    await cloud.close();
    tables.close();
  };
  const { dynamodb } = cloud;
  await dynamodb.send(new CreateTableCommand({ ...KEYS, ...more })).catch(() => undefined);
  for (let status = ''; status !== 'ACTIVE'; ) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    status = Table?.TableStatus ?? '';
  }
  const put = (pk: string, expiresAt: object) =>
    dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, ...expiresAt } }));
  const has = async (pk: string) =>
    (await dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: pk } } }))).Item !== undefined;
  return { tables, dynamodb, put, has, close };
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html */
test.each(['PutItem', 'UpdateItem', 'DeleteItem'])(
  '%s whose condition fails returns the item if asked',
  async (name) => {
    const { dynamodb, close } = await started();
    closers.push(close);
    const Item = { pk: { S: 'a' }, version: { N: '1' } };
    await dynamodb.send(new PutItemCommand({ TableName, Item }));
    const failing = {
      TableName,
      ConditionExpression: 'version = :v',
      ExpressionAttributeValues: { ':v': { N: '2' } },
    };
    const act = (more: object) =>
      name === 'PutItem'
        ? dynamodb.send(new PutItemCommand({ ...failing, Item, ...more }))
        : name === 'UpdateItem'
          ? dynamodb.send(new UpdateItemCommand({ ...failing, Key: { pk: { S: 'a' } }, ...more }))
          : dynamodb.send(new DeleteItemCommand({ ...failing, Key: { pk: { S: 'a' } }, ...more }));
    const refused = (more: object) =>
      act(more).then(
        () => 'done',
        (error) => [error.name, error.Item],
      );
    const code = 'ConditionalCheckFailedException';
    expect(await refused({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })).toEqual([code, Item]);
    expect(await refused({ ReturnValuesOnConditionCheckFailure: 'NONE' })).toEqual([code, undefined]);
    expect(await refused({})).toEqual([code, undefined]);
  },
);

test('a protected table is not deleted until its protection is taken away', async () => {
  const { dynamodb, close } = await started({ DeletionProtectionEnabled: true });
  closers.push(close);
  const isProtected = async () =>
    (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table?.DeletionProtectionEnabled;
  expect(await isProtected()).toBe(true);
  await expect(dynamodb.send(new DeleteTableCommand({ TableName }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('protected against deletion'),
  });
  await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  expect(await isProtected()).toBe(false);
  await dynamodb.send(new DeleteTableCommand({ TableName }));
});

test('protection and expiry are kept over a restart', () =>
  inFolder(async (directory) => {
    const first = await started({}, directory);
    const on = { AttributeName: 'expiresAt', Enabled: true };
    await first.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: on }));
    await first.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
    await first.close();
    const { dynamodb, close } = await started({}, directory);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(Table).toMatchObject({ ...keys, DeletionProtectionEnabled: true, TableStatus: 'ACTIVE' });
    expect(Table).not.toHaveProperty('expiresBy');
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
    await close();
  }));

test('what has expired is deleted, and nothing else', async () => {
  const { tables, dynamodb, put, has, close } = await started();
  closers.push(close);
  const nowSeconds = 2_000_000_000;
  const at = (seconds: number) => ({ expiresAt: { N: String(nowSeconds + seconds) } });
  await put('past', at(-1));
  await put('now', at(0));
  await put('future', at(1));
  await put('six years ago', at(-6 * 365 * 86_400));
  await put('text', { expiresAt: { S: '1' } });
  await put('for ever', {});
  expect(await tables.expire(nowSeconds * 1000)).toBe(0);
  const on = { AttributeName: 'expiresAt', Enabled: true };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: on }));
  expect(await tables.expire(nowSeconds * 1000)).toBe(2);
  const names = ['past', 'now', 'future', 'six years ago', 'text', 'for ever'];
  const left = await Promise.all(names.map(has));
  expect(names.filter((_, i) => left[i])).toEqual(names.slice(2));
});

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html */
test('an expiry that is there already, or is not there, is refused', async () => {
  const { dynamodb, close } = await started();
  closers.push(close);
  const set = (AttributeName: string, Enabled: boolean) =>
    dynamodb
      .send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled } }))
      .then(
        () => 'done',
        (error) => error.message,
      );
  expect(await set('a', false)).toBe('TimeToLive is already disabled');
  expect(await set('a', true)).toBe('done');
  expect(await set('a', true)).toBe('TimeToLive is already enabled');
  expect(await set('b', false)).toMatch(/current AttributeName is a$/);
  expect(await set('a', false)).toBe('done');
});

test.each([
  ['a stream', { StreamSpecification: { StreamEnabled: true } }, 'StreamSpecification'],
  ['tags', { Tags: [{ Key: 'a', Value: 'b' }] }, 'Tags'],
  ['a class', { TableClass: 'STANDARD_INFREQUENT_ACCESS' as const }, 'TableClass'],
])('a table with %s is refused by the name of the member', async (_, more, member) => {
  const { dynamodb, close } = await started();
  closers.push(close);
  const create = dynamodb.send(new CreateTableCommand({ ...KEYS, TableName: 'other', ...more }));
  await expect(create).rejects.toMatchObject({
    name: 'ValidationException',
    message: `not implemented here: ${member} of CreateTable`,
  });
});
