/** `headgate webhook`: the endpoints of a tenant. */
import * as z from 'zod';
import {
  changeEndpoint,
  type EndpointRequest,
  type Registered,
  register,
  rotate,
} from '../../application/webhook/endpoint-setup.ts';
import { ping as pingEndpoint, sendingProblem } from '../../application/webhook/replay.ts';
import { type Endpoint, revoked } from '../../domain/webhook/endpoint.ts';
import { needsAllEvents } from '../../domain/webhook/notification.ts';
import type { Output } from '../program/output.ts';
import { refusedBy, Stopped } from '../program/stopped.ts';
import { type Ending, type Noun, option, type Verb, verb } from '../program/verb.ts';
import { deliveries, delivery, replay } from './deliveries.ts';
import { ENDPOINT_HEADINGS, endpointRecord, endpointRow, writeDelivery } from './delivery-text.ts';
import { listen } from './listen.ts';
import { createOptions, endpointOptions, tenantOptions } from './options.ts';
import { endpointOf, type WebhookPorts, withWebhooks } from './ports.ts';

const create = verb({
  summary: 'add an endpoint, and show its secret once',
  options: createOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) => {
      const { tenant: tenantId, url, events, description, payload, signature, secret, header } = values;
      const headers = Object.fromEntries(
        header.map((line) => [
          line.slice(0, line.indexOf(':')).trim(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      );
      const schemes = signature === 'both' ? (['v1', 'v1a'] as const) : [signature];
      const asked: EndpointRequest = {
        tenantId,
        url,
        events,
        description,
        payload,
        schemes,
        secret,
        headers,
      };
      return showKeys(await register(ports, asked), context.output);
    }),
});

/** The only moment at which a secret is shown. */
function showKeys(registered: Registered, output: Output): Ending {
  if (registered.kind === 'refused') throw refusedBy(registered.problem);
  const { endpointId, url, events } = registered.endpoint;
  output.show([{ endpointId, url, secrets: registered.shown }], (page) => {
    page.line(`${endpointId}  ${url}`);
    for (const key of registered.shown) page.line(key);
    page.line('A secret is shown only now.');
  });
  const steps = events.filter(needsAllEvents);
  if (steps.length > 0)
    output.note(`A stage publishes ${steps.join(', ')} only if it is deployed with PublishEvents=all.`);
  return 'done';
}

const list = verb({
  summary: 'the endpoints of a tenant, with their health',
  options: tenantOptions,
  run: (values, context) =>
    withWebhooks(values, context, async ({ endpoints, clock }) => {
      const known = await endpoints.list(values.tenant);
      context.output.show(known.map(endpointRecord), (page) => {
        const rows = known.map((each) => endpointRow(each, clock.nowMs()));
        if (rows.length > 0) page.table(ENDPOINT_HEADINGS, rows);
      });
      context.output.note(`${known.length} of 20 endpoints.`);
      return 'done';
    }),
});

const get = verb({
  summary: 'one endpoint',
  argument: 'ENDPOINT',
  options: endpointOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) => {
      const { endpointId } = await endpointOf(ports, values.tenant, values.id);
      const known = (await ports.endpoints.list(values.tenant)).filter(
        ({ endpoint }) => endpoint.endpointId === endpointId,
      );
      context.output.show(known.map(endpointRecord), (page) =>
        page.table(
          ENDPOINT_HEADINGS,
          known.map((each) => endpointRow(each, ports.clock.nowMs())),
        ),
      );
      return 'done';
    }),
});

const PING_PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 200;

const ping = verb({
  summary: 'send an event of its own to an endpoint, and show the answer',
  argument: 'ENDPOINT',
  options: endpointOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) => {
      const endpoint = await endpointOf(ports, values.tenant, values.id);
      const { tenantId, endpointId } = endpoint;
      const off = sendingProblem(endpoint);
      if (off !== undefined) throw refusedBy(off);
      const name = await pingEndpoint(ports, { tenantId, endpointId });
      const untilMs = ports.clock.nowMs() + PING_PATIENCE_MS;
      while (ports.clock.nowMs() < untilMs && !context.signal.aborted) {
        const row = await ports.deliveries.get(name);
        if (row?.last !== undefined) {
          const tries = await ports.deliveries.tries(row);
          context.output.show([{ ...row, answers: tries }], (page) => writeDelivery(page, row, tries));
          return row.status === 'delivered' ? 'done' : 'failed';
        }
        await ports.clock.waitUntil(ports.clock.nowMs() + LOOK_EVERY_MS);
      }
      if (context.signal.aborted) throw new Stopped('interrupted', 'Interrupted; the ping is on its way.');
      throw new Stopped(
        'failed',
        `No answer to ${name.webhookId} yet; headgate webhook delivery shows it later.`,
      );
    }),
});

const rotateKeys = verb({
  summary: 'make a new secret, and show it once; the present one signs for a day longer',
  argument: 'ENDPOINT',
  options: endpointOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) =>
      showKeys(await rotate(ports, await endpointOf(ports, values.tenant, values.id)), context.output),
    ),
});

const changing = (summary: string, decide: (endpoint: Endpoint) => Endpoint): Verb =>
  verb({
    summary,
    argument: 'ENDPOINT',
    options: endpointOptions,
    run: (values, context) =>
      withWebhooks(values, context, (ports) =>
        change(ports, { tenantId: values.tenant, given: values.id }, decide, context.output),
      ),
  });

const disable = verb({
  summary: 'send nothing to it until it is enabled again',
  argument: 'ENDPOINT',
  options: {
    ...endpointOptions,
    reason: option(
      'TEXT',
      'why, for its record',
      z.string('expected why, in a sentence').trim().min(1, 'expected why').max(256),
    ),
  },
  run: (values, context) =>
    withWebhooks(values, context, (ports) => {
      const disabled = { reason: values.reason, atMs: ports.clock.nowMs() };
      const which = { tenantId: values.tenant, given: values.id };
      return change(ports, which, (endpoint) => ({ ...endpoint, disabled }), context.output);
    }),
});

async function change(
  ports: WebhookPorts,
  { tenantId, given }: { readonly tenantId: string; readonly given: string },
  decide: (endpoint: Endpoint) => Endpoint,
  output: Output,
): Promise<Ending> {
  const owner = await endpointOf(ports, tenantId, given);
  const changed = await changeEndpoint(ports, owner, decide);
  // It was removed meanwhile.
  if (changed.kind === 'refused') throw refusedBy(changed.problem);
  const known = { endpoint: changed.endpoint, health: undefined };
  output.show([endpointRecord(known)], (page) =>
    page.table(ENDPOINT_HEADINGS, [endpointRow(known, ports.clock.nowMs())]),
  );
  return 'done';
}

const remove = verb({
  summary: 'remove an endpoint; its secret is deleted for good',
  argument: 'ENDPOINT',
  options: endpointOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) => {
      const { tenantId, endpointId } = await endpointOf(ports, values.tenant, values.id);
      await ports.endpoints.remove({ tenantId, endpointId });
      context.output.show([{ tenantId, endpointId, removed: true }], (page) =>
        page.line(`${endpointId} removed.`),
      );
      return 'done';
    }),
});

export const noun: Noun = {
  summary: 'endpoints of tenants, their deliveries, and replays',
  verbs: {
    create,
    list,
    get,
    deliveries,
    delivery,
    replay,
    ping,
    listen,
    rotate: rotateKeys,
    revoke: changing('stop signing with the previous secret at once', revoked),
    disable,
    enable: changing('send to it again', ({ disabled: _, ...endpoint }) => endpoint),
    remove,
  },
  details: 'ENDPOINT is its id, or the first 8 characters of it; so is the ID of a delivery, its webhook-id.',
};
