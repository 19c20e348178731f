import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from '@jest/globals';
import { systemRandom } from '../../io/process/random.ts';
import { table } from '../../io/table/table.ts';

interface Asked {
  readonly input: { readonly RequestItems: Record<string, { readonly Keys: object[] }> };
}

test('two requests for the same item at one moment are one read, because DynamoDB refuses a repeated key', async () => {
  const calls: object[][] = [];
  const send = async ({ input }: Asked) => {
    const keys = input.RequestItems['t']?.Keys ?? [];
    calls.push(keys);
    return { Responses: { t: keys.map((key) => ({ ...key, found: true })) } };
  };
  const items = table({ send } as unknown as DynamoDBDocumentClient, 't', systemRandom);
  const key = { pk: 'JOB#1', sk: 'JOB' };
  const found = await Promise.all([items.get(key), items.get(key), items.get({ ...key, pk: 'JOB#2' })]);
  expect(found.map((item) => item?.['pk'])).toEqual(['JOB#1', 'JOB#1', 'JOB#2']);
  expect(calls).toEqual([[key, { ...key, pk: 'JOB#2' }]]);
});
