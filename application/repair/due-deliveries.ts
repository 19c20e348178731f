/** Deliveries that are due: for a later try, or because their message was lost. */
import { type Delivery, type DeliveryName, deliveryPostponed } from '../../domain/webhook/delivery.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { DeliveryStore } from '../../io/table/deliveries.ts';
import { type Apart, apart, sendApart } from '../apart.ts';
import { reminderOf } from '../webhook/delivery-try.ts';

export interface DueDeliveryPorts {
  readonly deliveries: Pick<DeliveryStore, 'get' | 'putOff'>;
  readonly deliveryQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/** @example { "kind": "delivery", "delivery": { "tenantId": "acme", … } } */
interface Named {
  readonly delivery: DeliveryName;
}

export interface Enqueued<Item> extends Pick<Apart<Item, unknown>, 'failed'> {
  readonly count: number;
  /** Items that were not due, whatever the index said. */
  readonly idle: readonly Item[];
}

/**
 * Moves `dueAt` on, then sends the message with the delay that is left. If the process dies in between, a later run
 * sends it; two runs at once send one message, because only one of them writes.
 *
 * @param byMs deliveries that are due by then
 * @returns how many were enqueued, and the items that could not be read or written
 */
export async function enqueueDueDeliveries<Item extends Named>(
  ports: DueDeliveryPorts,
  items: readonly Item[],
  byMs: number,
): Promise<Enqueued<Item>> {
  const { done, failed } = await apart(items, ({ delivery }) => postponeDue(ports, delivery, byMs));
  const mine = done.flatMap(({ result }) => result ?? []);
  const nowMs = ports.clock.nowMs();
  const unsent = await sendApart(mine, (row) => reminderOf(row, nowMs), ports.deliveryQueue.send);
  // They are due again in a minute.
  for (const [{ tenantId, endpointId }, error] of unsent)
    ports.log.error('reconcile:deliver:failed', { tenantId, endpointId, error });
  const idle = done.flatMap(({ item, result }) => (result === undefined ? [item] : []));
  return { count: mine.length - unsent.size, idle, failed };
}

/** @returns undefined when it is not due: the index lags, and the item itself says so. Or when another run was faster */
async function postponeDue(
  { deliveries, clock }: DueDeliveryPorts,
  name: DeliveryName,
  byMs: number,
): Promise<Delivery | undefined> {
  const row = await deliveries.get(name);
  if (row?.dueAt === undefined || row.dueAt > byMs) return undefined;
  const next = deliveryPostponed(row, clock.nowMs());
  return (await deliveries.putOff(row, next)) === 'written' ? next : undefined;
}
