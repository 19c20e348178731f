/** One event owed to one endpoint: its record, and what an answer (or none) means for the next try. */
import { z } from 'zod';
import { TenantId } from './request.ts';

export const Delivery = z.object({
  /** The same over all tries and replays, so that the receiver can drop what it already has. */
  webhookId: z.string().regex(/^msg_[a-z2-7]{26}$/),
  jobId: z.string(),
  tenantId: TenantId,
  endpointId: z.string(),
  sequence: z.int().positive(),
  eventType: z.string(),
  /** The exact bytes that are signed; rebuilt from the record they would change when the job goes on. */
  body: z.string(),
  status: z.enum(['pending', 'delivered', 'exhausted', 'abandoned']),
  tries: z.int().nonnegative(),
  lastTryAt: z.int().optional(),
  lastAnswer: z.string().optional(),
  nextTryAt: z.int().optional(),
});
export type Delivery = z.infer<typeof Delivery>;

export type PostOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: string | undefined }
  /** No usable answer: refused by the egress guard, no connection, no head in time. `why` names no address. */
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Seconds to wait before each further try: about three days in all.
 * @see https://github.com/standard-webhooks/standard-webhooks, "Deliverability and reliability"
 */
export const TRY_DELAYS_SECONDS = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
const JITTER = 0.2;
const MAX_RETRY_AFTER_SECONDS = 86_400;

export interface Verdict {
  readonly delivery: Delivery;
  readonly disableEndpoint: boolean;
}

/** @param chance from 0 up to 1, for jitter that only ever delays */
export function afterTry(delivery: Delivery, outcome: PostOutcome, nowMs: number, chance: number): Verdict {
  const { nextTryAt: _, ...rest } = delivery;
  const tried = { ...rest, tries: delivery.tries + 1, lastTryAt: nowMs, lastAnswer: answerText(outcome) };
  const status = outcome.kind === 'answered' ? outcome.status : 0;
  if (status >= 200 && status < 300)
    return { delivery: { ...tried, status: 'delivered' }, disableEndpoint: false };
  if (status === 410) return { delivery: { ...tried, status: 'abandoned' }, disableEndpoint: true };
  const slot = TRY_DELAYS_SECONDS[tried.tries];
  if (slot === undefined) return { delivery: { ...tried, status: 'exhausted' }, disableEndpoint: false };
  const asked = outcome.kind === 'answered' ? retryAfterSeconds(outcome.retryAfter, nowMs) : 0;
  const seconds = Math.max(slot * (1 + JITTER * chance), asked);
  return {
    delivery: { ...tried, status: 'pending', nextTryAt: nowMs + Math.round(seconds * 1000) },
    disableEndpoint: false,
  };
}

/** RFC 9110, 5.6.7, its preferred form. `Date.parse` alone finds a date in almost any text. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Seconds or an HTTP date; anything else, and the past, counts as not given. */
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

function answerText(outcome: PostOutcome): string {
  if (outcome.kind === 'failed') return outcome.why;
  return outcome.status >= 300 && outcome.status < 400 ? 'redirect_not_followed' : `http_${outcome.status}`;
}
