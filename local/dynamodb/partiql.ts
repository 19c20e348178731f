/**
 * Statements of PartiQL, in the two forms that write one item: dynalite has none. Each becomes the equivalent PutItem
 * or UpdateItem.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
 */
import * as z from 'zod';
import { ApiError } from '../aws.ts';

const MAX_STATEMENTS = 25;

const Batch = z.object({
  Statements: z
    .array(z.object({ Statement: z.string(), Parameters: z.array(z.unknown()).default([]) }))
    .min(1)
    .max(MAX_STATEMENTS),
  ReturnConsumedCapacity: z.string().optional(),
});

const Consumed = z.object({
  ConsumedCapacity: z.object({ TableName: z.string(), CapacityUnits: z.number() }).optional(),
});

/** What the statements are carried out with. */
export interface Database {
  run(operation: 'PutItem' | 'UpdateItem', body: object): Promise<unknown>;
  /** The names of the attributes that identify an item. */
  keysOf(tableName: string): Promise<string[]>;
}

/** As DynamoDB names the errors of single statements. */
const CODES: Readonly<Record<string, string>> = {
  ValidationException: 'ValidationError',
  ResourceNotFoundException: 'ResourceNotFound',
};

/** A statement that fails stops no other: its error is in its place. */
export async function batchExecuteStatement(database: Database, body: unknown): Promise<object> {
  const parsed = Batch.safeParse(body);
  if (!parsed.success) {
    throw invalid(`Expected 1 to ${MAX_STATEMENTS} Statements: ${parsed.error.issues[0]?.message}`);
  }
  const { Statements, ReturnConsumedCapacity: asked } = parsed.data;
  const units = new Map<string, number>();
  const took = (table: string, more: number) => units.set(table, (units.get(table) ?? 0) + more);
  // All are parsed before one is executed.
  const writes = Statements.map(({ Statement, Parameters }) => parse(Statement, Parameters));
  const Responses = await Promise.all(
    writes.map(async (write) => {
      try {
        const answer = Consumed.safeParse(await execute(database, write, asked)).data?.ConsumedCapacity;
        if (answer !== undefined) took(answer.TableName, answer.CapacityUnits);
        return { TableName: write.table };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        // At least: AWS charges by the size of the item that did not meet the condition.
        if (asked !== undefined) took(write.table, 1);
        return { TableName: write.table, Error: statementError(write, error) };
      }
    }),
  );
  const ConsumedCapacity = [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits }));
  return asked === undefined || asked === 'NONE' ? { Responses } : { Responses, ConsumedCapacity };
}

type Item = Record<string, unknown>;
type Statement =
  | { readonly kind: 'insert'; readonly table: string; readonly item: Item }
  | {
      readonly kind: 'update';
      readonly table: string;
      readonly set: Item;
      readonly remove: readonly string[];
      readonly where: Item;
    };

async function execute({ run, keysOf }: Database, statement: Statement, ReturnConsumedCapacity?: string) {
  const { table: TableName } = statement;
  const keys = await keysOf(TableName);
  const names = (attributes: readonly string[]) =>
    Object.fromEntries(attributes.map((attribute, i) => [`#n${i}`, attribute]));
  if (statement.kind === 'insert') {
    return run('PutItem', {
      TableName,
      Item: statement.item,
      ConditionExpression: 'attribute_not_exists(#n0)',
      ExpressionAttributeNames: names(keys.slice(0, 1)),
      ReturnConsumedCapacity,
    });
  }
  const { set, remove, where } = statement;
  const Key = Object.fromEntries(keys.map((key) => [key, where[key]]));
  if (Object.values(Key).includes(undefined)) {
    throw invalid('Where clause does not contain a mandatory equality on all key attributes');
  }
  const attributes = [...new Set([...keys, ...Object.keys(set), ...remove, ...Object.keys(where)])];
  const name = (attribute: string) => `#n${attributes.indexOf(attribute)}`;
  const conditions = Object.entries(where).filter(([attribute]) => !keys.includes(attribute));
  const clauses = [
    ...(Object.keys(set).length > 0
      ? [`SET ${Object.keys(set).map((each, i) => `${name(each)} = :s${i}`)}`]
      : []),
    ...(remove.length > 0 ? [`REMOVE ${remove.map(name)}`] : []),
  ];
  const used = [...keys.slice(0, 1), ...Object.keys(set), ...remove, ...conditions.map(([each]) => each)];
  return run('UpdateItem', {
    TableName,
    Key,
    UpdateExpression: clauses.join(' '),
    // Unlike UpdateItem, a statement does not make an item.
    ConditionExpression: [
      `attribute_exists(${name(keys[0] ?? '')})`,
      ...conditions.map(([each], i) => `${name(each)} = :w${i}`),
    ].join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(used.map((each) => [name(each), each])),
    ...valuesOf([...Object.values(set).entries()], conditions),
    ReturnConsumedCapacity,
  });
}

function valuesOf(set: readonly [number, unknown][], conditions: readonly [string, unknown][]) {
  const values = [
    ...set.map(([i, value]) => [`:s${i}`, value] as const),
    ...conditions.map(([, value], i) => [`:w${i}`, value] as const),
  ];
  return values.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(values) };
}

function statementError({ kind }: Statement, { name, message }: ApiError) {
  if (name !== 'ConditionalCheckFailedException') return { Code: CODES[name] ?? name, Message: message };
  return kind === 'insert'
    ? { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' }
    : { Code: 'ConditionalCheckFailed', Message: message };
}

const TOKEN = /\s*("[^"]+"|'[^']+'|[A-Za-z_][\w.-]*|[?{}:,=])/y;

/** The supported grammar: `INSERT INTO t VALUE {'a': ?, …}` and `UPDATE t SET a = ? REMOVE b … WHERE a = ? AND …`. */
function parse(text: string, parameters: readonly unknown[]): Statement {
  const tokens = tokensOf(text);
  const values = [...parameters];
  const next = () => tokens.shift() ?? '';
  const accept = (word: string) => tokens[0]?.toUpperCase() === word && next() !== '';
  const expect = (word: string) => {
    if (!accept(word)) throw unsupported(`expected ${word} before ${tokens[0] ?? 'the end'}`);
  };
  const nameOf = () => next().replace(/^(["'])(.*)\1$/, '$2');
  const value = () => {
    expect('?');
    if (values.length === 0) throw invalid('Number of parameters in request and statement don’t match.');
    return values.shift();
  };
  const statement = accept('INSERT') ? insert() : update();
  if (tokens.length > 0) throw unsupported(`nothing expected at ${tokens[0]}`);
  if (values.length > 0) throw invalid('Number of parameters in request and statement don’t match.');
  return statement;

  function insert(): Statement {
    expect('INTO');
    const table = nameOf();
    expect('VALUE');
    expect('{');
    const item: Item = {};
    do {
      const name = nameOf();
      expect(':');
      item[name] = value();
    } while (accept(','));
    expect('}');
    return { kind: 'insert', table, item };
  }

  function update(): Statement {
    expect('UPDATE');
    const table = nameOf();
    const set: Item = {};
    const remove: string[] = [];
    for (;;) {
      if (accept('SET')) {
        const name = nameOf();
        expect('=');
        set[name] = value();
      } else if (accept('REMOVE')) remove.push(nameOf());
      else break;
    }
    expect('WHERE');
    const where: Item = {};
    do {
      const name = nameOf();
      expect('=');
      where[name] = value();
    } while (accept('AND'));
    return { kind: 'update', table, set, remove, where };
  }
}

/** Of texts that come again and again with other parameters. */
const known = new Map<string, readonly string[]>();
const MAX_KNOWN = 500;

function tokensOf(text: string): string[] {
  const before = known.get(text);
  if (before !== undefined) return [...before];
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw unsupported(`nothing readable at character ${at}`);
    tokens.push(token);
  }
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, tokens);
  return [...tokens];
}

const invalid = (message: string) => new ApiError('ValidationException', message);
const unsupported = (why: string) =>
  invalid(
    `The embedded DynamoDB reads INSERT INTO t VALUE {'a': ?} and UPDATE t SET a = ? REMOVE b WHERE key = ?, with AND: ${why}`,
  );
