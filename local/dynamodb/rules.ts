/** What DynamoDB refuses and dynalite 4.0.0 takes: deep values, unfit keys of an index, attributes that no index has. */
import * as z from 'zod';

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_DEPTH = 32;
const MAX_KEY_BYTES = { HASH: 2048, RANGE: 1024 };
const MAX_EXPRESSION_BYTES = 4096;

const Key = z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) });
const Index = z.object({
  IndexName: z.string(),
  KeySchema: z.array(Key),
  Projection: z.object({ ProjectionType: z.string(), NonKeyAttributes: z.array(z.string()).default([]) }),
});
const Table = z.object({
  KeySchema: z.array(Key),
  GlobalSecondaryIndexes: z.array(Index).default([]),
  LocalSecondaryIndexes: z.array(Index).default([]),
});

type Item = Readonly<Record<string, unknown>>;

/** @param body a request @returns why DynamoDB refuses it; undefined when it does not */
export function depthFault(body: unknown): string | undefined {
  if (depthOf(body) <= MAX_DEPTH) return undefined;
  return 'Nesting Levels have exceeded supported limits';
}

/**
 * How many maps and lists are inside each other in the attribute values of a request, wherever they are in it. Where an
 * attribute is itself named `M` or `L`, it may count a level too many or too few.
 */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const container = containerIn(value);
  const inside = Object.values(container ?? value).map(depthOf);
  return Math.max(0, ...inside) + (container === undefined ? 0 : 1);
}

/** What is in `{"M": {…}}` or `{"L": […]}`. */
function containerIn(value: object): object | undefined {
  const [only, ...others] = Object.entries(value);
  if (only === undefined || others.length > 0) return undefined;
  const [name, content] = only;
  const isNested = name === 'L' ? Array.isArray(content) : name === 'M' && typeof content === 'object';
  return isNested && content !== null ? content : undefined;
}

/** @param body a request @returns why DynamoDB refuses one of its expressions for its length; undefined when it does not */
export function expressionFault(body: object): string | undefined {
  for (const [name, text] of Object.entries(body)) {
    if (!name.endsWith('Expression') || typeof text !== 'string') continue;
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_EXPRESSION_BYTES)
      return `Invalid ${name}: Expression size has exceeded the maximum allowed size; expression size: ${bytes}`;
  }
  return undefined;
}

/** @returns why the item cannot be in the indexes of its table; undefined when it can */
export function indexKeyFault(table: unknown, item: Item): string | undefined {
  const { GlobalSecondaryIndexes, LocalSecondaryIndexes } = Table.parse(table);
  for (const { IndexName, KeySchema } of [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes]) {
    for (const { AttributeName, KeyType } of KeySchema) {
      const bytes = keyBytes(item[AttributeName]);
      if (bytes === 0)
        return `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${IndexName}, IndexKey: ${AttributeName}`;
      if (bytes !== undefined && bytes > MAX_KEY_BYTES[KeyType])
        return `One or more parameter values were invalid: Size of ${KeyType === 'HASH' ? 'hashkey' : 'rangekey'} has exceeded the maximum size limit of ${MAX_KEY_BYTES[KeyType]} bytes. IndexName: ${IndexName}, IndexKey: ${AttributeName}`;
    }
  }
  return undefined;
}

/** undefined for a number, and for what is not a key. */
function keyBytes(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('S' in value && typeof value.S === 'string') return Buffer.byteLength(value.S);
  if ('B' in value && typeof value.B === 'string') return Buffer.byteLength(value.B, 'base64');
  return undefined;
}

/** Of a query or a scan, as dynalite has read it. */
const Reading = z.object({
  IndexName: z.string().optional(),
  AttributesToGet: z.array(z.string()).default([]),
  _projection: z.object({ paths: z.array(z.array(z.union([z.string(), z.number()]))) }).optional(),
});

/** What a query or a scan asks of an index that the index does not have. */
export type Lacking =
  /** A local index fetches it from its table. */
  | { readonly kind: 'fetched' }
  /** A global one cannot. */
  | { readonly kind: 'refused'; readonly message: string };

/** @returns undefined when nothing is lacking */
export function lackingIn(table: unknown, input: unknown): Lacking | undefined {
  const { IndexName, AttributesToGet, _projection } = Reading.parse(input);
  const { KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes } = Table.parse(table);
  const isIt = (each: z.infer<typeof Index>) => each.IndexName === IndexName;
  const global = GlobalSecondaryIndexes.find(isIt);
  const index = global ?? LocalSecondaryIndexes.find(isIt);
  if (index === undefined || index.Projection.ProjectionType === 'ALL') return undefined;
  const keys = [...KeySchema, ...index.KeySchema].map(({ AttributeName }) => AttributeName);
  const projected = new Set([...keys, ...index.Projection.NonKeyAttributes]);
  const wanted = [...AttributesToGet, ...(_projection?.paths ?? []).map(([attribute]) => String(attribute))];
  const missing = wanted.filter((attribute) => !projected.has(attribute));
  if (missing.length === 0) return undefined;
  if (global === undefined) return { kind: 'fetched' };
  const message = `One or more parameter values were invalid: Global secondary index ${IndexName} does not project [${missing.join(', ')}]`;
  return { kind: 'refused', message };
}
