/** What DynamoDB refuses of a request for itself, whatever is in the table, and dynalite 4.0.0 takes. */
import * as z from 'zod';

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_SEGMENTS = 1_000_000;
const MAX_IN_OPERANDS = 100;
const MAX_PROJECTED = 100;
const MAX_NAME_BYTES = 65_535;

const Key = z.object({ AttributeName: z.string() });
const Index = z.object({
  KeySchema: z.array(Key),
  Projection: z.object({ NonKeyAttributes: z.array(z.string()).default([]) }),
});
const Creation = z.object({
  AttributeDefinitions: z.array(Key),
  KeySchema: z.array(Key),
  GlobalSecondaryIndexes: z.array(Index).default([]),
  LocalSecondaryIndexes: z.array(Index).default([]),
});
const Reading = z.object({
  Select: z.string().optional(),
  IndexName: z.string().optional(),
  ProjectionExpression: z.string().optional(),
  AttributesToGet: z.array(z.string()).optional(),
  Segment: z.number().optional(),
  TotalSegments: z.number().optional(),
  KeyConditionExpression: z.string().default(''),
  ExpressionAttributeValues: z.record(z.string(), z.unknown()).default({}),
});
type Reading = z.infer<typeof Reading>;
const Batch = z.object({ RequestItems: z.record(z.string(), z.array(z.object({}).loose())) });

/** @param body a request that dynalite takes @returns why DynamoDB refuses it; undefined when it does not */
export function requestFault(operation: string, body: object): string | undefined {
  switch (operation) {
    case 'CreateTable':
      return creationFault(Creation.parse(body));
    case 'Query':
    case 'Scan': {
      const reading = Reading.parse(body);
      return selectFault(reading) ?? segmentFault(reading) ?? emptyKeyFault(reading) ?? operandsFault(body);
    }
    case 'BatchWriteItem':
      return batchFault(Batch.parse(body));
    default:
      return operandsFault(body);
  }
}

/** @returns why an item with these names of attributes cannot be stored; undefined when it can */
export function attributeNameFault(item: object): string | undefined {
  for (const name of Object.keys(item)) {
    if (name === '') return 'One or more parameter values were invalid: An attribute name may not be empty';
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      return `One or more parameter values were invalid: An attribute name has more than ${MAX_NAME_BYTES} bytes`;
  }
  return undefined;
}

function creationFault(table: z.infer<typeof Creation>): string | undefined {
  const indexes = [...table.GlobalSecondaryIndexes, ...table.LocalSecondaryIndexes];
  const used = [table, ...indexes].flatMap(({ KeySchema }) =>
    KeySchema.map(({ AttributeName }) => AttributeName),
  );
  const defined = table.AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  if (defined.some((name) => !used.includes(name)))
    return `One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(', ')}], keys used: [${[...new Set(used)].join(', ')}]`;
  const projected = indexes.reduce((sum, { Projection }) => sum + Projection.NonKeyAttributes.length, 0);
  if (projected <= MAX_PROJECTED) return undefined;
  return `One or more parameter values were invalid: Total number of unique projected attributes in all indexes exceeds the limit of ${MAX_PROJECTED}`;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html#DDB-Query-request-Select */
function selectFault({ Select, IndexName, ProjectionExpression, AttributesToGet }: Reading) {
  const asked =
    (ProjectionExpression !== undefined && 'ProjectionExpression') ||
    (AttributesToGet !== undefined && 'AttributesToGet');
  if (Select === 'ALL_PROJECTED_ATTRIBUTES' && IndexName === undefined)
    return 'ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName';
  if (Select === 'SPECIFIC_ATTRIBUTES' && !asked)
    return 'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES';
  if (Select === undefined || Select === 'SPECIFIC_ATTRIBUTES' || !asked) return undefined;
  const what = Select === 'COUNT' ? 'only the Count' : Select;
  return `Cannot specify the ${asked} when choosing to get ${what}`;
}

/** The segment 0 is one, too. */
function segmentFault({ Segment, TotalSegments }: Reading): string | undefined {
  if (Segment !== undefined && TotalSegments === undefined)
    return 'The TotalSegments parameter is required but was not present in the request when Segment parameter is present';
  if (TotalSegments === undefined || TotalSegments <= MAX_SEGMENTS) return undefined;
  return `1 validation error detected: Value '${TotalSegments}' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to ${MAX_SEGMENTS}`;
}

function emptyKeyFault({ KeyConditionExpression, ExpressionAttributeValues }: Reading): string | undefined {
  const values = KeyConditionExpression.match(/:\w+/g) ?? [];
  if (!values.some((name) => isEmpty(ExpressionAttributeValues[name]))) return undefined;
  return 'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value.';
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ('S' in value && value.S === '') || ('B' in value && value.B === '');
}

function operandsFault(body: object): string | undefined {
  for (const [name, text] of Object.entries(body)) {
    if (!name.endsWith('Expression') || typeof text !== 'string') continue;
    for (const [, list = ''] of text.matchAll(/\bIN\s*\(([^()]*)\)/gi)) {
      const operands = list.split(',').length;
      if (operands > MAX_IN_OPERANDS)
        return `Invalid ${name}: The IN operator is provided with too many operands; number of operands: ${operands}`;
    }
  }
  return undefined;
}

function batchFault({ RequestItems }: z.infer<typeof Batch>): string | undefined {
  const unclear = Object.values(RequestItems)
    .flat()
    .some((request) => Object.keys(request).length !== 1);
  return unclear
    ? 'A WriteRequest has either a PutRequest or a DeleteRequest, and exactly one of them'
    : undefined;
}
