/** The operations on endpoints of tenants, and on what was sent to them. */
import * as z from 'zod';
import { DeliverySummary, DeliveryView } from '../../domain/reading/delivery-view.ts';
import { EndpointView } from '../../domain/reading/endpoint-view.ts';
import { Delivery } from '../../domain/webhook/delivery.ts';
import { Endpoint, SigningKey } from '../../domain/webhook/endpoint.ts';
import { WEBHOOK_EVENTS } from '../../domain/webhook/notification.ts';
import { operations, READS_BODY } from './operation.ts';
import { Moment, OfTenant, Page } from './parameters.ts';

const Headers = z.record(z.string(), z.string()).meta({
  description:
    'At most 10 headers of its own. Their values may be passwords: they are stored encrypted and never shown.',
});
const Events = z.array(z.string()).max(WEBHOOK_EVENTS.length);

export const EndpointCreation = z.strictObject({
  url: Endpoint.shape.url.meta({ description: 'https, a host name, and no port.' }),
  description: Endpoint.shape.description,
  events: Events.optional().meta({
    description: 'The ends of jobs, job.rejected and endpoint.disabled if absent.',
  }),
  payload: Endpoint.shape.payload.unwrap().optional(),
  signatures: z
    .array(SigningKey.shape.scheme)
    .min(1)
    .max(2)
    .optional()
    .meta({ description: 'v1 if absent.' }),
  headers: Headers.optional(),
  secret: z.string().max(256).optional().meta({ description: 'A whsec_… that the receiver has already.' }),
});

export const EndpointChange = z.strictObject({
  url: Endpoint.shape.url.optional(),
  description: z.string().max(256).optional().meta({ description: 'An empty one removes it.' }),
  events: Events.optional(),
  headers: Headers.optional().meta({ description: 'All of them: those that are not named are removed.' }),
});

const Disabling = z.strictObject({ reason: z.string().min(1).max(256) });

export const EndpointPage = z.object({ items: z.array(EndpointView) });

export const EndpointSecrets = z.object({
  endpoint: EndpointView,
  secrets: z
    .array(z.string())
    .describe(
      'Secrets (whsec_…) and public keys (whpk_…), the newest first. They are shown only in this answer.',
    ),
});

export const DeliveryPage = z.object({
  items: z.array(DeliverySummary),
  next: z
    .string()
    .optional()
    .describe('Continues the list. Absent at its end; a page without items may have it.'),
  examined: z.int().describe('How many items were read for this page.'),
});

export const DeliveryListQuery = Page.extend({
  status: Delivery.shape.status.optional(),
  event: z.enum(WEBHOOK_EVENTS).optional(),
  job: z.string().max(64).optional().describe('About the job with this id.'),
  since: Moment.optional().describe('Of events at or after this time; 30 days ago if absent.'),
  until: Moment.optional().describe('Of events until this time.'),
});

const toRead = {
  tag: 'endpoints',
  access: { kind: 'tenant', scope: 'endpoints:read', narrowing: 'closed' },
  query: OfTenant,
} as const;
const toChange = { tag: 'endpoints', access: { kind: 'operator' }, query: OfTenant } as const;
const REFUSED_SETTINGS = [
  ...READS_BODY,
  'url_missing',
  'url_too_long',
  'url_bad_chars',
  'url_scheme',
  'url_parse',
  'url_userinfo',
  'url_fragment',
  'url_port',
  'host_ip_literal',
  'host_syntax',
  'host_special',
  'host_single_label',
  'event_unknown',
  'header_forbidden',
  'header_name',
  'header_value',
  'header_too_large',
  'headers_too_many',
] as const;
const changed = { 200: { description: 'The endpoint as it is now.', body: EndpointView } };

export const endpointReadOperations = operations({
  listEndpoints: {
    method: 'get',
    path: '/v1/endpoints',
    ...toRead,
    summary: 'List the endpoints of a tenant, with their health',
    answers: { 200: { description: 'All of them.', body: EndpointPage } },
    problems: [],
  },
  getEndpoint: {
    method: 'get',
    path: '/v1/endpoints/{endpointId}',
    ...toRead,
    summary: 'Read an endpoint',
    answers: { 200: { description: 'The endpoint.', body: EndpointView } },
    problems: ['not_found'],
  },
  listDeliveries: {
    method: 'get',
    path: '/v1/endpoints/{endpointId}/deliveries',
    ...toRead,
    summary: 'List what was sent to an endpoint, the newest event first',
    description: 'Deliveries are kept for 30 days. A page ends at the limit or after 1,000 examined items.',
    query: DeliveryListQuery,
    answers: { 200: { description: 'One page.', body: DeliveryPage } },
    problems: ['not_found', 'cursor_invalid', 'range_invalid'],
  },
  getDelivery: {
    method: 'get',
    path: '/v1/deliveries/{deliveryId}',
    ...toRead,
    summary: 'Read a delivery, its tries with their answers, and its body',
    answers: { 200: { description: 'The delivery.', body: DeliveryView } },
    problems: ['not_found'],
  },
});

/** The door for tenants has no right to change what these change. */
export const endpointSetupOperations = operations({
  createEndpoint: {
    method: 'post',
    path: '/v1/endpoints',
    ...toChange,
    summary: 'Add an endpoint',
    description:
      'With an Idempotency-Key a repeat finds the endpoint of the first request. It cannot show the secret again: rotate makes a new one.',
    headers: ['Idempotency-Key'],
    body: EndpointCreation,
    answers: {
      201: { description: 'Webhooks are sent to it from now on.', body: EndpointSecrets },
      200: {
        description: 'The same request was made before.',
        body: EndpointSecrets,
        headers: ['Idempotent-Replayed'],
      },
    },
    problems: [...REFUSED_SETTINGS, 'secret_format', 'secret_length', 'endpoints_too_many'],
  },
  changeEndpoint: {
    method: 'patch',
    path: '/v1/endpoints/{endpointId}',
    ...toChange,
    summary: 'Change the settings of an endpoint',
    description:
      'A field that is not given stays as it is. Deliveries that wait for their next try go to the new URL. The payload is fixed when an endpoint is made.',
    body: EndpointChange,
    answers: changed,
    problems: [...REFUSED_SETTINGS, 'not_found'],
  },
  removeEndpoint: {
    method: 'delete',
    path: '/v1/endpoints/{endpointId}',
    ...toChange,
    summary: 'Remove an endpoint; its secret is deleted for good',
    answers: { 204: { description: 'It is gone.' } },
    problems: ['not_found'],
  },
  rotateEndpoint: {
    method: 'post',
    path: '/v1/endpoints/{endpointId}/rotate',
    ...toChange,
    summary: 'Make a new secret; the present one signs for a day longer',
    answers: { 200: { description: 'Both sign from now on.', body: EndpointSecrets } },
    problems: ['not_found', 'rotation_pending', 'endpoint_unknown'],
  },
  revokeEndpointSecret: {
    method: 'post',
    path: '/v1/endpoints/{endpointId}/revoke',
    ...toChange,
    summary: 'Stop signing with the previous secret at once',
    answers: changed,
    problems: ['not_found'],
  },
  disableEndpoint: {
    method: 'post',
    path: '/v1/endpoints/{endpointId}/disable',
    ...toChange,
    summary: 'Send nothing to an endpoint; its deliveries are held until they are replayed',
    body: Disabling,
    answers: changed,
    problems: [...READS_BODY, 'not_found'],
  },
  enableEndpoint: {
    method: 'post',
    path: '/v1/endpoints/{endpointId}/enable',
    ...toChange,
    summary: 'Send to an endpoint again',
    answers: changed,
    problems: ['not_found'],
  },
  pingEndpoint: {
    method: 'post',
    path: '/v1/endpoints/{endpointId}/ping',
    ...toChange,
    summary: 'Send an event of its own to an endpoint',
    answers: {
      202: {
        description: 'It is on its way; the delivery is there when it was tried.',
        body: z.object({ deliveryId: z.string() }),
      },
    },
    problems: ['not_found', 'endpoint_disabled'],
  },
  replayDelivery: {
    method: 'post',
    path: '/v1/deliveries/{deliveryId}/replay',
    ...toChange,
    summary: 'Send a delivery again',
    description: 'A receiver sees the same webhook-id and the same bytes. A repeat finds it on its way.',
    answers: { 202: { description: 'It is on its way.', body: DeliverySummary } },
    problems: ['not_found', 'endpoint_disabled'],
  },
});
