/** One event for one endpoint: its record, and what an answer (or none) means for the next try. */
import * as z from 'zod';
import { RECONCILE_GRACE_MS } from '../job/due.ts';
import { TenantId } from '../job/ids.ts';
import { EndpointId } from './endpoint.ts';

const EpochMs = z.int().nonnegative();

/** What is kept of one try, for diagnosis. */
export const Try = z.object({
  at: EpochMs,
  ms: z.int().nonnegative(),
  /** `http_<status>`, or the name of what went wrong. */
  answer: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  /** The beginning of the answer's body. */
  body: z.string().optional(),
  /** Whether `body` is base64, because the bytes are not text. */
  binary: z.literal(true).optional(),
  /** `truncated`: there was more than is kept. `partial`: the receiver or the deadline ended it. */
  cut: z.enum(['truncated', 'partial']).optional(),
});
export type Try = z.infer<typeof Try>;

/** The name is made of facts of the event alone, so a handler that receives the event again finds the same row. */
export const DeliveryName = z.object({
  tenantId: TenantId,
  endpointId: EndpointId,
  /** The event's own time. */
  at: z.iso.datetime(),
  /** The same for all tries and replays, so that the receiver can ignore what it has. */
  webhookId: z.string().regex(/^msg_[a-z2-7]{26}$/),
});
export type DeliveryName = z.infer<typeof DeliveryName>;

export const Delivery = DeliveryName.extend({
  jobId: z.string().optional(),
  eventType: z.string(),
  /** The exact bytes that are signed. A replay a month later sends the same, whatever happened to the job. */
  body: z.string(),
  payload: z.literal('cloudevents').optional(),
  /** The span of the job, below which each try is; or its sender's, where no traces are sent. */
  traceparent: z.string().optional(),
  /** `held`: the endpoint was disabled. A held, abandoned or exhausted delivery is sent only by a replay. */
  status: z.enum(['pending', 'delivered', 'exhausted', 'abandoned', 'held']),
  /** Tries that counted, over all replays. */
  tries: z.int().nonnegative(),
  /** How many of them were made before the last replay, which began a new schedule. */
  triesBefore: z.int().positive().optional(),
  replays: z.int().positive().optional(),
  last: Try.optional(),
  nextTryAt: EpochMs.optional(),
  /** When reconcile must look at it; exactly while it is pending. */
  dueAt: EpochMs.optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/** How long deliveries are kept, and so how far back a replay reaches. */
export const RETENTION_MS = 30 * 86_400_000;

export interface Answer {
  readonly kind: 'answered';
  readonly status: number;
  readonly ms: number;
  readonly retryAfter?: string | undefined;
  /**
   * The receiver asked for no further tries of this message.
   * @see docs/using/webhooks.md
   */
  readonly abort?: boolean;
  readonly kept?: Pick<Try, 'headers' | 'body' | 'binary' | 'cut'>;
}

export type PostOutcome =
  | Answer
  /** No usable answer: refused by the egress guard, no connection, no head in time. `why` names no address. */
  | { readonly kind: 'failed'; readonly why: string; readonly ms: number }
  /** Our own network, name resolution or keys were not available: the tenant had nothing to answer. */
  | { readonly kind: 'unsent'; readonly why: string };

/**
 * Seconds to wait before each further try: about three days in all.
 * @see https://github.com/standard-webhooks/standard-webhooks, "Deliverability and reliability"
 */
export const TRY_DELAYS_SECONDS = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
const JITTER = 0.2;
const MAX_RETRY_AFTER_SECONDS = 86_400;
/** A success needs no diagnosis, and with its whole body a receiver could multiply the cost of a row. */
const MAX_SUCCESS_BODY_CHARACTERS = 1024;

export interface TryVerdict {
  readonly delivery: Delivery;
  /** 410: the receiver says the endpoint is gone. */
  readonly disableEndpoint: boolean;
}

/** @param random from 0 up to 1, for jitter that only ever delays */
export function afterTry(
  delivery: Delivery,
  outcome: Exclude<PostOutcome, { kind: 'unsent' }>,
  nowMs: number,
  random: number,
): TryVerdict {
  const { nextTryAt: _, dueAt: __, ...rest } = delivery;
  const tried: Delivery = { ...rest, tries: delivery.tries + 1, last: tryOf(outcome, nowMs) };
  const stays = { disableEndpoint: false };
  const status = outcome.kind === 'answered' ? outcome.status : 0;
  if (isSuccess(outcome)) return { ...stays, delivery: { ...tried, status: 'delivered' } };
  if (status === 410) return { delivery: { ...tried, status: 'abandoned' }, disableEndpoint: true };
  if (outcome.kind === 'answered' && outcome.abort === true)
    return { ...stays, delivery: { ...tried, status: 'abandoned' } };
  const slot = TRY_DELAYS_SECONDS[tried.tries - (tried.triesBefore ?? 0)];
  if (slot === undefined) return { ...stays, delivery: { ...tried, status: 'exhausted' } };
  const asked = outcome.kind === 'answered' ? retryAfterSeconds(outcome.retryAfter, nowMs) : 0;
  const seconds = Math.max(slot * (1 + JITTER * random), asked);
  return { ...stays, delivery: pendingUntil(tried, nowMs + Math.round(seconds * 1000), nowMs) };
}

export function isSuccess(outcome: PostOutcome): boolean {
  return outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
}

/** SQS delays a message by at most this; reconcile finds later tries. */
const MAX_DELAY_MS = 900_000;

/**
 * A delivery with its next try. If a message leads to the try, reconcile looks a little later; otherwise at that
 * time.
 */
export function pendingUntil(delivery: Delivery, nextTryAt: number, nowMs: number): Delivery {
  const byMessage = nextTryAt - nowMs <= MAX_DELAY_MS;
  return {
    ...delivery,
    status: 'pending',
    nextTryAt,
    dueAt: nextTryAt + (byMessage ? RECONCILE_GRACE_MS : 0),
  };
}

/** The delay of the message for the next try; none when the wait is longer than SQS can delay. */
export function reminderDelaySeconds({ status, nextTryAt }: Delivery, nowMs: number): number | undefined {
  if (status !== 'pending' || nextTryAt === undefined || nextTryAt - nowMs > MAX_DELAY_MS) return undefined;
  return Math.max(0, (nextTryAt - nowMs) / 1000);
}

/** The delivery with a later `dueAt`, so that an overdue one is not sent to its queue every minute. */
export function deliveryPostponed(delivery: Delivery, nowMs: number): Delivery {
  return { ...delivery, dueAt: Math.max(nowMs, delivery.nextTryAt ?? nowMs) + RECONCILE_GRACE_MS };
}

/** A new schedule for a delivery that is over; undefined for one that is pending. */
export function replayed(delivery: Delivery, nowMs: number): Delivery | undefined {
  if (delivery.status === 'pending') return undefined;
  const again = { ...delivery, replays: (delivery.replays ?? 0) + 1 };
  const before = delivery.tries === 0 ? {} : { triesBefore: delivery.tries };
  return pendingUntil({ ...again, ...before }, nowMs, nowMs);
}

/** The preferred form of RFC 9110, 5.6.7. `Date.parse` alone finds a date in almost any text. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Seconds or an HTTP date; anything else, and the past, counts as absent. */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  const text = header.trim();
  const seconds = HTTP_DATE.test(text)
    ? (Date.parse(text) - nowMs) / 1000
    : /^\d+$/.test(text)
      ? Number(text)
      : 0;
  return seconds > 0 ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) : 0;
}

function tryOf(outcome: Exclude<PostOutcome, { kind: 'unsent' }>, nowMs: number): Try {
  const common = { at: nowMs, ms: Math.round(outcome.ms), answer: answerText(outcome) };
  if (outcome.kind === 'failed') return common;
  const { kept = {} } = outcome;
  if (!isSuccess(outcome)) return { ...common, ...kept };
  const { headers: _, body = '', ...rest } = kept;
  if (body === '') return common;
  const short = body.slice(0, MAX_SUCCESS_BODY_CHARACTERS).toWellFormed();
  return { ...common, ...rest, body: short, ...(short === body ? {} : { cut: 'truncated' as const }) };
}

function answerText(outcome: Exclude<PostOutcome, { kind: 'unsent' }>): string {
  if (outcome.kind === 'failed') return outcome.why;
  return outcome.status >= 300 && outcome.status < 400 ? 'redirect_not_followed' : `http_${outcome.status}`;
}
