/** An endpoint as its tenant may see it: without secrets, and without the values of its headers. */
import * as z from 'zod';
import { activeKeys, Endpoint, EndpointId, SigningKey } from '../webhook/endpoint.ts';
import type { EndpointHealth } from '../webhook/endpoint-health.ts';

const Time = z.iso.datetime();

export const EndpointView = z.object({
  id: EndpointId,
  tenantId: z.string(),
  url: z.string(),
  description: z.string().optional(),
  events: z.array(z.string()),
  payload: Endpoint.shape.payload.unwrap(),
  signatures: z
    .array(
      z.object({
        scheme: SigningKey.shape.scheme,
        publicKey: z
          .string()
          .optional()
          .describe('Of a v1a signature: whpk_…, with which a receiver verifies.'),
        until: Time.optional().describe('Until then the secret before the current one signs, too.'),
      }),
    )
    .describe('Those of each webhook, the newest first.'),
  headers: z.array(z.string()).describe('The names of its own headers.'),
  disabled: z.object({ reason: z.string(), at: Time }).optional(),
  failingSince: Time.optional().describe('The first failure since the last success.'),
});
export type EndpointView = z.infer<typeof EndpointView>;

export function endpointView(
  { endpoint, health }: { readonly endpoint: Endpoint; readonly health: EndpointHealth | undefined },
  nowMs: number,
): EndpointView {
  const { endpointId: id, tenantId, url, description, events, payload, headers, disabled } = endpoint;
  return {
    id,
    tenantId,
    url,
    ...(description === undefined ? {} : { description }),
    events,
    payload,
    signatures: activeKeys(endpoint, nowMs).map(({ scheme, publicKey, untilMs }) => ({
      scheme,
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(untilMs === undefined ? {} : { until: iso(untilMs) }),
    })),
    headers: headers?.names ?? [],
    ...(disabled === undefined ? {} : { disabled: { reason: disabled.reason, at: iso(disabled.atMs) } }),
    ...(health?.failingSince === undefined ? {} : { failingSince: iso(health.failingSince) }),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
