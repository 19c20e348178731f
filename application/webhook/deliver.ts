/**
 * Woken by deliveries that are due: later tries, replays, and every try to an endpoint that answers slowly. Records
 * the outcome of each, and disables an endpoint that is gone.
 */
import * as z from 'zod';
import type { Span } from '../../domain/trace/spans.ts';
import { type Delivery, DeliveryName } from '../../domain/webhook/delivery.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import {
  type EndpointHealth,
  giveBackLease,
  isDead,
  type Lease,
  recordOutcome,
  takeLease,
} from '../../domain/webhook/endpoint-health.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import type { Outgoing } from '../../io/aws/queues.ts';
import { sendApart, together } from '../apart.ts';
import { doneOf, eachAlone, readable } from '../messages.ts';
import { decided } from './decided.ts';
import type { DeliveryPorts } from './delivery-try.ts';
import { concludeTry, disable, messageOf, recordTry, remember, reminderOf, send } from './delivery-try.ts';

/** The whole exchange, from the resolution of the name to the end of the kept part of the answer. */
const DEADLINE_MS = 15_000;
/** An endpoint without room for a try may have room in a moment, or may hang with thousands of deliveries behind it. */
const FIRST_WAIT_SECONDS = 2;
const WAIT_FACTOR = 1.6;
const MAX_WAIT_SECONDS = 450;
const MAX_WAITS = 12;

/**
 * Asks for the next try of a delivery.
 * @example { "tenantId": "acme", "endpointId": "whe_a1", "at": "2026-01-05T09:00:00.000Z", "webhookId": "msg_…", "waits": 2 }
 */
const DeliverMessage = DeliveryName.extend({ waits: z.int().nonnegative().optional() });
type DeliverMessage = z.infer<typeof DeliverMessage>;

export function deliver(ports: DeliveryPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, DeliverMessage, ports.log);
    const spans: Span[] = [];
    const trying = { ...ports, traced: (span: Span) => void spans.push(span) };
    const handled = await eachAlone(read, ports.log, async ({ message, value }) => ({
      message,
      reminders: await bring(trying, value),
    }));
    const unsent = await sendApart(handled, ({ reminders }) => reminders, ports.deliveryQueue.send);
    await ports.traces?.send(spans);
    return doneOf(handled, unsent, ports.log);
  };
}

/**
 * One try, if the delivery is due and the endpoint has room.
 * @returns the messages for its next try
 */
async function bring(ports: DeliveryPorts, asked: DeliverMessage): Promise<Outgoing[]> {
  const [delivery, endpoint] = await together([ports.deliveries.get(asked), ports.endpoints.get(asked)]);
  const nowMs = ports.clock.nowMs();
  if (delivery?.status !== 'pending') return [];
  if ((delivery.nextTryAt ?? 0) > nowMs) return reminderOf(delivery, nowMs);
  if (endpoint === undefined || endpoint.disabled !== undefined) return setAside(ports, delivery, endpoint);
  const { kind } = await lease(ports, delivery);
  if (kind === 'busy') return [];
  if (kind === 'full') {
    const { waits = 0 } = asked;
    const seconds =
      Math.min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * WAIT_FACTOR ** waits) * (1 + ports.random.fraction());
    return [messageOf(delivery, seconds, Math.min(waits + 1, MAX_WAITS))];
  }
  return attempt(ports, endpoint, delivery);
}

async function attempt(ports: DeliveryPorts, endpoint: Endpoint, delivery: Delivery): Promise<Outgoing[]> {
  const outcome = await send(ports, endpoint, delivery, { deadlineMs: DEADLINE_MS });
  const concluded = concludeTry(ports, delivery, outcome);
  // Before the delivery is recorded: after that it is over, and no step would disable the endpoint.
  if (concluded.disableEndpoint) await disable(ports, nameOf(endpoint), 'gone');
  // Then before anything else: a crash after this write repeats nothing, and a crash before it repeats the same
  // bytes.
  const written = await recordTry(ports, delivery, concluded.delivery, outcome);
  const nowMs = ports.clock.nowMs();
  const health = await remember(ports, nameOf(endpoint), (current) => {
    const without = giveBackLease(current, delivery.webhookId);
    return concluded.outcome === undefined ? without : recordOutcome(without, concluded.outcome, nowMs);
  });
  if (concluded.outcome?.exhausted === true && health !== undefined && isDead(health, nowMs))
    await disable(ports, nameOf(endpoint), 'failing');
  return written === 'written' ? reminderOf(concluded.delivery, nowMs) : [];
}

/** The endpoint is disabled or removed: a delivery to a disabled one is held for a replay. */
async function setAside(
  ports: DeliveryPorts,
  delivery: Delivery,
  endpoint: Endpoint | undefined,
): Promise<Outgoing[]> {
  const { nextTryAt: _, dueAt: __, ...rest } = delivery;
  await recordTry(ports, delivery, { ...rest, status: endpoint === undefined ? 'abandoned' : 'held' });
  return [];
}

async function lease(ports: DeliveryPorts, delivery: Delivery): Promise<Lease> {
  const nowMs = ports.clock.nowMs();
  const { stored, verdict } = await decided<EndpointHealth, Lease>(
    (decide) => remember(ports, delivery, decide),
    (current) => {
      const verdict = takeLease(current, delivery.webhookId, nowMs);
      return { verdict, next: verdict.kind === 'taken' ? verdict.health : undefined };
    },
  );
  return stored === undefined || verdict === undefined ? { kind: 'full' } : verdict;
}

const nameOf = ({ tenantId, endpointId }: Endpoint) => ({ tenantId, endpointId });
