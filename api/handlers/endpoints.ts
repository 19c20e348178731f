/** Endpoints and deliveries, of the tenant whose they are. */

import { type ListDeliveriesPorts, listDeliveries } from '../../application/resources/list-deliveries.ts';
import { notFound, type Refused } from '../../application/resources/refused.ts';
import {
  changeEndpoint,
  type RegisterPorts,
  reconfigure,
  register,
  rotate,
} from '../../application/webhook/endpoint-setup.ts';
import {
  type PingPorts,
  ping,
  type ReplayPorts,
  replay,
  sendingProblem,
} from '../../application/webhook/replay.ts';
import type { Problem } from '../../domain/errors.ts';
import { deliverySummary, deliveryView } from '../../domain/reading/delivery-view.ts';
import { endpointView } from '../../domain/reading/endpoint-view.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import { Delivery } from '../../domain/webhook/delivery.ts';
import { deliveryIdOf, deliveryNamed } from '../../domain/webhook/delivery-id.ts';
import { type Endpoint, revoked } from '../../domain/webhook/endpoint.ts';
import type { DeliveryLog, DeliveryStore } from '../../io/table/deliveries.ts';
import type { EndpointRegister, KnownEndpoint } from '../../io/table/endpoints.ts';
import { type endpointReadOperations, endpointSetupOperations } from '../contract/endpoints.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';
import { requestKeyOf, tenantMissing } from './parameters.ts';

export interface EndpointReadPorts extends ListDeliveriesPorts {
  readonly deliveries: ListDeliveriesPorts['deliveries'] & Pick<DeliveryLog, 'tries'>;
}

export function endpointReadHandlers(
  ports: EndpointReadPorts,
): Handlers<keyof typeof endpointReadOperations> {
  const { clock, deliveries } = ports;
  return {
    async listEndpoints({ mine }) {
      if (mine.tenantId === undefined) return tenantMissing;
      const known = await mine.endpoints();
      return ok({ items: known.map((each) => endpointView(each, clock.nowMs())) });
    },

    getEndpoint: withEndpoint(async (known) => ok(endpointView(known, clock.nowMs()))),

    listDeliveries: withEndpoint(async ({ endpoint }, { query }) => {
      const { status, event, job, since, until, limit = '50', cursor } = query;
      const page = await listDeliveries(ports, endpoint, {
        status: Delivery.shape.status.optional().parse(status),
        event,
        job,
        sinceMs: since === undefined ? undefined : Date.parse(since),
        untilMs: until === undefined ? undefined : Date.parse(until),
        limit: Number(limit),
        cursor,
      });
      if (page.kind === 'refused') return page;
      const { next, examined } = page;
      const items = page.deliveries.map(deliverySummary);
      return ok({ items, ...(next === undefined ? {} : { next }), examined });
    }),

    getDelivery: withDelivery(async (delivery) =>
      ok(deliveryView(delivery, await deliveries.tries(delivery))),
    ),
  };
}

export interface EndpointSetupPorts extends Omit<RegisterPorts, 'endpoints'>, PingPorts, ReplayPorts {
  readonly endpoints: EndpointRegister;
  readonly deliveries: Pick<DeliveryStore, 'replay'>;
  /** Origins that need no guard; a deployment has none. */
  readonly allowedOrigins: readonly string[];
}

export function endpointSetupHandlers(
  ports: EndpointSetupPorts,
): Handlers<keyof typeof endpointSetupOperations> {
  const { allowedOrigins, clock } = ports;
  const view = (endpoint: Endpoint) => endpointView({ endpoint, health: undefined }, clock.nowMs());
  const changing = (decide: (endpoint: Endpoint) => Endpoint) =>
    withEndpoint(async ({ endpoint }) => shown(await changeEndpoint(ports, endpoint, decide)));
  const shown = (done: Awaited<ReturnType<typeof changeEndpoint>>): Answer | Refused =>
    done.kind === 'refused' ? refusal(done.problem) : ok(view(done.endpoint));
  return {
    async createEndpoint({ mine: { tenantId }, headers, body }) {
      if (tenantId === undefined) return tenantMissing;
      const read = readBodyAs(endpointSetupOperations.createEndpoint.body, body);
      if (read.kind === 'refused') return read;
      const requestKey = requestKeyOf(headers);
      if (requestKey?.kind === 'refused') return requestKey;
      const { signatures: schemes, ...asked } = read.value;
      const done = await register(
        ports,
        { ...asked, tenantId, schemes, requestKey: requestKey?.key },
        allowedOrigins,
      );
      if (done.kind === 'refused') return done;
      const answer = { endpoint: view(done.endpoint), secrets: done.shown };
      if (done.shown.length > 0) return { kind: 'answer', status: 201, body: answer };
      return { ...ok(answer), headers: { 'Idempotent-Replayed': 'true' } };
    },

    changeEndpoint: withEndpoint(async ({ endpoint }, { body }) => {
      const read = readBodyAs(endpointSetupOperations.changeEndpoint.body, body);
      return read.kind === 'refused'
        ? read
        : shown(await reconfigure(ports, endpoint, read.value, allowedOrigins));
    }),

    removeEndpoint: withEndpoint(async ({ endpoint: { tenantId, endpointId } }) => {
      await ports.endpoints.remove({ tenantId, endpointId });
      return { kind: 'answer', status: 204 };
    }),

    rotateEndpoint: withEndpoint(async ({ endpoint }) => {
      const done = await rotate(ports, endpoint);
      return done.kind === 'refused' ? done : ok({ endpoint: view(done.endpoint), secrets: done.shown });
    }),

    revokeEndpointSecret: changing(revoked),

    disableEndpoint: withEndpoint(async ({ endpoint }, { body }) => {
      const read = readBodyAs(endpointSetupOperations.disableEndpoint.body, body);
      if (read.kind === 'refused') return read;
      const disabled = { reason: read.value.reason, atMs: clock.nowMs() };
      return shown(await changeEndpoint(ports, endpoint, (stored) => ({ ...stored, disabled })));
    }),

    enableEndpoint: changing(({ disabled: _, ...endpoint }) => endpoint),

    pingEndpoint: withEndpoint(async ({ endpoint }) => {
      const off = sendingProblem(endpoint);
      if (off !== undefined) return refusal(off);
      const deliveryId = deliveryIdOf(await ping(ports, endpoint));
      return { kind: 'answer', status: 202, body: { deliveryId } };
    }),

    replayDelivery: withDelivery(async (delivery, { mine }) => {
      const known = await mine.endpoint(delivery.endpointId);
      // The log of an endpoint that was removed is kept for its time, and nothing is sent to it.
      if (known === undefined) return notFound;
      const off = sendingProblem(known.endpoint);
      if (off !== undefined) return refusal(off);
      await replay(ports, delivery);
      const { tenantId, endpointId, at, webhookId } = delivery;
      const now = await mine.delivery({ endpointId, at, webhookId });
      return { kind: 'answer', status: 202, body: deliverySummary(now ?? { ...delivery, tenantId }) };
    }),
  };
}

const refusal = (problem: Problem): Refused => ({ kind: 'refused', problem });

function withEndpoint(use: (known: KnownEndpoint, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const known = await asked.mine.endpoint(asked.path['endpointId'] ?? '');
    return known === undefined ? notFound : use(known, asked);
  };
}

function withDelivery(use: (delivery: Delivery, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const { mine, path } = asked;
    const name =
      mine.tenantId === undefined ? undefined : deliveryNamed(path['deliveryId'] ?? '', mine.tenantId);
    const delivery = name && (await mine.delivery(name));
    return delivery === undefined ? notFound : use(delivery, asked);
  };
}
