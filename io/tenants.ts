/** Tenants in the table. Their endpoints are in `endpoints.ts`. */
import { Tenant } from '../domain/tenant.ts';
import { type Key, putOver, type Table } from './table.ts';

export interface TenantStore {
  /** An id without a tenant is absent from the map. */
  load(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Tenant>>;
  put(tenant: Tenant): Promise<void>;
}

export function tenantStore(items: Table): TenantStore {
  return {
    async load(tenantIds) {
      const stored = await items.getAll(tenantIds.map(tenantKey));
      return new Map(stored.map((item) => Tenant.parse(item)).map((tenant) => [tenant.tenantId, tenant]));
    },

    put: (tenant) => putOver(items, tenantKey(tenant.tenantId), tenant),
  };
}

function tenantKey(tenantId: string): Key {
  return { pk: `TENANT#${tenantId}`, sk: 'TENANT' };
}
