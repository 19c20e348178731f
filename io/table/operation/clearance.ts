/** Where the walk of clearance is: one item. */
import { Clearance } from '../../../domain/job/clearance.ts';
import { readRow } from '../rows.ts';
import type { Key, Table } from '../table.ts';

export interface ClearanceStore {
  /** @throws RowUnreadable */
  get(): Promise<Clearance | undefined>;
  /** `lost`: another process was faster. */
  replace(seen: Clearance | undefined, next: Clearance): Promise<'written' | 'lost'>;
}

const KEY: Key = { pk: 'UPKEEP', sk: 'CLEARANCE' };

export function clearanceStore(items: Table): ClearanceStore {
  return {
    async get() {
      const item = await items.get(KEY);
      return item && readRow(Clearance, item);
    },

    async replace(seen, next) {
      // Idempotent: a repeat finds the item.
      if (seen === undefined) return (await items.insert(KEY, next)) === undefined ? 'written' : 'lost';
      // Idempotent: the first write raises the version, so a repeat is refused.
      return items.change(KEY, { from: seen, to: next }, { version: seen.version });
    },
  };
}
