/** Deliveries that an operator looks for and sends again, and the ping that tries an endpoint. */
import { problem } from '../../domain/errors.ts';
import { type Delivery, type DeliveryName, replayed } from '../../domain/webhook/delivery.ts';
import { type DeliveryFilter, isMeant, type Range } from '../../domain/webhook/delivery-filter.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { EndpointName } from '../../domain/webhook/endpoint-health.ts';
import { pingEvent, subjectOf } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Random } from '../../io/process/random.ts';
import type { DeliveryLog, DeliveryStore } from '../../io/table/deliveries.ts';
import type { EndpointStore } from '../../io/table/endpoints.ts';
import { webhookIdOf } from '../job/identity.ts';
import { messageOf } from './delivery-try.ts';

export interface SearchPorts {
  readonly endpoints: Pick<EndpointStore, 'list'>;
  readonly deliveries: Pick<DeliveryLog, 'between'>;
}

export interface Search extends DeliveryFilter {
  readonly tenantId: string;
  /** Absent: all of the tenant. */
  readonly endpointId?: string | undefined;
  readonly range: Range;
}

type Unreadable = Parameters<DeliveryLog['between']>[3];

/**
 * The deliveries of a search, by endpoint and in the order of the events.
 *
 * @param unreadable is told of rows that this version cannot read; they hide no other
 */
export async function* findDeliveries(
  { endpoints, deliveries }: SearchPorts,
  search: Search,
  unreadable: Unreadable,
): AsyncGenerator<Delivery> {
  const { fromMs, toMs } = search.range;
  for (const { endpoint } of await endpoints.list(search.tenantId)) {
    if (search.endpointId !== undefined && search.endpointId !== endpoint.endpointId) continue;
    for await (const row of deliveries.between(endpoint, fromMs, toMs, unreadable)) {
      if (isMeant(row, search)) yield row;
    }
  }
}

export interface ReplayPorts {
  readonly deliveries: Pick<DeliveryStore, 'replay'>;
  readonly deliveryQueue: Queue;
  readonly clock: Clock;
}

/**
 * The delivery first: if the message is lost, reconcile sends it. A repeat finds the delivery pending.
 *
 * @returns `on_its_way` when it is pending, or another replay was faster
 */
export async function replay(ports: ReplayPorts, row: Delivery): Promise<'replayed' | 'on_its_way'> {
  const next = replayed(row, ports.clock.nowMs());
  if (next === undefined || (await ports.deliveries.replay(row, next)) === 'lost') return 'on_its_way';
  await ports.deliveryQueue.send([messageOf(next, 0, 0)]);
  return 'replayed';
}

/** Why nothing may be sent to an endpoint now; undefined when it may. A replay to one that is disabled would be held again. */
export function sendingProblem({ endpointId, disabled }: Pick<Endpoint, 'endpointId' | 'disabled'>) {
  if (disabled === undefined) return undefined;
  return problem(
    'endpoint_disabled',
    '/endpointId',
    `Expected an endpoint that is enabled; ${endpointId} is not.`,
  );
}

export interface PingPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
}

/** Publishes a ping for one endpoint. @returns the name of its delivery, which notify makes */
export async function ping(ports: PingPorts, { tenantId, endpointId }: EndpointName): Promise<DeliveryName> {
  const event = pingEvent({ tenantId, endpointId }, ports.random.token(), ports.clock.nowMs());
  await ports.bus.publish([event]);
  const webhookId = webhookIdOf(subjectOf(event), event.data.sequence, endpointId);
  return { tenantId, endpointId, at: event.timestamp, webhookId };
}
