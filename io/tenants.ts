/** Tenants and their endpoints in the table. */
import { Endpoint, Tenant } from '../domain/tenant.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface TenantStore {
  /** An id without a tenant is absent from the map. */
  load(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Tenant>>;
  endpoints(tenantId: string): Promise<readonly Endpoint[]>;
  put(tenant: Tenant): Promise<void>;
  putEndpoint(endpoint: Endpoint): Promise<void>;
  /** The first reason stays. */
  disableEndpoint(tenantId: string, endpointId: string, reason: string): Promise<void>;
}

export function tenantStore(items: Table): TenantStore {
  return {
    async load(tenantIds) {
      const stored = await items.getAll(tenantIds.map(tenantKey));
      return new Map(stored.map((item) => Tenant.parse(item)).map((tenant) => [tenant.tenantId, tenant]));
    },

    async endpoints(tenantId) {
      const page = await items.query({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        values: { ':pk': tenantKey(tenantId).pk, ':prefix': 'ENDPOINT#' },
      });
      return page.items.map((item) => Endpoint.parse(item));
    },

    put: (tenant) => putOver(items, tenantKey(tenant.tenantId), tenant),
    putEndpoint: (endpoint) => putOver(items, endpointKey(endpoint.tenantId, endpoint.endpointId), endpoint),

    async disableEndpoint(tenantId, endpointId, reason) {
      const key = endpointKey(tenantId, endpointId);
      const stored = await items.get(key);
      // A removed endpoint must not come back as an empty one.
      if (stored === undefined || stored['disabledReason'] !== undefined) return;
      // Twice, or by two: the token of the item as it was read lets one of them write.
      await items.change(
        key,
        { from: stored, to: { ...stored, disabledReason: reason } },
        { by: stored['by'] },
      );
    },
  };
}

/** An operator's word replaces what is there; two of them at once take turns. */
async function putOver(items: Table, key: Key, item: Attributes): Promise<void> {
  for (;;) {
    const there = await items.insert(key, item);
    if (there === undefined) return;
    const { pk: _, sk: __, by, ...from } = there;
    // Twice: the second finds the token of the first.
    if ((await items.change(key, { from, to: item }, { by })) === 'written') return;
  }
}

function tenantKey(tenantId: string): Key {
  return { pk: `TENANT#${tenantId}`, sk: 'TENANT' };
}

function endpointKey(tenantId: string, endpointId: string): Key {
  return { pk: tenantKey(tenantId).pk, sk: `ENDPOINT#${endpointId}` };
}
