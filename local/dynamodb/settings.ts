/**
 * What a table has beside its items, and dynalite does not know: deletion protection and an expiry. Both are members
 * of dynalite's own record of the table, so they are kept as long as it is.
 */
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import type { RowStore } from './rows.ts';

type TableStore = Pick<RowStore, 'getTable' | 'tableDb'>;

const Table = z.looseObject({
  DeletionProtectionEnabled: z.boolean().default(false),
  KeySchema: z.array(z.looseObject({ AttributeName: z.string() })),
  /** The attribute of the expiry; not a member of the API. */
  expiresBy: z.string().optional(),
});
export type Table = z.infer<typeof Table>;

const invalid = (message: string) => new ApiError('ValidationException', message);

/** @throws dynalite's refusal when there is no such table */
export async function tableOf(store: TableStore, name: string): Promise<Table> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  store.getTable(name, false, (error, table) => (error ? reject(error) : resolve(table)));
  return Table.parse(await promise);
}

/** @param change reads the record and returns what differs; it may refuse */
async function changeTable(store: TableStore, name: string, change: (table: Table) => object): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  store.tableDb.lock(name, (release) => {
    const done = release((error) => (error ? reject(error) : resolve()));
    tableOf(store, name)
      .then((table) => store.tableDb.put(name, { ...table, ...change(table) }, done))
      .catch(done);
  });
  await promise;
}

export function setDeletionProtection(store: TableStore, name: string, wanted: boolean): Promise<void> {
  return changeTable(store, name, () => ({ DeletionProtectionEnabled: wanted }));
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html */
export function refuseProtected({ DeletionProtectionEnabled }: Table): void {
  if (DeletionProtectionEnabled)
    throw invalid(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
}

const UpdateTimeToLive = z.strictObject({
  TableName: z.string(),
  TimeToLiveSpecification: z.strictObject({
    AttributeName: z.string().min(1).max(255),
    Enabled: z.boolean(),
  }),
});

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html */
export async function updateTimeToLive(store: TableStore, body: unknown): Promise<object> {
  const parsed = UpdateTimeToLive.safeParse(body);
  if (!parsed.success)
    throw invalid('Expected TableName and TimeToLiveSpecification with AttributeName and Enabled.');
  const { TableName, TimeToLiveSpecification } = parsed.data;
  const { AttributeName, Enabled } = TimeToLiveSpecification;
  await changeTable(store, TableName, ({ expiresBy }) => {
    if (Enabled && expiresBy !== undefined) throw invalid('TimeToLive is already enabled');
    if (!Enabled && expiresBy === undefined) throw invalid('TimeToLive is already disabled');
    if (!Enabled && expiresBy !== AttributeName)
      throw invalid(
        `TimeToLive is active on a different AttributeName: current AttributeName is ${expiresBy}`,
      );
    return { expiresBy: Enabled ? AttributeName : undefined };
  });
  return { TimeToLiveSpecification };
}

export function describeTimeToLive({ expiresBy }: Table): object {
  const TimeToLiveDescription =
    expiresBy === undefined
      ? { TimeToLiveStatus: 'DISABLED' }
      : { TimeToLiveStatus: 'ENABLED', AttributeName: expiresBy };
  return { TimeToLiveDescription };
}

/** The answer of an operation on tables, without what is not of the API. */
export function shown(output: unknown): unknown {
  if (typeof output !== 'object' || output === null) return output;
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => {
      if (name !== 'Table' && name !== 'TableDescription') return [name, value];
      const { expiresBy: _, ...table } = value;
      return [name, table];
    }),
  );
}
