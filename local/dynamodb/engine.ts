/** dynalite's actions and validations, without its HTTP server and its store. They are private and have no types. */
import { createRequire } from 'node:module';
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import { type Parser, remember } from './parses.ts';
import { attributeNameFault, requestFault } from './request-rules.ts';
import type { RowStore } from './rows.ts';
import { depthFault, expressionFault, indexKeyFault, lackingIn } from './rules.ts';
import { shown } from './settings.ts';

const require = createRequire(import.meta.url);

const ON_FAILURE = 'ReturnValuesOnConditionCheckFailure';

type Item = Readonly<Record<string, unknown>>;
type Done = (error: unknown, output?: unknown) => void;
type Action = (store: RowStore, input: object, done: Done) => void;
interface Validations {
  checkTypes(input: object, types: object): object;
  checkValidations(input: object, types: object, custom: unknown, store: RowStore): void;
}
interface Db {
  checkConditional(input: Item, found: Item | undefined): Refused | null | undefined;
  updateIndexes(store: RowStore, table: object, found: Item | undefined, item: Item | null, done: Done): void;
  validationError(message: string): Error;
}
interface Refused {
  readonly body: Record<string, unknown>;
}

const validations: Validations = require('dynalite/validations');
const db: Db = require('dynalite/db');
const parsers: readonly Parser[] = [
  require('dynalite/db/conditionParser'),
  require('dynalite/db/projectionParser'),
  require('dynalite/db/updateParser'),
];
for (const parser of parsers) remember(parser);

/** Each write asks this while it holds the lock of its item, so `found` is the item that did not meet the condition. */
const { checkConditional, updateIndexes } = db;
db.checkConditional = (input, found) => {
  const refused = checkConditional(input, found);
  if (refused && found && input[ON_FAILURE] === 'ALL_OLD') refused.body['Item'] = found;
  return refused;
};
/** Each write calls this before it stores its item, so `item` is what the item would be. */
db.updateIndexes = (store, table, found, item, done) => {
  const fault = item === null ? undefined : (attributeNameFault(item) ?? indexKeyFault(table, item));
  if (fault === undefined) updateIndexes(store, table, found, item, done);
  else done(db.validationError(fault));
};

export const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** Members that dynalite does not know and takes nevertheless: they reach its record of a table, or the check above. */
const MORE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  CreateTable: ['DeletionProtectionEnabled'],
  DeleteItem: [ON_FAILURE],
  PutItem: [ON_FAILURE],
  // It reads the table itself, which has no lag, and refuses this of an index.
  Scan: ['ConsistentRead'],
  UpdateItem: [ON_FAILURE],
};

interface Operation {
  readonly run: Action;
  readonly rules: { readonly types: object; readonly custom: unknown };
}
const operations = new Map(
  OPERATIONS.map((name): [string, Operation] => {
    const fileName = name.charAt(0).toLowerCase() + name.slice(1);
    return [
      name,
      { run: require(`dynalite/actions/${fileName}`), rules: require(`dynalite/validations/${fileName}`) },
    ];
  }),
);

/** A refusal of dynalite: `__type` is `<namespace>#<name>`. */
const Refusal = z.object({
  statusCode: z.number(),
  body: z.looseObject({
    __type: z.string(),
    message: z.string().optional(),
    Message: z.string().optional(),
    Item: z.unknown().optional(),
  }),
});

export const isOperation = (name: string): name is OperationName => operations.has(name);

/** Carries out a request that was checked. */
export type Checked = () => Promise<unknown>;

/** @throws ApiError for a request that does not depend on what is in the table */
export function check(store: RowStore, name: OperationName, body: object): Promise<Checked> {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`${name} is not an operation of dynalite`);
  const { run, rules } = operation;
  const more = MORE_MEMBERS[name] ?? [];
  const unknown = Object.keys(body).find((member) => !(member in rules.types) && !more.includes(member));
  // dynalite would leave it out, and the caller would count on it.
  if (unknown !== undefined)
    throw new ApiError('ValidationException', `not implemented here: ${unknown} of ${name}`);
  return refusing(async () => {
    const input = validations.checkTypes({ ...body }, rules.types);
    validations.checkValidations(input, rules.types, rules.custom, store);
    const fault = depthFault(body) ?? expressionFault(body) ?? requestFault(name, body);
    if (fault !== undefined) throw db.validationError(fault);
    const given = Object.entries(body).filter(([member]) => more.includes(member));
    Object.assign(input, Object.fromEntries(given));
    if (name === 'Query' || name === 'Scan') await completeReading(store, input);
    return () => refusing(() => perform(store, run, input));
  });
}

async function completeReading(store: RowStore, input: object): Promise<void> {
  const { TableName } = z.object({ TableName: z.string() }).parse(input);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  store.getTable(TableName, (error, table) => (error ? reject(error) : resolve(table)));
  const lacking = lackingIn(await promise, input);
  if (lacking?.kind === 'refused') throw db.validationError(lacking.message);
  // With this dynalite reads the table, and gives the attributes that the request names.
  if (lacking?.kind === 'fetched') Object.assign(input, { Select: 'ALL_ATTRIBUTES' });
}

async function perform(store: RowStore, run: Action, input: object): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  run(store, input, (error, output) => (error ? reject(error) : resolve(output)));
  return shown(await promise);
}

/** Turns a refusal of dynalite into one of the gateway. */
export async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const refusal = Refusal.safeParse(error);
    if (!refusal.success) throw error;
    const { __type, message, Message, Item: found } = refusal.data.body;
    const name = __type.split('#').at(-1) ?? __type;
    const members = found === undefined ? {} : { Item: found };
    throw new ApiError(name, message ?? Message ?? '', refusal.data.statusCode, members);
  }
}
