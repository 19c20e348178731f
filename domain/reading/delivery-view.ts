/** A delivery as its tenant may see it: what was sent, and what the receiver answered. Never signatures or sent headers. */
import * as z from 'zod';
import { Delivery, type Try } from '../webhook/delivery.ts';
import { deliveryIdOf } from '../webhook/delivery-id.ts';

const Time = z.iso.datetime();

/** What a list tells of a delivery. */
export const DeliverySummary = z.object({
  id: z.string(),
  endpointId: z.string(),
  webhookId: z.string().describe('The header webhook-id, the same for all tries and replays.'),
  jobId: z.string().optional(),
  event: z.string(),
  eventAt: Time.describe('When the event happened.'),
  status: Delivery.shape.status,
  tries: z.int().nonnegative(),
  replays: z.int().positive().optional(),
  lastTryAt: Time.optional(),
  answer: z.string().optional().describe('Of the last try: http_ and a status, or what went wrong.'),
  nextTryAt: Time.optional(),
});
export type DeliverySummary = z.infer<typeof DeliverySummary>;

export const TryView = z.object({
  at: Time,
  ms: z.int().nonnegative(),
  answer: z.string(),
  headers: z.record(z.string(), z.string()).optional().describe('Some of the headers of the answer.'),
  body: z.string().optional().describe('The beginning of the body of the answer.'),
  binary: z.boolean().optional().describe('The body is in base64, because it is no text.'),
  cut: z
    .string()
    .optional()
    .describe('truncated: there was more than is kept; partial: the answer ended early.'),
});

export const DeliveryView = DeliverySummary.extend({
  body: z.string().describe('The bytes that were signed and sent.'),
  answers: z.array(TryView).describe('The tries with their answers, the first one first.'),
});
export type DeliveryView = z.infer<typeof DeliveryView>;

export function deliverySummary(delivery: Delivery): DeliverySummary {
  const { endpointId, webhookId, jobId, eventType, at, status, tries, replays, last, nextTryAt } = delivery;
  return {
    id: deliveryIdOf(delivery),
    endpointId,
    webhookId,
    ...(jobId === undefined ? {} : { jobId }),
    event: eventType,
    eventAt: at,
    status,
    tries,
    ...(replays === undefined ? {} : { replays }),
    ...(last === undefined ? {} : { lastTryAt: iso(last.at), answer: last.answer }),
    ...(nextTryAt === undefined ? {} : { nextTryAt: iso(nextTryAt) }),
  };
}

export function deliveryView(delivery: Delivery, tries: readonly Try[]): DeliveryView {
  return {
    ...deliverySummary(delivery),
    body: delivery.body,
    answers: tries.map(({ at, ...each }) => ({ at: iso(at), ...each })),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
