/** Single-item operations on the table. The SDK repeats a call whose answer was lost, and these know their own writes again. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Chance } from './clock.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}
export type Attributes = Readonly<Record<string, unknown>>;

export interface Condition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Attributes;
}

export interface Table {
  /** A consistent read. */
  get(key: Key): Promise<Attributes | undefined>;
  /** Consistent reads, in calls of up to 100; keys without an item are left out, and so are repeated keys. */
  getAll(keys: readonly Key[]): Promise<Attributes[]>;
  /** Puts an item if the condition holds. @returns what stands in its way, or undefined when it was put */
  put(key: Key, item: Attributes, condition: Condition): Promise<Attributes | undefined>;
  /** Turns the attributes of an item into others if the condition holds. */
  change(
    key: Key,
    change: { readonly from: Attributes; readonly to: Attributes },
    condition: Condition,
  ): Promise<'written' | 'lost'>;
}

const MAX_BATCH_GET = 100;

export function table(db: DynamoDBDocumentClient, tableName: string, chance: Chance): Table {
  const get = async (key: Key) => {
    const { Item } = await db.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
    return Item;
  };

  /** Every write carries a token: if its condition fails against our own token, its first try had got through. */
  const conditionally = async (key: Key, by: string, write: () => Promise<unknown>) => {
    try {
      await write();
      return undefined;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    const stored = (await get(key)) ?? {};
    return stored['by'] === by ? undefined : stored;
  };

  return {
    get,

    async getAll(keys) {
      const found: Attributes[] = [];
      let left = [...new Map(keys.map((key) => [`${key.pk} ${key.sk}`, key])).values()];
      while (left.length > 0) {
        const request = { Keys: left.splice(0, MAX_BATCH_GET), ConsistentRead: true };
        const answer = await db.send(new BatchGetCommand({ RequestItems: { [tableName]: request } }));
        found.push(...(answer.Responses?.[tableName] ?? []));
        // DynamoDB answers 16 MB at most and hands back what did not fit.
        const unread = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
        left = [...left, ...unread.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }))];
      }
      return found;
    },

    put(key, item, { expression, names, values }) {
      const by = chance.token();
      const command = new PutCommand({
        TableName: tableName,
        Item: { ...key, ...item, by },
        ConditionExpression: expression,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
      });
      return conditionally(key, by, () => db.send(command));
    },

    async change(key, { from, to }, { expression, names, values }) {
      const by = chance.token();
      const update = difference({ ...from, by: undefined }, { ...to, by });
      const command = new UpdateCommand({
        TableName: tableName,
        Key: key,
        UpdateExpression: update.expression,
        ConditionExpression: expression,
        ExpressionAttributeNames: { ...update.names, ...names },
        ExpressionAttributeValues: { ...update.values, ...values },
      });
      return (await conditionally(key, by, () => db.send(command))) === undefined ? 'written' : 'lost';
    },
  };
}

/** An update expression that turns one set of attributes into the other, naming only what differs. */
export function difference(from: Attributes, to: Attributes) {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const set: string[] = [];
  const remove: string[] = [];
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (JSON.stringify(from[name]) === JSON.stringify(to[name])) continue;
    names[`#${name}`] = name;
    if (to[name] === undefined) {
      remove.push(`#${name}`);
    } else {
      values[`:${name}`] = to[name];
      set.push(`#${name} = :${name}`);
    }
  }
  const parts = [
    set.length > 0 ? `SET ${set.join(', ')}` : '',
    remove.length > 0 ? `REMOVE ${remove.join(', ')}` : '',
  ];
  return { expression: parts.filter((part) => part !== '').join(' '), names, values };
}
