/** Where the screens of an endpoint and of a delivery are. */
import type { Endpoint } from '../api/schema.ts';

export const endpointPath = ({ tenantId, id }: Pick<Endpoint, 'tenantId' | 'id'>): string =>
  `/webhooks/${encodeURIComponent(tenantId)}/${encodeURIComponent(id)}`;

export const deliveryPath = (tenantId: string, deliveryId: string): string =>
  `/deliveries/${encodeURIComponent(tenantId)}/${encodeURIComponent(deliveryId)}`;
