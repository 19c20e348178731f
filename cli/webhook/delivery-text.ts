/** Endpoints and deliveries for people. A secret is shown once, by the verb that makes it, and never here. */
import type { Delivery, Try } from '../../domain/webhook/delivery.ts';
import { activeKeys, type Endpoint } from '../../domain/webhook/endpoint.ts';
import type { KnownEndpoint } from '../../io/table/endpoints.ts';
import type { Page } from '../program/output.ts';
import { second } from '../program/time.ts';

export const DELIVERY_HEADINGS = [
  'WHEN',
  'ENDPOINT',
  'EVENT',
  'STATUS',
  'TRIES',
  'ANSWER',
  'MS',
  'NEXT',
  'ID',
];
export const ENDPOINT_HEADINGS = ['ENDPOINT', 'STATE', 'SIGNS', 'EVENTS', 'URL'];

export function deliveryRow(delivery: Delivery): string[] {
  const { at, endpointId, eventType, status, tries, last, nextTryAt, webhookId } = delivery;
  return [
    `${at.slice(0, 19)}Z`,
    endpointId,
    eventType,
    status,
    String(tries),
    last?.answer ?? '-',
    last === undefined ? '-' : String(last.ms),
    nextTryAt === undefined ? '-' : second(nextTryAt),
    webhookId,
  ];
}

export function endpointRow({ endpoint, health }: KnownEndpoint, nowMs: number): string[] {
  const { endpointId, events, url } = endpoint;
  const failing = health?.failingSince === undefined ? 'on' : `failing since ${second(health.failingSince)}`;
  return [endpointId, stateOf(endpoint) ?? failing, signsOf(endpoint, nowMs), events.join(','), url];
}

/** Without keys, secrets and the values of headers. */
export function endpointRecord({ endpoint, health }: KnownEndpoint) {
  const { keys, headers, ...rest } = endpoint;
  return { ...rest, keys: keys.map(({ sealed: _, ...key }) => key), headers: headers?.names ?? [], health };
}

/** All of one delivery, its tries in order and the body last, as it was sent. */
export function writeDelivery(page: Page, delivery: Delivery, tries: readonly Try[]): void {
  const { webhookId, jobId = '-', replays = 0, body } = delivery;
  page.table(undefined, [
    ['id', webhookId],
    ['job', jobId],
    ['event', `${delivery.eventType} of ${delivery.at}`],
    ['endpoint', `${delivery.tenantId} ${delivery.endpointId}`],
    ['status', delivery.status],
    ['replays', String(replays)],
  ]);
  page.line();
  for (const [i, each] of tries.entries()) writeTry(page, each, i + 1);
  page.block(body);
}

function writeTry(page: Page, { at, ms, answer, headers = {}, body, binary, cut }: Try, number: number) {
  page.line(`try ${number}  ${second(at)}  ${answer}  ${ms} ms`);
  for (const [name, value] of Object.entries(headers)) page.line(`  ${name}: ${value}`);
  const note = [binary === true ? 'base64' : undefined, cut].filter(Boolean).join(', ');
  if (body !== undefined) page.line(`  ${body}${note === '' ? '' : `  (${note})`}`);
  page.line();
}

function stateOf({ disabled }: Endpoint): string | undefined {
  return disabled === undefined ? undefined : `disabled: ${disabled.reason}`;
}

function signsOf(endpoint: Endpoint, nowMs: number): string {
  return activeKeys(endpoint, nowMs)
    .map(({ scheme, untilMs }) => (untilMs === undefined ? scheme : `${scheme} until ${second(untilMs)}`))
    .join(', ');
}
