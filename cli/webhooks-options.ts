/** The command line of `npm run webhooks`: its commands and their options. */
import * as z from 'zod';
import { sinceMs } from '../domain/dead-letter/letter.ts';
import { TenantId } from '../domain/job/ids.ts';
import { Delivery, RETENTION_MS } from '../domain/webhook/delivery.ts';
import { EndpointId } from '../domain/webhook/endpoint.ts';
import { WEBHOOK_EVENTS } from '../domain/webhook/notification.ts';
import { type Asked as AskedOf, Misused, readCommand, whereOptions } from './command-line.ts';
import { Max, Rate } from './dlq-options.ts';

export const USAGE = `Usage: npm run webhooks -- COMMAND --tenant ID [OPTIONS]

  create    --url URL [--events job.succeeded,job.failed] [--description TEXT]
            [--payload standard|cloudevents] [--signature v1|v1a|both]
            [--header 'Name: value']... [--secret whsec_...]
  endpoints                       [--json]
  list      [FILTER]              [--json]
  show      ID
  replay    ID | FILTER | --all  [--rate 5/s] [--max N] [--dry-run]
  ping      --endpoint WHE
  rotate    --endpoint WHE        a new secret; the present one signs for a day longer
  revoke    --endpoint WHE        the previous secret stops signing at once
  disable   --endpoint WHE --reason "..."
  enable    --endpoint WHE
  remove    --endpoint WHE        its secret is deleted for good

ID is a webhook-id. FILTER is any of
  --endpoint WHE  --status pending|delivered|exhausted|abandoned|held
  --event TYPE  --job JOB  --since 30m | 2h | 7d | 2026-01-31T09:00:00Z  --until ...
Without --events an endpoint receives the ends of jobs, job.rejected and endpoint.disabled.
list looks back a day unless --since says otherwise, show 30 days; replay wants ID or --since.

--stage STAGE       whose stack (dev)
--table NAME        the jobs table, else TABLE_NAME, else the stage's only one
--endpoint-url URL  --region REGION   as for the AWS CLI
`;

const DAY_MS = 86_400_000;
const WebhookId = z.string().regex(/^msg_[a-z2-7]{26}$/, 'expected a webhook-id such as msg_…');
const list = (text: string) => text.split(',').map((part) => part.trim());

function schemasAt(nowMs: number) {
  const moment = z
    .string()
    .transform((text) => sinceMs(text, nowMs))
    .refine((atMs) => atMs !== undefined, 'expected 30m, 2h, 7d, 2026-01-31 or 2026-01-31T09:00:00Z')
    .transform((atMs) => atMs ?? nowMs);
  const common = { ...whereOptions, table: z.string().min(1).optional(), tenant: TenantId };
  const endpoint = EndpointId;
  const filter = {
    endpoint: endpoint.optional(),
    status: Delivery.shape.status.optional(),
    event: z.enum(WEBHOOK_EVENTS, `expected one of ${WEBHOOK_EVENTS.join(', ')}`).optional(),
    job: z.string().min(1).optional(),
    until: moment.default(nowMs),
  };
  const since = (backMs: number) => moment.default(nowMs - backMs);
  const json = z.boolean().optional();
  return {
    create: z.strictObject({
      ...common,
      url: z.string(),
      events: z.string().transform(list).optional(),
      description: z.string().max(256).optional(),
      payload: z.enum(['standard', 'cloudevents']).optional(),
      signature: z.enum(['v1', 'v1a', 'both']).default('v1'),
      header: z.array(z.string().regex(/^[^:]+:.*$/, "expected 'Name: value'")).default([]),
      secret: z.string().optional(),
    }),
    endpoints: z.strictObject({ ...common, json }),
    list: z.strictObject({ ...common, ...filter, since: since(DAY_MS), json }),
    show: z.strictObject({ ...common, ...filter, since: since(RETENTION_MS), id: WebhookId }),
    replay: z.strictObject({
      ...common,
      ...filter,
      since: moment.optional(),
      id: WebhookId.optional(),
      all: z.boolean().optional(),
      rate: Rate.default(5),
      max: Max.optional(),
      'dry-run': z.boolean().optional(),
    }),
    ping: z.strictObject({ ...common, endpoint }),
    rotate: z.strictObject({ ...common, endpoint }),
    revoke: z.strictObject({ ...common, endpoint }),
    disable: z.strictObject({
      ...common,
      endpoint,
      reason: z.string('expected why, in a sentence').trim().min(1, 'expected why').max(256),
    }),
    enable: z.strictObject({ ...common, endpoint }),
    remove: z.strictObject({ ...common, endpoint }),
  };
}
type Schemas = ReturnType<typeof schemasAt>;
export type Asked = AskedOf<Schemas>;
export type OptionsOf<C extends keyof Schemas> = z.output<Schemas[C]>;

/**
 * @returns `help` when that was asked for
 * @throws Misused
 */
export function readArguments(args: readonly string[], nowMs: number): Asked | 'help' {
  const asked = readCommand(schemasAt(nowMs), args);
  if (asked !== 'help' && asked.command === 'replay') refuseUnbounded(asked.options);
  return asked;
}

/** A forgotten filter must not send a month of webhooks again. */
function refuseUnbounded({ id, since, all }: OptionsOf<'replay'>): void {
  if (id === undefined && since === undefined && all !== true)
    throw new Misused('Expected ID, --since or --all, which is the last 30 days.');
}
