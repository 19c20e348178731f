/** `headgate webhook listen`: the webhooks of a laptop's tenant, on the screen and at a server of one's own. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as z from 'zod';
import { register } from '../../application/webhook/endpoint-setup.ts';
import type { WebhookEvent } from '../../client/webhook.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import { LISTEN_ORIGIN } from '../../local/running.ts';
import type { Output } from '../program/output.ts';
import { refusedBy, Stopped } from '../program/stopped.ts';
import { option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { type Heard, openListener } from './listener.ts';
import { createOptions } from './options.ts';
import { type WebhookPorts, withWebhooks } from './ports.ts';

const options = {
  tenant: createOptions.tenant,
  events: createOptions.events,
  'forward-to': option(
    'URL|PORT',
    'a server of yours, which gets each as it came; its answer is the answer',
    z
      .string()
      .transform((text) => URL.parse(/^\d{1,5}$/.test(text) ? `http://127.0.0.1:${text}/` : text))
      .refine((url) => url?.protocol === 'http:' || url?.protocol === 'https:', 'expected a URL or a port')
      .transform((url) => url ?? undefined)
      .optional(),
  ),
  // Taken because all other commands take it: it is always beside a stack of npm start.
  local: placeOptions.local,
  'endpoint-url': placeOptions['endpoint-url'],
};

export const listen = verb({
  summary: 'receive the webhooks of a tenant of npm start, show each, and hand it on',
  options,
  details: `It adds an endpoint for as long as it runs, whose secret it shows for your server, and verifies each webhook. Without
--forward-to each is answered with 204; with it your server's answer is the answer, so what it refuses comes again.`,
  run: (values, context) => {
    const place = { stage: 'dev', local: true, table: undefined, profile: undefined, region: undefined };
    const { output, signal } = context;
    return withWebhooks({ ...values, ...place }, context, async (ports) => {
      const origin = ports.outputs?.[LISTEN_ORIGIN];
      if (origin === undefined)
        throw new Stopped('unreachable', 'This stack takes no listener: start it again with npm start.');
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      // First the port: what another listener registered must not be taken for what a killed one left.
      const close = await openListener({
        port: Number(new URL(origin).port),
        keys: [secret],
        forward: values['forward-to'],
        onHeard: (heard) => tell(heard, output),
      }).catch(() => {
        throw new Stopped('refused', 'Another headgate webhook listen runs beside this stack.');
      });
      try {
        const endpoint = await addEndpoint(ports, { ...values, origin, secret });
        output.note(`${endpoint.endpointId} of ${values.tenant}, signed with ${secret}. Ctrl-C ends it.`);
        if (!signal.aborted) await once(signal, 'abort');
        await ports.endpoints.remove(endpoint);
      } finally {
        await close();
      }
      return 'done';
    });
  },
});

interface Asked {
  readonly tenant: string;
  readonly events: string[] | undefined;
  readonly origin: string;
  readonly secret: string;
}

async function addEndpoint(
  ports: WebhookPorts,
  { tenant, events, origin, secret }: Asked,
): Promise<Endpoint> {
  // A listener that was killed left its endpoint.
  for (const { endpoint } of await ports.endpoints.list(tenant))
    if (new URL(endpoint.url).origin === origin) await ports.endpoints.remove(endpoint);
  const asked = {
    tenantId: tenant,
    url: `${origin}/`,
    events,
    secret,
    description: 'headgate webhook listen',
  };
  const registered = await register(ports, asked, [origin]);
  if (registered.kind === 'refused') throw refusedBy(registered.problem);
  return registered.endpoint;
}

function tell(heard: Heard, output: Output): void {
  const { webhookId, event, status, failure, durationMs } = heard;
  const verified = event !== undefined;
  output.show([{ webhookId, verified, status, failure, durationMs, event }], (page) =>
    page.line(
      [
        webhookId,
        verified ? `${event.type}  ${subjectOf(event)}` : 'signature does NOT verify',
        `answered ${status} in ${durationMs} ms${failure === undefined ? '' : `: ${failure}`}`,
      ].join('  '),
    ),
  );
}

function subjectOf({ data }: WebhookEvent): string {
  if ('jobId' in data) return `${data.jobId}  ${data.status}`;
  if ('group' in data) return `${data.group}  ${data.status}`;
  if ('month' in data) return `${data.month}  ${data.standing}`;
  return 'messageId' in data ? `${data.messageId}  ${data.code}` : data.endpointId;
}
