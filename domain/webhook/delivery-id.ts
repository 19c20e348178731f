/** One text for the whole name of a delivery, by which a reader asks for it; its tenant is the reader's own. */
import { DeliveryName } from './delivery.ts';

const DELIVERY_ID = /^(whe_[a-z0-9]{1,40})\.([0-9]{1,15})\.(msg_[a-z2-7]{26})$/;

/** @example whe_k3v9.1767600000123.msg_abcdefghijklmnopqrstuvwxyz */
export function deliveryIdOf({ endpointId, at, webhookId }: Omit<DeliveryName, 'tenantId'>): string {
  return `${endpointId}.${Date.parse(at)}.${webhookId}`;
}

/** @returns undefined for text that is no such id */
export function deliveryNamed(id: string, tenantId: string): DeliveryName | undefined {
  const [, endpointId, atMs, webhookId] = DELIVERY_ID.exec(id) ?? [];
  const at = new Date(Number(atMs));
  if (endpointId === undefined || Number.isNaN(at.getTime())) return undefined;
  return DeliveryName.safeParse({ tenantId, endpointId, at: at.toISOString(), webhookId }).data;
}
