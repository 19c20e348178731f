/** Tenants in the table. Their endpoints are in `endpoints.ts`. */
import * as z from 'zod';
import { Tenant } from '../../domain/tenant/tenant.ts';
import { idInKey, readRow, readRows } from './rows.ts';
import { type Key, type Position, putOver, type Table } from './table.ts';

export interface TenantStore {
  /** An unknown id is absent from the map. */
  load(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Tenant>>;
  /** All tenants with a record, by id. */
  list(): Promise<readonly Tenant[]>;
  put(tenant: Tenant): Promise<void>;
}

/** One partition with the names of all tenants: their other items are in partitions of their own. */
const LIST = 'TENANTS';
const Listed = z.object({ sk: z.string() });

export function tenantStore(items: Table): TenantStore {
  const load = async (tenantIds: readonly string[]) => {
    const stored = await items.getAll(tenantIds.map(tenantKey));
    return readRows(stored, idInKey, (item) => readRow(Tenant, item));
  };
  return {
    load,

    async list() {
      const ids: string[] = [];
      let after: Position | undefined;
      do {
        const page = await items.query({ condition: 'pk = :pk', values: { ':pk': LIST }, after });
        ids.push(...page.items.map((item) => Listed.parse(item).sk));
        after = page.next;
      } while (after !== undefined);
      return [...(await load(ids)).values()].toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
    },

    async put(tenant) {
      // Idempotent: a repeat finds the name. The name comes first: a crash in between leaves a name without a tenant,
      // which the list ignores.
      await items.insert({ pk: LIST, sk: tenant.tenantId }, {});
      await putOver(items, tenantKey(tenant.tenantId), tenant, Tenant);
    },
  };
}

function tenantKey(tenantId: string): Key {
  return { pk: `TENANT#${tenantId}`, sk: 'TENANT' };
}
