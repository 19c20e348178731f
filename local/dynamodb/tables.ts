/** DynamoDB, by dynalite's actions and validations, without its HTTP server and its store. */
import { createRequire } from 'node:module';
import * as z from 'zod';
import { ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { openDatabase } from '../database.ts';
import { meterIndexes } from './capacity.ts';
import { expire } from './expiry.ts';
import { batchExecuteStatement } from './partiql.ts';
import { openRows, type RowStore } from './rows.ts';
import {
  describeTimeToLive,
  refuseProtected,
  setDeletionProtection,
  shown,
  tableOf,
  updateTimeToLive,
} from './settings.ts';

const require = createRequire(import.meta.url);

const ON_FAILURE = 'ReturnValuesOnConditionCheckFailure';

/** The used part of dynalite's private modules, which have no types. */
interface Validations {
  checkTypes(input: object, types: object): object;
  checkValidations(input: object, types: object, custom: unknown, store: RowStore): void;
}
type Action = (store: RowStore, input: object, done: (error: unknown, output: unknown) => void) => void;

const validations: Validations = require('dynalite/validations');

type Item = Readonly<Record<string, unknown>>;
interface Conditions {
  checkConditional(input: Item, found: Item | undefined): Refused | null | undefined;
}
interface Refused {
  readonly body: Record<string, unknown>;
}
/** Each write asks this while it holds the lock of its item, so `found` is the item that did not meet the condition. */
const conditions: Conditions = require('dynalite/db');
const { checkConditional } = conditions;
conditions.checkConditional = (input, found) => {
  const refused = checkConditional(input, found);
  if (refused && found && input[ON_FAILURE] === 'ALL_OLD') refused.body['Item'] = found;
  return refused;
};

const OPERATIONS = [
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
];

interface Operation {
  readonly run: Action;
  readonly rules: { readonly types: object; readonly custom: unknown };
}

const operations: ReadonlyMap<string, Operation> = new Map(
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

/** Operations that are done here, around those of dynalite. */
const OWN = ['BatchExecuteStatement', 'DescribeTimeToLive', 'UpdateTimeToLive'];

export interface Tables {
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Deletes the expired items of all tables. */
  expire(nowMs: number): Promise<number>;
  close(): void;
}

/** @param file of the database; absent: everything goes with the process */
export function openTables(file?: string): Tables {
  const db = openDatabase(file);
  const store = openRows(db);
  return {
    handle: async (request) => {
      const name = request.headers['x-amz-target']?.split('.')[1] ?? '';
      const detail = request.body['ReturnConsumedCapacity'];
      if (detail !== 'TOTAL' && detail !== 'INDEXES') {
        return { status: 200, body: await answer(store, name, request.body) };
      }
      const meter = meterIndexes(store);
      return { status: 200, body: meter.addTo(await answer(meter.store, name, request.body), detail) };
    },
    expire: (nowMs) => expireAll(store, nowMs),
    close: () => db.close(),
  };
}

function answer(store: RowStore, name: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  const tableNamed = (tableName: string) => refusing(() => tableOf(store, tableName));
  const table = () => tableNamed(String(body['TableName'] ?? ''));
  switch (name) {
    case 'BatchExecuteStatement': {
      const run = (operation: string, input: object) => answer(store, operation, { ...input });
      const keysOf = async (tableName: string) =>
        (await tableNamed(tableName)).KeySchema.map(({ AttributeName }) => AttributeName);
      return batchExecuteStatement({ run, keysOf }, body);
    }
    case 'DescribeTimeToLive':
      return table().then(describeTimeToLive);
    case 'UpdateTimeToLive':
      return refusing(() => updateTimeToLive(store, body));
    case 'UpdateTable':
      return updateTable(store, body);
    case 'DeleteTable':
      return table().then((found) => {
        refuseProtected(found);
        return perform(store, name, body);
      });
    default:
      return perform(store, name, body);
  }
}

/** dynalite knows no update of the protection alone. */
async function updateTable(store: RowStore, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { DeletionProtectionEnabled: wanted, ...others } = body;
  if (typeof wanted !== 'boolean') return perform(store, 'UpdateTable', body);
  const name = String(body['TableName'] ?? '');
  if (Object.keys(others).length > 1) await perform(store, 'UpdateTable', others);
  await refusing(() => setDeletionProtection(store, name, wanted));
  return shown({ TableDescription: await tableOf(store, name) });
}

function perform(store: RowStore, name: string, body: object): Promise<unknown> {
  const operation = operations.get(name);
  if (operation !== undefined) return run(store, name, operation, body);
  const names = [...OPERATIONS, ...OWN].sort().join(', ');
  throw new ApiError(
    'UnknownOperationException',
    `The embedded DynamoDB does not have ${name || 'a call without X-Amz-Target'}; it has ${names}.`,
  );
}

/** Members that dynalite does not know and takes nevertheless: they reach its record of a table, or the check above. */
const MORE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  CreateTable: ['DeletionProtectionEnabled'],
  DeleteItem: [ON_FAILURE],
  PutItem: [ON_FAILURE],
  UpdateItem: [ON_FAILURE],
};

function run(store: RowStore, name: string, { run, rules }: Operation, body: object): Promise<unknown> {
  const more = MORE_MEMBERS[name] ?? [];
  const unknown = Object.keys(body).find((member) => !(member in rules.types) && !more.includes(member));
  // dynalite would leave it out, and the caller would count on it.
  if (unknown !== undefined)
    throw new ApiError('ValidationException', `not implemented here: ${unknown} of ${name}`);
  return refusing(async () => {
    const input = validations.checkTypes({ ...body }, rules.types);
    validations.checkValidations(input, rules.types, rules.custom, store);
    const given = Object.entries(body).filter(([member]) => more.includes(member));
    Object.assign(input, Object.fromEntries(given));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    run(store, input, (error, output) => (error ? reject(error) : resolve(output)));
    return shown(await promise);
  });
}

/** Turns a refusal of dynalite into one of the gateway. */
async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const refusal = Refusal.safeParse(error);
    if (!refusal.success) throw error;
    const { __type, message, Message, Item } = refusal.data.body;
    const name = __type.split('#').at(-1) ?? __type;
    const members = Item === undefined ? {} : { Item };
    throw new ApiError(name, message ?? Message ?? '', refusal.data.statusCode, members);
  }
}

const TableNames = z.object({ TableNames: z.array(z.string()) });

async function expireAll(store: RowStore, nowMs: number): Promise<number> {
  const perTable = TableNames.parse(await answer(store, 'ListTables', {})).TableNames.map(async (name) =>
    expire(
      (operation, body) => answer(store, operation, { ...body }),
      name,
      await tableOf(store, name),
      nowMs,
    ),
  );
  return (await Promise.all(perTable)).reduce((sum, count) => sum + count, 0);
}
