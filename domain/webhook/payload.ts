/** The bytes of a webhook. They are a function of the event alone, so that each repetition has the same bytes. */
import type { Endpoint } from './endpoint.ts';
import { subjectOf, type TenantEvent } from './notification.ts';

export const CONTENT_TYPES: Readonly<Record<Endpoint['payload'], string>> = {
  standard: 'application/json',
  cloudevents: 'application/cloudevents+json; charset=utf-8',
};

/**
 * @see https://www.standardwebhooks.com, payload structure: type, timestamp, data
 * @see CloudEvents 1.0.2, "JSON event format", structured mode
 */
export function bodyOf(event: TenantEvent, webhookId: string, payload: Endpoint['payload']): string {
  const { type, timestamp } = event;
  const data = toldOf(event);
  if (payload === 'standard') return JSON.stringify({ type, timestamp, data });
  return JSON.stringify({
    specversion: '1.0',
    id: webhookId,
    source: `/headgate/tenants/${event.data.tenantId}`,
    type,
    time: timestamp,
    subject: subjectOf(event).trim(),
    datacontenttype: 'application/json',
    data,
  });
}

/** The Batch job of an attempt may change while the job runs, and the tenant has no use for it. Amounts are the operator's. */
function toldOf({ data }: TenantEvent): object {
  if ('runId' in data) {
    const { runId: _, ...told } = data;
    return told;
  }
  if (!('month' in data)) return data;
  const { usd: _, usdPerMonth: __, ...told } = data;
  return told;
}
