/** Requests that DynamoDB refuses for what they say alone, and neighbours that it takes. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setUp } from '../gateway/set-up.ts';

const TableName = 'rows';
const KEYS = [
  { AttributeName: 'pk', KeyType: 'HASH' as const },
  { AttributeName: 'sk', KeyType: 'RANGE' as const },
];
const definitions = (...names: string[]) =>
  names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }));
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeAll(async () => {
  cloud = await setUp();
  await create({ TableName });
});
afterAll(() => cloud.close());

const create = (more: Partial<CreateTableCommandInput>) =>
  cloud.dynamodb.send(
    new CreateTableCommand({
      TableName: 'new',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: definitions('pk', 'sk', 'kind'),
      KeySchema: KEYS,
      GlobalSecondaryIndexes: [index('kind', 1)],
      ...more,
    }),
  );
const index = (IndexName: string, attributes: number) => ({
  IndexName,
  KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' as const }],
  Projection: {
    ProjectionType: 'INCLUDE' as const,
    NonKeyAttributes: Array.from({ length: attributes }, (_, n) => `${IndexName}${n}`),
  },
});
const query = (more: Partial<QueryCommandInput>) =>
  cloud.dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'p' } },
      ...more,
    }),
  );
const between = (from: string, to: string) =>
  query({
    KeyConditionExpression: 'pk = :p AND sk BETWEEN :a AND :b',
    ExpressionAttributeValues: { ':p': { S: 'p' }, ':a': { S: from }, ':b': { S: to } },
  });
const scan = (more: Partial<ScanCommandInput>) =>
  cloud.dynamodb.send(new ScanCommand({ TableName, ...more }));
const oneOf = (count: number) => {
  const names = Array.from({ length: count }, (_, n) => `:v${n}`);
  return scan({
    FilterExpression: `kind IN (${names.join(', ')})`,
    ExpressionAttributeValues: Object.fromEntries(names.map((name) => [name, { S: name }])),
  });
};
const Key = { pk: { S: 'p' }, sk: { S: 's' } };
const put = (name: string) =>
  cloud.dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, [name]: { S: 'x' } } }));
const write = (request: object) =>
  cloud.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [request] } }));

test.each<[string, () => Promise<unknown>, RegExp | 'taken']>([
  [
    'a table with a definition that no key uses',
    () => create({ AttributeDefinitions: definitions('pk', 'sk', 'kind', 'color') }),
    /Some AttributeDefinitions are not used/,
  ],
  [
    'indexes with copies of 101 attributes',
    () => create({ GlobalSecondaryIndexes: [index('one', 50), index('two', 51)] }),
    /limit of 100/,
  ],
  [
    'a query for specific attributes without their names',
    () => query({ Select: 'SPECIFIC_ATTRIBUTES' }),
    /Must specify/,
  ],
  [
    'a query for specific attributes with their names',
    () => query({ Select: 'SPECIFIC_ATTRIBUTES', ProjectionExpression: 'pk' }),
    'taken',
  ],
  [
    'a query for a count of specific attributes',
    () => query({ Select: 'COUNT', ProjectionExpression: 'pk' }),
    /Cannot specify the ProjectionExpression .* only the Count/,
  ],
  [
    'a query for all attributes and for some',
    () => query({ Select: 'ALL_ATTRIBUTES', ProjectionExpression: 'pk' }),
    /Cannot specify the ProjectionExpression/,
  ],
  [
    'a query of a table for the attributes of an index',
    () => query({ Select: 'ALL_PROJECTED_ATTRIBUTES' }),
    /only when Querying using an IndexName/,
  ],
  ['a query for keys from an empty text on', () => between('', 'x'), /cannot contain an empty string value/],
  ['a query for keys from some text on', () => between('a', 'x'), 'taken'],
  ['a scan of a segment of nothing', () => scan({ Segment: 0 }), /TotalSegments parameter is required/],
  ['a scan of the first of two segments', () => scan({ Segment: 0, TotalSegments: 2 }), 'taken'],
  [
    'a scan of a million and one segments',
    () => scan({ Segment: 0, TotalSegments: 1_000_001 }),
    /totalSegments/,
  ],
  ['a choice of 100 values', () => oneOf(100), 'taken'],
  ['a choice of 101 values', () => oneOf(101), /too many operands; number of operands: 101/],
  ['an attribute without a name', () => put(''), /attribute name/],
  ['a name of 65,535 bytes', () => put('n'.repeat(65_535)), 'taken'],
  ['a name of 65,536 bytes', () => put('é'.repeat(32_768)), /attribute name/],
  [
    'a write that puts and deletes',
    () => write({ PutRequest: { Item: Key }, DeleteRequest: { Key } }),
    /exactly one/,
  ],
  ['a write that puts', () => write({ PutRequest: { Item: Key } }), 'taken'],
  [
    'a transaction with an attribute without a name',
    () =>
      cloud.dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Put: { TableName, Item: { ...Key, '': { S: 'x' } } } }],
        }),
      ),
    /ValidationError/,
  ],
])('%s is answered as DynamoDB does', async (_, act, answer) => {
  const said = await act().then(
    () => 'taken',
    ({ message }) => String(message),
  );
  if (answer === 'taken') expect(said).toBe(answer);
  else expect(said).toMatch(answer);
});
