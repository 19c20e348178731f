/** Tenants in the table. Their endpoints are in `endpoints.ts`. */
import * as z from 'zod';
import { Tenant } from '../../domain/tenant/tenant.ts';
import { idInKey, knownAttributes, readRow, readRows } from './rows.ts';
import type { Key, Position, Table } from './table.ts';

export interface TenantStore {
  /** An unknown id is absent from the map. */
  load(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Tenant>>;
  /** All tenants with a record, by id. */
  list(): Promise<readonly Tenant[]>;
  /** `leaving`: it is being erased, and nothing was changed. The operation that erases it may be named or changed at any time. */
  put(tenant: Tenant): Promise<'written' | 'leaving'>;
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
      await items.insert(nameKey(tenant.tenantId), {});
      const key = tenantKey(tenant.tenantId);
      for (;;) {
        const there = await items.insert(key, tenant);
        if (there === undefined) return 'written';
        if (there['erasedBy'] !== undefined && tenant.erasedBy === undefined) return 'leaving';
        const from = knownAttributes(Tenant, there);
        // Idempotent: a repeat finds the token of the first write.
        if ((await items.change(key, { from, to: tenant }, { by: there['by'] })) === 'written')
          return 'written';
      }
    },
  };
}

export const tenantKey = (tenantId: string): Key => ({ pk: `TENANT#${tenantId}`, sk: 'TENANT' });

export const nameKey = (tenantId: string): Key => ({ pk: LIST, sk: tenantId });
