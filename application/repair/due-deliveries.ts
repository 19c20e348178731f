/** Deliveries that are due: for a later try, or because their message was lost. */
import { type Delivery, type DeliveryName, postponed } from '../../domain/webhook/delivery.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { DeliveryStore } from '../../io/table/deliveries.ts';
import { reminderOf } from '../webhook/delivery-try.ts';

export interface DueDeliveryPorts {
  readonly deliveries: Pick<DeliveryStore, 'get' | 'putOff'>;
  readonly deliveryQueue: Queue;
  readonly clock: Clock;
}

/**
 * Moves `dueAt` on, then sends the message with the delay that is left. If the process dies in between, a later run
 * sends it; two runs at once send one message, because only one of them writes.
 *
 * @param byMs deliveries that are due by then
 */
export async function enqueueDueDeliveries(
  ports: DueDeliveryPorts,
  names: readonly DeliveryName[],
  byMs: number,
): Promise<Delivery[]> {
  const rows = await dueDeliveries(ports, names, byMs);
  const nowMs = ports.clock.nowMs();
  const mine = await Promise.all(
    rows.map(async (row) => {
      const next = postponed(row, nowMs);
      return (await ports.deliveries.putOff(row, next)) === 'written' ? [next] : [];
    }),
  );
  await ports.deliveryQueue.send(mine.flat().flatMap((row) => reminderOf(row, nowMs)));
  return mine.flat();
}

/** The index lags: the item itself says whether it is due. */
export async function dueDeliveries(
  ports: Pick<DueDeliveryPorts, 'deliveries'>,
  names: readonly DeliveryName[],
  byMs: number,
): Promise<Delivery[]> {
  const rows = await Promise.all(names.map((name) => ports.deliveries.get(name)));
  return rows.filter((row) => row?.dueAt !== undefined && row.dueAt <= byMs).flatMap((row) => row ?? []);
}
