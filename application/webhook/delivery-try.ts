/** One try of one delivery, from either queue: sign, send, and record the outcome. */
import * as z from 'zod';
import { EndpointsDisabled } from '../../domain/metrics/catalogue.ts';
import { one } from '../../domain/metrics/metric.ts';
import { tried } from '../../domain/metrics/step-metrics.ts';
import { traceContextIn, traceparentOf } from '../../domain/trace/context.ts';
import { type Span, trySpan, trySpanIdOf } from '../../domain/trace/spans.ts';
import {
  afterTry,
  type Delivery,
  isSuccess,
  type PostOutcome,
  pendingUntil,
  reminderDelaySeconds,
} from '../../domain/webhook/delivery.ts';
import { activeKeys, type Endpoint } from '../../domain/webhook/endpoint.ts';
import {
  type EndpointHealth,
  type EndpointName,
  SLOW_MS,
  type TryOutcome,
} from '../../domain/webhook/endpoint-health.ts';
import { disabledEvent } from '../../domain/webhook/notification.ts';
import { CONTENT_TYPES } from '../../domain/webhook/payload.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Opening } from '../../io/aws/keys.ts';
import type { Outgoing, Queue } from '../../io/aws/queues.ts';
import type { Post, Webhooks } from '../../io/http/post.ts';
import type { SignWebhook } from '../../io/http/signature.ts';
import type { Traces } from '../../io/http/traces.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { DeliveryStore } from '../../io/table/deliveries.ts';
import type { EndpointStore } from '../../io/table/endpoints.ts';
import { together } from '../apart.ts';

export interface TryPorts {
  readonly endpoints: Pick<EndpointStore, 'list' | 'get' | 'change' | 'changeHealth'>;
  readonly deliveries: DeliveryStore;
  readonly keys: Opening;
  readonly sign: SignWebhook;
  readonly webhooks: Webhooks;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Absent: the stage sends no traces. */
  readonly traces?: Traces | undefined;
  /** Takes the span of a try, to be sent with others. */
  readonly traced?: (span: Span) => void;
}

/** The ports of the two functions that send webhooks: `notify` makes first tries, `deliver` later ones. */
export interface DeliveryPorts extends TryPorts {
  readonly deliveryQueue: Queue;
}

const USER_AGENT = 'headgate-webhooks/1';

export async function send(
  ports: TryPorts,
  endpoint: Endpoint,
  delivery: Delivery,
  time: Pick<Post, 'deadlineMs' | 'suspicion'>,
): Promise<PostOutcome> {
  try {
    const headers = await headersOf(ports, endpoint, delivery);
    const startMs = ports.clock.nowMs();
    const outcome = await ports.webhooks.post({ url: endpoint.url, headers, body: delivery.body, ...time });
    const answer = outcome.kind === 'answered' ? `http_${outcome.status}` : outcome.why;
    const ended = { startMs, endMs: ports.clock.nowMs(), answer, isSuccess: isSuccess(outcome) };
    const span = ports.traces && trySpan(delivery, ended);
    if (span !== undefined) ports.traced?.(span);
    return outcome;
  } catch (error) {
    // It is not sent unsigned, and no try is counted for the tenant. An operator should look at the key.
    const { tenantId, endpointId, jobId } = delivery;
    ports.log.error('webhook:sign:failed', { tenantId, endpointId, jobId, error });
    return { kind: 'unsent', why: 'keys_unavailable' };
  }
}

async function headersOf({ keys, sign, clock, traces }: TryPorts, endpoint: Endpoint, delivery: Delivery) {
  const nowMs = clock.nowMs();
  const signing = activeKeys(endpoint, nowMs).map(async ({ scheme, sealed }) => ({
    scheme,
    plain: await keys.open(endpoint, sealed),
  }));
  // Awaited together: of two rejections, one that is not awaited would end the process.
  const [custom, ...opened] = await together([customOf(keys, endpoint), ...signing]);
  return {
    ...custom,
    'user-agent': USER_AGENT,
    'content-type': CONTENT_TYPES[delivery.payload ?? 'standard'],
    ...traceHeader(delivery, traces !== undefined),
    ...sign(delivery.webhookId, nowMs, delivery.body, opened),
  };
}

/** A receiver's spans are below the try that reached it. */
function traceHeader(delivery: Delivery, hasSpans: boolean): { readonly traceparent?: string } {
  const context = traceContextIn(delivery.traceparent);
  if (context === undefined) return {};
  return { traceparent: traceparentOf(hasSpans ? { ...context, spanId: trySpanIdOf(delivery) } : context) };
}

const CustomHeaders = z.record(z.string(), z.string());

async function customOf(keys: Opening, endpoint: Endpoint): Promise<Record<string, string>> {
  if (endpoint.headers === undefined) return {};
  return CustomHeaders.parse(JSON.parse(await keys.open(endpoint, endpoint.headers.sealed)));
}

/** After a failure of our own the next try is soon, with jitter. */
const UNSENT_PAUSE_MS = 60_000;

export interface ConcludedTry {
  readonly delivery: Delivery;
  readonly disableEndpoint: boolean;
  /** Absent when the endpoint was not reached. */
  readonly outcome?: TryOutcome;
}

export function concludeTry(
  { clock, random }: TryPorts,
  delivery: Delivery,
  outcome: PostOutcome,
): ConcludedTry {
  const nowMs = clock.nowMs();
  if (outcome.kind === 'unsent') {
    const againAtMs = nowMs + Math.round(UNSENT_PAUSE_MS * (1 + random.fraction()));
    return { delivery: pendingUntil(delivery, againAtMs, nowMs), disableEndpoint: false };
  }
  const verdict = afterTry(delivery, outcome, nowMs, random.fraction());
  const exhausted = verdict.delivery.status === 'exhausted';
  const seen = { succeeded: isSuccess(outcome), exhausted, slow: outcome.ms >= SLOW_MS };
  return { ...verdict, outcome: seen };
}

/** @param seen the delivery as it was; absent when there was none */
export async function recordTry(
  ports: TryPorts,
  seen: Delivery | undefined,
  next: Delivery,
  outcome?: PostOutcome,
): Promise<'written' | 'lost'> {
  const written = await ports.deliveries.record(seen, next);
  const { tenantId, endpointId, jobId, tries, status, last } = next;
  const unsent = outcome?.kind === 'unsent';
  ports.log[unsent ? 'error' : 'info'](
    `webhook:post:${unsent ? 'unsent' : status}`,
    {
      tenantId,
      endpointId,
      jobId,
      count: tries,
      durationMs: last?.ms,
      why: unsent ? outcome.why : last?.answer,
    },
    outcome === undefined || written === 'lost' ? [] : tried(outcome),
  );
  return written;
}

/** The health of an endpoint matters less than the delivery: if it cannot be written, the delivery goes on. */
export async function remember(
  ports: TryPorts,
  { tenantId, endpointId }: EndpointName,
  decide: (health: EndpointHealth) => EndpointHealth | undefined,
): Promise<EndpointHealth | undefined> {
  try {
    return await ports.endpoints.changeHealth({ tenantId, endpointId }, decide);
  } catch (error) {
    ports.log.info('health:write:failed', { tenantId, endpointId, error });
    return undefined;
  }
}

/**
 * Publish `endpoint.disabled` before disabling: after that write nothing would retry the event. After a crash in
 * between the endpoint stays enabled. A 410 endpoint answers 410 again when this delivery is retried; a failing one
 * is reconsidered when its next delivery is exhausted.
 */
export async function disable(ports: TryPorts, name: EndpointName, reason: string): Promise<void> {
  const known = await ports.endpoints.get(name);
  if (known === undefined || known.disabled !== undefined) return;
  const disabled = { reason, atMs: ports.clock.nowMs() };
  await ports.bus.publish(disabledEvent({ ...known, disabled }));
  await ports.endpoints.change(name, (current) =>
    current.disabled === undefined ? { ...current, disabled } : undefined,
  );
  ports.log.info('endpoint:disable:done', { ...name, why: reason }, [one(EndpointsDisabled)]);
}

/** The message for the next try of a pending delivery; none when reconcile sends it. */
export function reminderOf(delivery: Delivery, nowMs: number): Outgoing[] {
  const delaySeconds = reminderDelaySeconds(delivery, nowMs);
  return delaySeconds === undefined ? [] : [messageOf(delivery, delaySeconds, 0)];
}

/** @param waits how many times the endpoint had no room; each time the delay grows */
export function messageOf(
  { tenantId, endpointId, at, webhookId }: Pick<Delivery, 'tenantId' | 'endpointId' | 'at' | 'webhookId'>,
  delaySeconds: number,
  waits: number,
): Outgoing {
  const name = { tenantId, endpointId, at, webhookId };
  return {
    body: JSON.stringify(waits === 0 ? name : { ...name, waits }),
    delaySeconds,
    // SQS serves the other endpoints first while one has many messages.
    groupId: `${tenantId}.${endpointId}`,
  };
}
