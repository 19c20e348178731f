/** Expressions whose text comes again with other names and values. */
import {
  type AttributeValue,
  CreateTableCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setUp } from '../gateway/set-up.ts';

const TableName = 'rows';
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  cloud = await setUp();
  await cloud.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
});
afterEach(() => cloud.close());

type Values = Record<string, AttributeValue>;
const key = (sk = 'a') => ({ pk: { S: 'p' }, sk: { S: sk } });

async function update(
  UpdateExpression: string,
  ExpressionAttributeValues: Values,
  ExpressionAttributeNames?: Record<string, string>,
): Promise<Values> {
  const { Attributes = {} } = await cloud.dynamodb.send(
    new UpdateItemCommand({
      TableName,
      Key: key(),
      UpdateExpression,
      ExpressionAttributeValues,
      ExpressionAttributeNames,
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Attributes;
}

async function keysBy(KeyConditionExpression: string, values: Values): Promise<(string | undefined)[]> {
  const { Items = [] } = await cloud.dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression,
      ExpressionAttributeValues: { ':pk': { S: 'p' }, ...values },
    }),
  );
  return Items.map(({ sk }) => sk?.S);
}

describe('a text of an expression that came before', () => {
  test('takes the values of its own request, whatever their types', async () => {
    const text = 'SET color = :color';
    for (const color of [
      { S: 'red' },
      { S: 'blue' },
      { N: '7' },
      { L: [{ S: 'red' }, { M: { a: { N: '1' } } }] },
    ])
      expect(await update(text, { ':color': color })).toEqual({ ...key(), color });
  });

  test('takes the names of its own request', async () => {
    const text = 'SET #one = :value';
    await update(text, { ':value': { S: 'v' } }, { '#one': 'first' });
    const second = await update(text, { ':value': { S: 'w' } }, { '#one': 'second' });
    expect(second).toEqual({ ...key(), first: { S: 'v' }, second: { S: 'w' } });
  });

  test('is refused for a value that it does not use, and for one that it lacks, and is taken again after that', async () => {
    const text = 'SET color = :color';
    const red = { ':color': { S: 'red' } };
    await update(text, red);
    await expect(update(text, { ...red, ':other': { S: 'x' } })).rejects.toThrow(
      /unused in expressions: keys: \{:other\}/,
    );
    await expect(update(text, { ...red, ':other': { S: 'x' } })).rejects.toThrow(
      /unused in expressions: keys: \{:other\}/,
    );
    await expect(update(text, { ':colour': { S: 'x' } })).rejects.toThrow(
      /not defined; attribute value: :color/,
    );
    expect(await update(text, red)).toEqual({ ...key(), color: { S: 'red' } });
  });

  test('is refused for the type of a value', async () => {
    const text = 'SET amount = amount + :more';
    await update('SET amount = :more', { ':more': { N: '1' } });
    await update(text, { ':more': { N: '1' } });
    await expect(update(text, { ':more': { S: 'x' } })).rejects.toThrow(/operand type: S/);
    expect((await update(text, { ':more': { N: '2' } }))['amount']).toEqual({ N: '4' });
  });

  test('is refused for bounds in the wrong order', async () => {
    const text = 'pk = :pk AND sk BETWEEN :from AND :to';
    await keysBy(text, { ':from': { S: 'a' }, ':to': { S: 'b' } });
    await expect(keysBy(text, { ':from': { S: 'b' }, ':to': { S: 'a' } })).rejects.toThrow(
      /greater than or equal/,
    );
  });

  test('finds the same where the value is named before the key', async () => {
    await update('SET color = :color', { ':color': { S: 'red' } });
    for (const from of ['a', 'b', 'a', 'b'])
      expect(await keysBy(':from <= sk AND :pk = pk', { ':from': { S: from } })).toEqual(
        from === 'a' ? ['a'] : [],
      );
  });
});
