/** Single items of the table. The SDK repeats a call whose answer was lost, and these know their own writes again. */
import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Chance } from './clock.ts';
import { type Attributes, type Key, type Write, writer } from './writes.ts';

export type { Attributes, Key };

export interface Table {
  /** A consistent read. */
  get(key: Key): Promise<Attributes | undefined>;
  /** Consistent reads, in calls of up to 100; keys without an item are left out, and so are repeated keys. */
  getAll(keys: readonly Key[]): Promise<Attributes[]>;
  /** Puts an item where there is none. @returns what is there, or undefined when it was put */
  insert(key: Key, item: Attributes): Promise<Attributes | undefined>;
  /** Turns the attributes of an item into others, if it still has what is expected. */
  change(
    key: Key,
    change: { readonly from: Attributes; readonly to: Attributes },
    expected: Attributes,
  ): Promise<'written' | 'lost'>;
}

const MAX_BATCH_GET = 100;

export function table(db: DynamoDBDocumentClient, tableName: string, chance: Chance): Table {
  const write = writer(db, tableName);
  const get = async (key: Key) => {
    const { Item } = await db.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
    return Item;
  };

  /** Every write carries a token: if its condition fails against our own token, its first try had got through. */
  const conditionally = async (by: string, asked: Write) => {
    if (await write(asked)) return undefined;
    const stored = (await get(asked.key)) ?? {};
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

    insert(key, item) {
      const by = chance.token();
      return conditionally(by, { kind: 'insert', key, item: { ...item, by } });
    },

    async change(key, { from, to }, expected) {
      const by = chance.token();
      const change = difference({ ...from, by: undefined }, { ...to, by });
      const stored = await conditionally(by, { kind: 'change', key, ...change, expected });
      return stored === undefined ? 'written' : 'lost';
    },
  };
}

/** What turns one set of attributes into the other, naming only what differs. */
export function difference(from: Attributes, to: Attributes): { set: Attributes; remove: readonly string[] } {
  const differing = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
    (name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]),
  );
  return {
    set: Object.fromEntries(
      differing.flatMap((name) => (to[name] === undefined ? [] : [[name, to[name]] as const])),
    ),
    remove: differing.filter((name) => to[name] === undefined),
  };
}
