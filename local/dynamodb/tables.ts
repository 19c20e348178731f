/** DynamoDB: the operations of dynalite, and around them what it does not have. */
import * as z from 'zod';
import { ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { openDatabase } from '../database.ts';
import { meterIndexes } from './capacity.ts';
import { check, isOperation, OPERATIONS, refusing } from './engine.ts';
import { expire } from './expiry.ts';
import { withGivenNames, withNames } from './names.ts';
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
import { type TransactionParts, transactGet, transactWrite } from './transactions.ts';
import { createTurns } from './turns.ts';

type Body = Readonly<Record<string, unknown>>;

const TRANSACTIONS = { TransactGetItems: transactGet, TransactWriteItems: transactWrite };
type Transaction = keyof typeof TRANSACTIONS;
const isTransaction = (name: string): name is Transaction => Object.hasOwn(TRANSACTIONS, name);

/** Operations that are done here, around those of dynalite. */
const OWN = ['BatchExecuteStatement', 'DescribeTimeToLive', 'UpdateTimeToLive', ...Object.keys(TRANSACTIONS)];

export interface Tables {
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Deletes the expired items of all tables. */
  expire(nowMs: number): Promise<number>;
  close(): void;
}

/**
 * @param file of the database; absent: everything goes with the process
 * @param indexLagMs how long a global index is behind its table
 */
export function openTables(file?: string, indexLagMs = 0): Tables {
  const db = openDatabase(file);
  const whole = openRows(db, indexLagMs);
  const turns = createTurns();
  const take = (store: RowStore, name: string, body: Body): Promise<unknown> => {
    const parts: TransactionParts = { db, store, turns, keysOf: (table) => keysOf(store, table) };
    if (isTransaction(name)) return TRANSACTIONS[name](parts, body);
    return turns.together(() => answer(store, name, body));
  };
  return {
    handle: async ({ headers, body }) => {
      const name = headers['x-amz-target']?.split('.')[1] ?? '';
      const detail = body['ReturnConsumedCapacity'];
      if (detail !== 'TOTAL' && detail !== 'INDEXES') {
        return { status: 200, body: await take(whole, name, body) };
      }
      const meter = meterIndexes(whole, isTransaction(name) ? 2 : 1);
      return { status: 200, body: meter.addTo(await take(meter.store, name, body), detail) };
    },
    expire: (nowMs) => expireAll((name, body) => take(whole, name, body), whole, nowMs),
    close: () => db.close(),
  };
}

async function keysOf(store: RowStore, tableName: string): Promise<string[]> {
  const { KeySchema } = await refusing(() => tableOf(store, tableName));
  return KeySchema.map(({ AttributeName }) => AttributeName);
}

async function answer(store: RowStore, name: string, given: Body): Promise<unknown> {
  const body = withNames(given);
  const table = () => refusing(() => tableOf(store, String(body['TableName'] ?? '')));
  switch (name) {
    case 'BatchExecuteStatement': {
      const run = (operation: string, input: object) => answer(store, operation, { ...input });
      return await batchExecuteStatement({ run, keysOf: (tableName) => keysOf(store, tableName) }, body);
    }
    case 'DescribeTimeToLive':
      return describeTimeToLive(await table());
    case 'UpdateTimeToLive':
      return await refusing(() => updateTimeToLive(store, body));
    case 'UpdateTable':
      return await updateTable(store, body);
    case 'DeleteTable':
      refuseProtected(await table());
      return await perform(store, name, body);
    default:
      return withGivenNames(await perform(store, name, body), given);
  }
}

/** dynalite knows no update of the protection alone. */
async function updateTable(store: RowStore, body: Body): Promise<unknown> {
  const { DeletionProtectionEnabled: wanted, ...others } = body;
  if (typeof wanted !== 'boolean') return await perform(store, 'UpdateTable', body);
  const name = String(body['TableName'] ?? '');
  if (Object.keys(others).length > 1) await perform(store, 'UpdateTable', others);
  await refusing(() => setDeletionProtection(store, name, wanted));
  return shown({ TableDescription: await tableOf(store, name) });
}

async function perform(store: RowStore, name: string, body: Body): Promise<unknown> {
  if (isOperation(name)) return await (await check(store, name, body))();
  const names = [...OPERATIONS, ...OWN].sort().join(', ');
  throw new ApiError(
    'UnknownOperationException',
    `The embedded DynamoDB does not have ${name || 'a call without X-Amz-Target'}; it has ${names}.`,
  );
}

const TableNames = z.object({ TableNames: z.array(z.string()) });
type Take = (name: string, body: Body) => Promise<unknown>;

async function expireAll(take: Take, store: RowStore, nowMs: number): Promise<number> {
  const perTable = TableNames.parse(await take('ListTables', {})).TableNames.map(async (name) =>
    expire((operation, body) => take(operation, { ...body }), name, await tableOf(store, name), nowMs),
  );
  return (await Promise.all(perTable)).reduce((sum, count) => sum + count, 0);
}
