/** The options of `headgate webhook`. */
import * as z from 'zod';
import { sinceMs } from '../../domain/dead-letter/letter.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { Delivery, RETENTION_MS } from '../../domain/webhook/delivery.ts';
import { WEBHOOK_EVENTS } from '../../domain/webhook/notification.ts';
import { systemClock } from '../../io/process/clock.ts';
import { Max, Rate } from '../dlq/options.ts';
import { misused } from '../program/stopped.ts';
import { flag, option, type Values } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';

const DAY_MS = 86_400_000;
const nowMs = systemClock.nowMs();
const list = (text: string) => text.split(',').map((part) => part.trim());
const moment = z
  .string()
  .transform((text) => sinceMs(text, nowMs))
  .refine((atMs) => atMs !== undefined, 'expected 30m, 2h, 7d, 2026-01-31 or 2026-01-31T09:00:00Z')
  .transform((atMs) => atMs ?? nowMs);

const tenant = option('TENANT', 'whose endpoints', TenantId);
export const tenantOptions = { tenant, ...placeOptions };
export const endpointOptions = { id: { effect: '', schema: z.string().min(1) }, ...tenantOptions };

export const createOptions = {
  tenant,
  url: option('URL', 'where webhooks are sent', z.string()),
  events: option(
    'TYPE,TYPE',
    'which events (the ends of jobs, job.rejected and endpoint.disabled)',
    z.string().transform(list).optional(),
  ),
  description: option('TEXT', 'for people', z.string().max(256).optional()),
  payload: option(
    'standard|cloudevents',
    'the form of the body (standard)',
    z.enum(['standard', 'cloudevents'], 'expected standard or cloudevents').optional(),
  ),
  signature: option(
    'v1|v1a|both',
    'with a shared secret, a public key, or both (v1)',
    z.enum(['v1', 'v1a', 'both'], 'expected v1, v1a or both').default('v1'),
  ),
  header: option(
    "'NAME: VALUE'",
    'a header of its own; may be repeated',
    z.array(z.string().regex(/^[^:]+:.*$/, "expected 'Name: value'")).default([]),
  ),
  secret: option('whsec_…', 'a secret that the receiver has already', z.string().optional()),
  ...placeOptions,
};

const filterOptions = {
  tenant,
  endpoint: option('ENDPOINT', 'to this endpoint alone', z.string().min(1).optional()),
  status: option(
    'STATUS',
    `one of ${Delivery.shape.status.options.join(', ')}`,
    Delivery.shape.status.optional(),
  ),
  event: option(
    'TYPE',
    'of this event',
    z.enum(WEBHOOK_EVENTS, `expected one of ${WEBHOOK_EVENTS.join(', ')}`).optional(),
  ),
  job: option('JOB', 'about this job', z.string().min(1).optional()),
  until: option('WHEN', 'as --since (now)', moment.default(nowMs)),
};
const WHEN = '30m, 2h or 7d ago, or 2026-01-31, or 2026-01-31T09:00:00Z';
const WEBHOOK_ID = /^msg_[a-z2-7]{4,26}$/;
const webhookId = z.string().regex(WEBHOOK_ID, 'expected a webhook-id such as msg_…');

export const deliveriesOptions = {
  ...filterOptions,
  since: option('WHEN', `${WHEN} (a day)`, moment.default(nowMs - DAY_MS)),
  ...placeOptions,
};
export const deliveryOptions = {
  id: { effect: '', schema: webhookId },
  ...filterOptions,
  since: option('WHEN', `${WHEN} (30 days)`, moment.default(nowMs - RETENTION_MS)),
  ...placeOptions,
};
export const replayOptions = {
  id: { effect: '', schema: webhookId.optional() },
  ...filterOptions,
  since: option('WHEN', WHEN, moment.optional()),
  all: flag('of the last 30 days'),
  rate: option('RATE', 'at most so many, such as 5/s (5/s)', Rate.default(5)),
  max: option('N', 'no more than the first N', Max.optional()),
  yes: flag('do it: without this and without ID, the deliveries are only counted and listed'),
  'dry-run': flag('only count and list'),
  ...placeOptions,
};

/** A forgotten filter must not send a month of webhooks again. */
export function requireBounds({ id, since, all }: Values<typeof replayOptions>): void {
  if (id === undefined && since === undefined && !all)
    throw misused('Expected ID, --since or --all, which is the last 30 days.');
}
