/** The waiting lists in the table: one partition for each tenant, read consistently, in the order of `placeOf`. */
import { placeOf, WaitingRow } from '../../domain/tenant/waiting.ts';
import { type RowUnreadable, readEach, readRow } from './rows.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface WaitingStore {
  /** Puts rows in their places; a repeat writes the same row. */
  put(rows: readonly WaitingRow[]): Promise<void>;
  remove(rows: readonly WaitingRow[]): Promise<void>;
  /** A consistent read, from the front of the list or behind a place in it. */
  page(tenantId: string, limit: number, after?: string): Promise<WaitingPage>;
  /** How many wait. @param before only those in front of this row */
  count(tenantId: string, before?: WaitingRow): Promise<number>;
}

export interface WaitingPage {
  readonly rows: readonly WaitingRow[];
  /** They stay in the list and stop no row behind them. Their jobs are found when reconcile looks at them. */
  readonly unreadable: readonly RowUnreadable[];
  /** The place of the last row; absent at the end of the list. */
  readonly next?: string;
}

export function waitingStore(items: Table): WaitingStore {
  return {
    async put(rows) {
      // Idempotent: a repeat finds the item.
      await Promise.all(rows.map((row) => items.insert(rowKey(row), { ...row })));
    },

    remove: (rows) => items.removeAll(rows.map(rowKey)),

    async page(tenantId, limit, after) {
      const position = after === undefined ? undefined : { pk: listKey(tenantId), sk: after };
      const page = await items.query({ ...listOf(tenantId), limit, after: position });
      const read = readEach(page.items, (item) => readRow(WaitingRow, item));
      const last = page.items.at(-1);
      return page.next === undefined || last === undefined ? read : { ...read, next: String(last['sk']) };
    },

    count(tenantId, before) {
      const { condition, values } = listOf(tenantId);
      if (before === undefined) return items.countItems({ condition, values });
      return items.countItems({
        condition: `${condition} AND sk < :place`,
        values: { ...values, ':place': placeOf(before) },
      });
    },
  };
}

const listKey = (tenantId: string) => `WAITING#${tenantId}`;
const rowKey = (row: WaitingRow): Key => ({ pk: listKey(row.tenantId), sk: placeOf(row) });
const listOf = (tenantId: string): { condition: string; values: Attributes } => ({
  condition: 'pk = :pk',
  values: { ':pk': listKey(tenantId) },
});
