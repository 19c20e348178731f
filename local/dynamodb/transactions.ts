/**
 * Transactions: all of their writes or none, and reads of one moment. They run alone, within a transaction of SQLite, by
 * the actions of single items.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import { type Checked, check, type OperationName } from './engine.ts';
import { tableName } from './names.ts';
import type { RowStore } from './rows.ts';
import type { Turns } from './turns.ts';

const MAX_ACTIONS = 100;
const MAX_BYTES = 4 * 1024 * 1024;
const TOKEN_LIFE_MS = 600_000;

const Value = z.record(z.string(), z.unknown());
const Names = z.record(z.string(), z.string()).optional();
const Condition = {
  TableName: z.string().min(1),
  ExpressionAttributeNames: Names,
  ExpressionAttributeValues: Value.optional(),
  ReturnValuesOnConditionCheckFailure: z.enum(['ALL_OLD', 'NONE']).optional(),
};
const ConditionExpression = z.string().optional();
const Action = z.strictObject({
  ConditionCheck: z.strictObject({ ...Condition, Key: Value, ConditionExpression: z.string() }).optional(),
  Delete: z.strictObject({ ...Condition, Key: Value, ConditionExpression }).optional(),
  Put: z.strictObject({ ...Condition, Item: Value, ConditionExpression }).optional(),
  Update: z
    .strictObject({ ...Condition, Key: Value, ConditionExpression, UpdateExpression: z.string() })
    .optional(),
});
type Action = z.infer<typeof Action>;
const Consumed = z.enum(['INDEXES', 'TOTAL', 'NONE']).optional();

const Write = z.strictObject({
  TransactItems: z.array(Action).min(1).max(MAX_ACTIONS),
  ClientRequestToken: z.string().min(1).max(36).optional(),
  ReturnConsumedCapacity: Consumed,
  ReturnItemCollectionMetrics: z.literal('NONE').optional(),
});
const Read = z.strictObject({
  TransactItems: z
    .array(
      z.strictObject({
        Get: z.strictObject({
          TableName: z.string().min(1),
          Key: Value,
          ProjectionExpression: z.string().optional(),
          ExpressionAttributeNames: Names,
        }),
      }),
    )
    .min(1)
    .max(MAX_ACTIONS),
  ReturnConsumedCapacity: Consumed,
});

export interface TransactionParts {
  readonly db: DatabaseSync;
  /** The store that counts, when the caller asked for it. */
  readonly store: RowStore;
  readonly turns: Turns;
  keysOf(tableName: string): Promise<string[]>;
}

const OPERATION: Readonly<Record<keyof Action, OperationName>> = {
  // Deletes the item if the condition holds, which is undone.
  ConditionCheck: 'DeleteItem',
  Delete: 'DeleteItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

interface Step {
  readonly kind: keyof Action;
  readonly carryOut: Checked;
}

/** @throws TransactionCanceledException with a reason for each action; then nothing is written */
export async function transactWrite(parts: TransactionParts, body: unknown): Promise<object> {
  const { TransactItems, ClientRequestToken: token, ReturnConsumedCapacity } = parse(Write, body);
  const actions = TransactItems.map(onlyAction);
  return await parts.turns.alone(async () => {
    const tokens = openTokens(parts.db);
    const content = JSON.stringify(TransactItems);
    if (token !== undefined && tokens.has(token, content)) return {};
    await refuseSameItems(parts, actions);
    if (Buffer.byteLength(content) > MAX_BYTES)
      throw invalid('Transaction request size exceeds the limit of 4 MB');
    const steps: Step[] = [];
    for (const { kind, request } of actions) {
      const input = { ...request, TableName: tableName(request.TableName), ReturnConsumedCapacity };
      steps.push({ kind, carryOut: await check(parts.store, OPERATION[kind], defined(input)) });
    }
    return await undoneUnless(parts.db, async () => {
      const answers = await carryOutAll(parts.db, steps);
      if (token !== undefined) tokens.record(token, content);
      return capacityOf(answers);
    });
  });
}

export async function transactGet(parts: TransactionParts, body: unknown): Promise<object> {
  const { TransactItems, ReturnConsumedCapacity } = parse(Read, body);
  const gets = TransactItems.map(({ Get }) => ({ ...Get, TableName: tableName(Get.TableName) }));
  return await parts.turns.alone(async () => {
    await refuseSameItems(
      parts,
      gets.map((request) => ({ request })),
    );
    const answers: unknown[] = [];
    for (const get of gets) {
      const input = defined({ ...get, ConsistentRead: true, ReturnConsumedCapacity });
      answers.push(await (await check(parts.store, 'GetItem', input))());
    }
    const Responses = answers.map((answer) => {
      const { Item } = z.looseObject({ Item: z.unknown().optional() }).parse(answer);
      return Item === undefined ? {} : { Item };
    });
    return { Responses, ...capacityOf(answers) };
  });
}

function onlyAction(action: Action) {
  const [only, ...others] = Object.entries(action).filter(([, request]) => request !== undefined);
  if (only === undefined || others.length > 0)
    throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
  const [kind, request] = only as [keyof Action, NonNullable<Action[keyof Action]>]; // as the schema has them
  return { kind, request };
}

interface Keyed {
  readonly request: {
    readonly TableName: string;
    readonly Key?: z.infer<typeof Value>;
    readonly Item?: z.infer<typeof Value>;
  };
}

async function refuseSameItems(parts: TransactionParts, actions: readonly Keyed[]): Promise<void> {
  const seen = new Set<string>();
  for (const { request } of actions) {
    const name = tableName(request.TableName);
    const item = request.Key ?? request.Item ?? {};
    const keys = (await parts.keysOf(name)).map((key) => item[key]);
    const identity = JSON.stringify([name, keys]);
    if (seen.has(identity))
      throw invalid('Transaction request cannot include multiple operations on one item');
    seen.add(identity);
  }
}

/** @returns the answers, once all have succeeded */
async function carryOutAll(db: DatabaseSync, steps: readonly Step[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  const reasons: Reason[] = [];
  for (const { kind, carryOut } of steps) {
    db.exec('SAVEPOINT action');
    try {
      answers.push(await carryOut());
      reasons.push({ Code: 'None' });
      if (kind === 'ConditionCheck') db.exec('ROLLBACK TO action');
    } catch (error) {
      reasons.push(reasonOf(error));
    }
    db.exec('RELEASE action');
  }
  if (reasons.every(({ Code }) => Code === 'None')) return answers;
  const codes = reasons.map(({ Code }) => Code).join(', ');
  throw new ApiError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { CancellationReasons: reasons },
  );
}

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: unknown;
}

const CODES: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: 'ConditionalCheckFailed',
  ItemCollectionSizeLimitExceededException: 'ItemCollectionSizeLimitExceeded',
  ValidationException: 'ValidationError',
};

function reasonOf(error: unknown): Reason {
  const Code = error instanceof ApiError ? CODES[error.name] : undefined;
  if (!(error instanceof ApiError) || Code === undefined) throw error;
  return { Code, Message: error.message, ...error.members };
}

async function undoneUnless<Result>(db: DatabaseSync, work: () => Promise<Result>): Promise<Result> {
  db.exec('BEGIN');
  try {
    const result = await work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** A token makes a write safe to send again for ten minutes: what it did is not done twice. */
function openTokens(db: DatabaseSync) {
  db.exec(
    'CREATE TABLE IF NOT EXISTS transaction_tokens (token TEXT PRIMARY KEY, content TEXT, at_ms INTEGER)',
  );
  const hash = (content: string) => createHash('sha256').update(content).digest('hex');
  return {
    has(token: string, content: string): boolean {
      db.prepare('DELETE FROM transaction_tokens WHERE at_ms < ?').run(Date.now() - TOKEN_LIFE_MS);
      const known = db.prepare('SELECT content FROM transaction_tokens WHERE token = ?').get(token);
      if (known === undefined) return false;
      if (known['content'] === hash(content)) return true;
      const message = 'The request uses the same client token as a previous, but non-identical request.';
      throw new ApiError('IdempotentParameterMismatchException', message);
    },
    record(token: string, content: string): void {
      db.prepare('INSERT INTO transaction_tokens VALUES (?, ?, ?)').run(token, hash(content), Date.now());
    },
  };
}

const Answer = z.looseObject({
  ConsumedCapacity: z.looseObject({ TableName: z.string(), CapacityUnits: z.number() }).optional(),
});

/** By table. A transaction prepares and commits, and consumes twice what its actions do alone. */
function capacityOf(answers: readonly unknown[]): object {
  const consumed = answers.flatMap((answer) => Answer.parse(answer).ConsumedCapacity ?? []);
  if (consumed.length === 0) return {};
  const byTable = Map.groupBy(consumed, ({ TableName }) => TableName);
  return {
    ConsumedCapacity: [...byTable].map(([TableName, some]) => ({
      TableName,
      CapacityUnits: 2 * some.reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0),
    })),
  };
}

function defined(input: object): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys')
    throw invalid(`not implemented here: ${[...issue.path, issue.keys[0]].join('.')}`);
  throw invalid(`1 validation error detected: at '${place}': ${issue?.message}`);
}

function invalid(message: string): ApiError {
  return new ApiError('ValidationException', message);
}
