/** A list of deliveries: a place in it, and the cursor by which a reader continues it. */
import { fnv1a } from '../job/identity.ts';
import type { DeliveryName } from '../webhook/delivery.ts';
import { decoded, encoded } from './cursor.ts';

/** A delivery in the log of its endpoint, in the order of the events. */
export type DeliveryPlace = Pick<DeliveryName, 'at' | 'webhookId'>;

/** @param list what the list was asked by: the endpoint, the filter and the times */
export function deliveryCursor({ at, webhookId }: DeliveryPlace, list: readonly unknown[]): string {
  return encoded({ at: Date.parse(at), id: webhookId, f: fnv1a(JSON.stringify(list)) });
}

const WEBHOOK_ID = /^msg_[a-z2-7]{26}$/;
/** The last moment that a Date can tell. */
const MAX_MS = 8.64e15;

/** @returns undefined for a cursor of another list, and for text that is none */
export function deliveryPlaceIn(cursor: string, list: readonly unknown[]): DeliveryPlace | undefined {
  const place = decoded(cursor, WEBHOOK_ID);
  if (place === undefined || place.at > MAX_MS || place.f !== fnv1a(JSON.stringify(list))) return undefined;
  return { at: new Date(place.at).toISOString(), webhookId: place.id };
}
