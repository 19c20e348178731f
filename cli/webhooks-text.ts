/** Endpoints and deliveries in a terminal. A secret is shown once, by the command that makes it, and never here. */
import type { Delivery, Try } from '../domain/webhook/delivery.ts';
import { activeKeys, type Endpoint } from '../domain/webhook/endpoint.ts';
import type { KnownEndpoint } from '../io/table/endpoints.ts';
import { columns, harmless, printable } from './dlq-text.ts';

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
    nextTryAt === undefined ? '-' : time(nextTryAt),
    webhookId,
  ].map(harmless);
}

export function endpointRow({ endpoint, health }: KnownEndpoint, nowMs: number): string[] {
  const { endpointId, events, url } = endpoint;
  const failing = health?.failingSince === undefined ? 'on' : `failing since ${time(health.failingSince)}`;
  return [endpointId, stateOf(endpoint) ?? failing, signsOf(endpoint, nowMs), events.join(','), url].map(
    harmless,
  );
}

/** All of one delivery, its tries in order and the body last, as it was sent. */
export function deliveryPage(delivery: Delivery, tries: readonly Try[]): string {
  const { webhookId, jobId = '-', replays = 0, body } = delivery;
  const facts = [
    ['id', webhookId],
    ['job', jobId],
    ['event', `${delivery.eventType} of ${delivery.at}`],
    ['endpoint', `${delivery.tenantId} ${delivery.endpointId}`],
    ['status', delivery.status],
    ['replays', String(replays)],
  ];
  const pages = tries.map((each, i) => tryPage(each, i + 1));
  return [...columns(facts.map((fact) => fact.map(harmless))), '', ...pages, printable(body)].join('\n');
}

function tryPage({ at, ms, answer, headers = {}, body, binary, cut }: Try, number: number): string {
  const head = `try ${number}  ${time(at)}  ${answer}  ${ms} ms`;
  const fields = Object.entries(headers).map(([name, value]) => `  ${name}: ${harmless(value)}`);
  const note = [binary === true ? 'base64' : undefined, cut].filter(Boolean).join(', ');
  const text = body === undefined ? [] : [`  ${harmless(body)}${note === '' ? '' : `  (${note})`}`];
  return [head, ...fields, ...text, ''].join('\n');
}

function stateOf({ disabled }: Endpoint): string | undefined {
  return disabled === undefined ? undefined : `disabled: ${disabled.reason}`;
}

function signsOf(endpoint: Endpoint, nowMs: number): string {
  return activeKeys(endpoint, nowMs)
    .map(({ scheme, untilMs }) => (untilMs === undefined ? scheme : `${scheme} until ${time(untilMs)}`))
    .join(', ');
}

function time(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
