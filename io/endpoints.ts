/** The endpoints of tenants in the table. */
import { Endpoint } from '../domain/endpoint.ts';
import { type Key, putOver, type Table } from './table.ts';

export interface EndpointStore {
  list(tenantId: string): Promise<readonly Endpoint[]>;
  put(endpoint: Endpoint): Promise<void>;
  /** The first reason stays. */
  disable(tenantId: string, endpointId: string, reason: string): Promise<void>;
}

export function endpointStore(items: Table): EndpointStore {
  return {
    async list(tenantId) {
      const page = await items.query({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        values: { ':pk': endpointKey(tenantId, '').pk, ':prefix': 'ENDPOINT#' },
      });
      return page.items.map((item) => Endpoint.parse(item));
    },

    put: (endpoint) => putOver(items, endpointKey(endpoint.tenantId, endpoint.endpointId), endpoint),

    async disable(tenantId, endpointId, reason) {
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

function endpointKey(tenantId: string, endpointId: string): Key {
  return { pk: `TENANT#${tenantId}`, sk: `ENDPOINT#${endpointId}` };
}
