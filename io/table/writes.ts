/**
 * Conditional writes of single items. Writes of one moment are one call, each with its own condition: DynamoDB's
 * batch of statements is not a transaction, so a statement whose condition fails stops no other.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
 */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { isRequestFault } from '../aws/entries.ts';
import { batched } from './batching.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}
export type Attributes = Readonly<Record<string, unknown>>;

export type Write =
  /** On the condition that there is no item. */
  | { readonly kind: 'insert'; readonly key: Key; readonly item: Attributes }
  /** On the condition that there is an item with the expected attributes. */
  | {
      readonly kind: 'change';
      readonly key: Key;
      readonly set: Attributes;
      readonly remove: readonly string[];
      readonly expected: Attributes;
    };

/**
 * @returns whether the condition held
 * @throws when it is not known whether the item was written
 */
export type Writer = (write: Write) => Promise<boolean>;

/** The answers of SubmitJob and of webhooks, which writes follow, arrive a little apart. */
const LINGER_MS = 10;

/** @see BatchExecuteStatement, `Statements` */
const MAX_STATEMENTS = 25;

export function writer(db: DynamoDBDocumentClient, tableName: string): Writer {
  const written = batched<Write, Promise<boolean>>(async (writes) => {
    const outcomes = new Map<Write, Promise<boolean>>();
    for (const call of callsOf(writes)) {
      for (const [write, outcome] of await apply(db, tableName, call)) outcomes.set(write, outcome);
    }
    return outcomes;
  }, LINGER_MS);
  return async (write) =>
    expectsAbsence(write) ? writeAlone(db, tableName, write) : (await written(write)) === true;
}

/** An item that a person has written by hand has no token. That is rare, and costs a call of its own. */
const expectsAbsence = (write: Write): boolean =>
  write.kind === 'change' && Object.values(write.expected).includes(undefined);

/** No call has two writes of one item: the second must see the first. */
function callsOf(writes: readonly Write[]): Write[][] {
  const calls: Write[][] = [];
  for (const write of writes) {
    const sameItem = ({ key }: Write) => key.pk === write.key.pk && key.sk === write.key.sk;
    const after = calls.findLastIndex((call) => call.some(sameItem));
    const room = calls.findIndex((call, i) => i > after && call.length < MAX_STATEMENTS);
    if (room < 0) calls.push([write]);
    else calls[room]?.push(write);
  }
  return calls;
}

async function apply(
  db: DynamoDBDocumentClient,
  tableName: string,
  writes: readonly Write[],
): Promise<[Write, Promise<boolean>][]> {
  const alone = (write: Write): [Write, Promise<boolean>] => [write, writeAlone(db, tableName, write)];
  if (writes.length === 1) return writes.map(alone);
  const Statements = writes.map((write) => statementOf(write, tableName));
  const Responses = await answersTo(db, new BatchExecuteStatementCommand({ Statements }));
  // A write that cannot even be asked for must not take the others with it.
  if (Responses === undefined) return writes.map(alone);
  return writes.map((write, i) => {
    const code = Responses[i] === undefined ? 'unanswered' : Responses[i].Error?.Code;
    if (code === undefined) return [write, Promise.resolve(true)];
    if (code === 'ConditionalCheckFailed' || code === 'DuplicateItem') return [write, Promise.resolve(false)];
    // Throttled, for instance: the client repeats requests, but not statements that failed inside a success.
    return alone(write);
  });
}

/** @returns undefined if the call is refused because of one of its statements: nothing was written */
async function answersTo(db: DynamoDBDocumentClient, command: BatchExecuteStatementCommand) {
  try {
    return (await db.send(command)).Responses ?? [];
  } catch (error) {
    if (isRequestFault(error)) return undefined;
    throw error;
  }
}

async function writeAlone(db: DynamoDBDocumentClient, tableName: string, write: Write): Promise<boolean> {
  try {
    await (write.kind === 'insert'
      ? db.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...write.key, ...write.item },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        )
      : db.send(new UpdateCommand({ TableName: tableName, Key: write.key, ...expressionsOf(write) })));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

type Change = Extract<Write, { kind: 'change' }>;

function expressionsOf({ set, remove, expected }: Change) {
  const sets = Object.keys(set).map((name) => `#${name} = :${name}`);
  const removes = remove.map((name) => `#${name}`);
  const conditions = Object.entries(expected).map(([name, value]) =>
    value === undefined
      ? `attribute_exists(pk) AND attribute_not_exists(#${name})`
      : `#${name} = :expected_${name}`,
  );
  const named = (prefix: string, attributes: Attributes) =>
    Object.entries(attributes).map(([name, value]) => [`:${prefix}${name}`, value] as const);
  return {
    UpdateExpression: [clause('SET', sets), clause('REMOVE', removes)]
      .filter((text) => text !== '')
      .join(' '),
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(
      [...Object.keys(set), ...remove, ...Object.keys(expected)].map((name) => [`#${name}`, name]),
    ),
    ExpressionAttributeValues: Object.fromEntries([...named('', set), ...named('expected_', expected)]),
  };
}

const clause = (word: string, parts: readonly string[]) =>
  parts.length === 0 ? '' : `${word} ${parts.join(', ')}`;

/**
 * The same write in PartiQL. Attribute names are our own, so quoting is enough.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html
 */
export function statementOf(write: Write, tableName: string): { Statement: string; Parameters: unknown[] } {
  if (write.kind === 'insert') {
    const item = Object.entries({ ...write.key, ...write.item }).filter(([, value]) => value !== undefined);
    const fields = item.map(([name]) => `'${name}': ?`);
    return {
      Statement: `INSERT INTO "${tableName}" VALUE {${fields.join(', ')}}`,
      Parameters: item.map(([, value]) => value),
    };
  }
  const { key, set, remove, expected } = write;
  const sets = Object.keys(set).map((name) => `SET "${name}" = ?`);
  const removes = remove.map((name) => `REMOVE "${name}"`);
  const conditions = Object.entries({ ...key, ...expected });
  const where = conditions.map(([name]) => `"${name}" = ?`).join(' AND ');
  return {
    Statement: `UPDATE "${tableName}" ${[...sets, ...removes].join(' ')} WHERE ${where}`,
    Parameters: [...Object.values(set), ...conditions.map(([, value]) => value)],
  };
}
