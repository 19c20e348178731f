/**
 * Deletes what has expired, as DynamoDB does: some time after the moment, and never an item whose expiry was moved.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
 */
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import type { Table } from './settings.ts';

/** An operation of the database, by its name. */
type Run = (operation: string, body: object) => Promise<unknown>;

/** DynamoDB leaves what expired before: a wrong unit must not empty a table. */
const OLDEST_SECONDS = 5 * 365 * 86_400;

const Item = z.record(z.string(), z.unknown());
const Page = z.object({ Items: z.array(Item).default([]), LastEvaluatedKey: Item.optional() });

/** @returns how many items it deleted */
export async function expire(run: Run, name: string, table: Table, nowMs: number): Promise<number> {
  const { expiresBy, KeySchema } = table;
  if (expiresBy === undefined) return 0;
  const nowSeconds = Math.floor(nowMs / 1000);
  const filter = {
    TableName: name,
    ExpressionAttributeNames: { '#expiry': expiresBy },
    FilterExpression: 'attribute_type(#expiry, :number) AND #expiry BETWEEN :oldest AND :now',
    ExpressionAttributeValues: {
      ':number': { S: 'N' },
      ':oldest': { N: String(nowSeconds - OLDEST_SECONDS) },
      ':now': { N: String(nowSeconds) },
    },
  };
  let deleted = 0;
  let ExclusiveStartKey: z.infer<typeof Item> | undefined;
  do {
    const from = ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey };
    const page = Page.parse(await run('Scan', { ...filter, ...from }));
    for (const item of page.Items) {
      const Key = Object.fromEntries(KeySchema.map(({ AttributeName: key }) => [key, item[key]]));
      deleted += await deleteUnchanged(run, { TableName: name, Key }, expiresBy, item[expiresBy]);
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return deleted;
}

/** Safe to run twice: an item that is gone, or expires at another time now, does not meet the condition. */
async function deleteUnchanged(run: Run, key: object, expiresBy: string, expiry: unknown): Promise<number> {
  try {
    await run('DeleteItem', {
      ...key,
      ConditionExpression: '#expiry = :seen',
      ExpressionAttributeNames: { '#expiry': expiresBy },
      ExpressionAttributeValues: { ':seen': expiry },
    });
    return 1;
  } catch (error) {
    if (error instanceof ApiError && error.name === 'ConditionalCheckFailedException') return 0;
    throw error;
  }
}
