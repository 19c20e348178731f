/** The table: single items, and one partition at a time. Each kind of item has a store over this. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import type { Random } from '../process/random.ts';
import { batched } from './batching.ts';
import { knownAttributes } from './rows.ts';
import { type Attributes, type Key, type Write, writer } from './writes.ts';

export type { Attributes, Key };

export interface Table {
  /** Consistent reads; keys without an item are left out, and so are repeated keys. */
  getAll(keys: readonly Key[]): Promise<Attributes[]>;
  get(key: Key): Promise<Attributes | undefined>;
  /**
   * Puts an item if there is none.
   * @returns the existing item, or undefined when it was put
   */
  insert(key: Key, item: Attributes): Promise<Attributes | undefined>;
  /** Changes the attributes of an item, if it has the expected ones. */
  change(
    key: Key,
    change: { readonly from: Attributes; readonly to: Attributes },
    expected: Attributes,
  ): Promise<'written' | 'lost'>;
  /**
   * An update as a DynamoDB expression, for items that are not records.
   * @returns whether its condition held
   */
  update(key: Key, update: Update): Promise<boolean>;
  /**
   * Adds to a number of an item. Where it is less than `least`, or absent, it begins there.
   * @returns the sum. A repeat adds once more
   */
  add(key: Key, name: string, amount: { readonly least: number; readonly by: number }): Promise<number>;
  /** One page of a partition, or of an index. */
  query(query: Query): Promise<Page>;
  /** One page of all that the table has, read consistently, in an order of its own. */
  scan(after?: Key): Promise<{ readonly items: readonly Attributes[]; readonly next?: Key }>;
  /** How many items a partition has that meet the condition, and the filter; each item that meets the condition is read. */
  countItems(query: Pick<Query, 'condition' | 'values'> & { readonly filter?: string }): Promise<number>;
  /** Puts an item, in place of one that is there. */
  put(key: Key, item: Attributes): Promise<void>;
  /** Removes items, whatever their content; an absent one is not an error. */
  removeAll(keys: readonly Key[]): Promise<void>;
  /** Removes an item if it has the expected attributes; an absent one is not an error. */
  removeIf(key: Key, expected: Attributes): Promise<void>;
}

export interface Update {
  readonly update: string;
  /** Absent: whatever is there, also nothing. */
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Attributes;
}

export interface Query {
  /** Absent: the table itself, read consistently. */
  readonly index?: string;
  readonly condition: string;
  readonly values: Attributes;
  readonly limit?: number;
  /** By the sort key, from its end. */
  readonly newestFirst?: boolean;
  readonly after?: Position | undefined;
}

/** The start of the next page; opaque to callers. */
export type Position = Readonly<Record<string, unknown>>;

export interface Page {
  readonly items: readonly Attributes[];
  /** Absent on the last page. */
  readonly next?: Position;
}

const MAX_BATCH_GET = 100;
const MAX_BATCH_WRITE = 25;

/**
 * Reads of one turn of the event loop are one call, whichever stores ask for them.
 *
 * Each write stores a random token in `by`. When the SDK repeats a request whose answer was lost, the repetition
 * fails its condition but finds its own token, and so knows that the first one succeeded.
 */
export function table(db: DynamoDBDocumentClient, tableName: string, random: Random): Table {
  const write = writer(db, tableName);
  const read = batched<string, Attributes>(async (names) => {
    // DynamoDB refuses a call that names an item twice.
    const different = [...new Set(names)].map(keyOf);
    const items = await readAll(db, tableName, different);
    return new Map(items.map((item) => [nameOf({ pk: String(item['pk']), sk: String(item['sk']) }), item]));
  });
  const get = (key: Key) => read(nameOf(key));

  const conditionally = async (by: string, asked: Write) => {
    if (await write(asked)) return undefined;
    const stored = (await get(asked.key)) ?? {};
    return stored['by'] === by ? undefined : stored;
  };

  return {
    get,

    async getAll(keys) {
      const different = new Map(keys.map((key) => [nameOf(key), key]));
      const items = await Promise.all([...different.values()].map(get));
      return items.filter((item) => item !== undefined);
    },

    insert(key, item) {
      const by = random.token();
      return conditionally(by, { kind: 'insert', key, item: { ...item, by } });
    },

    async change(key, { from, to }, expected) {
      const by = random.token();
      const change = difference({ ...from, by: undefined }, { ...to, by });
      const stored = await conditionally(by, { kind: 'change', key, ...change, expected });
      return stored === undefined ? 'written' : 'lost';
    },

    async update(key, { update, condition, names, values }) {
      const command = new UpdateCommand({
        TableName: tableName,
        Key: key,
        UpdateExpression: update,
        ConditionExpression: condition,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
      });
      try {
        await db.send(command);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    add: (key, name, amount) => add(db, tableName, { key, name, ...amount }),

    query: (query) => queryPage(db, tableName, query),

    scan: (after) => scanPage(db, tableName, after),

    async countItems({ filter, ...query }) {
      let sum = 0;
      let after: Position | undefined;
      do {
        const command = queryCommand(
          tableName,
          { ...query, after },
          { Select: 'COUNT', FilterExpression: filter },
        );
        const { Count = 0, LastEvaluatedKey } = await db.send(command);
        sum += Count;
        after = LastEvaluatedKey;
      } while (after !== undefined);
      return sum;
    },

    async put(key, item) {
      await db.send(new PutCommand({ TableName: tableName, Item: { ...key, ...item } }));
    },

    removeAll: (keys) => removeAll(db, tableName, keys),

    removeIf: (key, expected) => removeIf(db, tableName, { key, expected }),
  };
}

interface Addition {
  readonly key: Key;
  readonly name: string;
  readonly least: number;
  readonly by: number;
}

async function add(
  db: DynamoDBDocumentClient,
  tableName: string,
  { key, name, least, by }: Addition,
): Promise<number> {
  // One of the two is refused, unless another process adds in between; then the first one holds.
  for (let goesOn = true; ; goesOn = !goesOn) {
    const command = new UpdateCommand({
      TableName: tableName,
      Key: key,
      UpdateExpression: goesOn ? 'SET #n = #n + :by' : 'SET #n = :by',
      ConditionExpression: goesOn ? '#n >= :least' : 'attribute_not_exists(#n) OR #n < :least',
      ExpressionAttributeNames: { '#n': name },
      ExpressionAttributeValues: { ':by': goesOn ? by : least + by, ':least': least },
      ReturnValues: 'UPDATED_NEW',
    });
    try {
      return Number((await db.send(command)).Attributes?.[name]);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}

async function removeAll(db: DynamoDBDocumentClient, tableName: string, keys: readonly Key[]): Promise<void> {
  // DynamoDB refuses a call that names an item twice.
  const different = new Map(keys.map((key) => [nameOf(key), key]));
  let left = [...different.values()].map((Key) => ({ DeleteRequest: { Key } }));
  while (left.length > 0) {
    const requests = left.slice(0, MAX_BATCH_WRITE);
    const { UnprocessedItems = {} } = await db.send(
      new BatchWriteCommand({ RequestItems: { [tableName]: requests } }),
    );
    const again = (UnprocessedItems[tableName] ?? []).flatMap(({ DeleteRequest }) => {
      const Key = DeleteRequest?.Key;
      return Key === undefined
        ? []
        : [{ DeleteRequest: { Key: { pk: String(Key['pk']), sk: String(Key['sk']) } } }];
    });
    left = [...left.slice(MAX_BATCH_WRITE), ...again];
  }
}

async function removeIf(
  db: DynamoDBDocumentClient,
  tableName: string,
  { key, expected }: { readonly key: Key; readonly expected: Attributes },
): Promise<void> {
  const names = Object.keys(expected);
  try {
    await db.send(
      new DeleteCommand({
        TableName: tableName,
        Key: key,
        ConditionExpression: names.map((name) => `#${name} = :${name}`).join(' AND '),
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, expected[name]])),
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

async function queryPage(db: DynamoDBDocumentClient, tableName: string, query: Query): Promise<Page> {
  const { Items = [], LastEvaluatedKey } = await db.send(queryCommand(tableName, query));
  return { items: Items, ...(LastEvaluatedKey === undefined ? {} : { next: LastEvaluatedKey }) };
}

async function scanPage(
  db: DynamoDBDocumentClient,
  tableName: string,
  after: Key | undefined,
): ReturnType<Table['scan']> {
  const command = new ScanCommand({
    TableName: tableName,
    ConsistentRead: true,
    ExclusiveStartKey: after && { ...after },
  });
  const { Items = [], LastEvaluatedKey: last } = await db.send(command);
  const next = last && { pk: String(last['pk']), sk: String(last['sk']) };
  return { items: Items, ...(next === undefined ? {} : { next }) };
}

function queryCommand(
  tableName: string,
  { index, condition, values, limit, newestFirst = false, after }: Query,
  more: { readonly Select?: 'COUNT'; readonly FilterExpression?: string | undefined } = {},
) {
  return new QueryCommand({
    TableName: tableName,
    IndexName: index,
    ConsistentRead: index === undefined,
    KeyConditionExpression: condition,
    ExpressionAttributeValues: values,
    ExclusiveStartKey: after,
    Limit: limit,
    ScanIndexForward: !newestFirst,
    ...more,
  });
}

/** In calls of up to 100. */
async function readAll(db: DynamoDBDocumentClient, tableName: string, keys: Key[]): Promise<Attributes[]> {
  const found: Attributes[] = [];
  let left = keys;
  while (left.length > 0) {
    const request = { Keys: left.slice(0, MAX_BATCH_GET), ConsistentRead: true };
    const answer = await db.send(new BatchGetCommand({ RequestItems: { [tableName]: request } }));
    found.push(...(answer.Responses?.[tableName] ?? []));
    // DynamoDB answers 16 MB at most, and returns the keys of the rest.
    const unread = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
    left = [
      ...left.slice(MAX_BATCH_GET),
      ...unread.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })),
    ];
  }
  return found;
}

/** A setting of an operator replaces the stored one; of two at once each is written. */
export async function putOver(items: Table, key: Key, item: Attributes, schema: z.ZodObject): Promise<void> {
  for (;;) {
    const there = await items.insert(key, item);
    if (there === undefined) return;
    const from = knownAttributes(schema, there);
    // Idempotent: a repeat finds the token of the first write.
    if ((await items.change(key, { from, to: item }, { by: there['by'] })) === 'written') return;
  }
}

/** Both parts of a key in one text, to compare them; neither contains a line break. */
const nameOf = ({ pk, sk }: Key): string => `${pk}\n${sk}`;

function keyOf(name: string): Key {
  const [pk = '', sk = ''] = name.split('\n');
  return { pk, sk };
}

/** The difference between two sets of attributes. */
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
