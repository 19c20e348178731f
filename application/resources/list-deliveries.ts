/** One page of what was sent to an endpoint. */
import { problem } from '../../domain/errors.ts';
import { deliveryCursor, deliveryPlaceIn } from '../../domain/reading/delivery-places.ts';
import { MAX_EXAMINED, MAX_PAGE } from '../../domain/reading/listing.ts';
import { type Delivery, RETENTION_MS } from '../../domain/webhook/delivery.ts';
import { checkRange, type DeliveryFilter, isMeant } from '../../domain/webhook/delivery-filter.ts';
import type { EndpointName } from '../../domain/webhook/endpoint-health.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { DeliveryLog } from '../../io/table/deliveries.ts';
import type { Refused } from './refused.ts';

export interface ListDeliveriesPorts {
  readonly deliveries: Pick<DeliveryLog, 'page'>;
  readonly clock: Clock;
}

export interface DeliveriesAsked extends Omit<DeliveryFilter, 'id'> {
  /** Epoch ms; absent: 30 days ago, and now. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface DeliveriesPage {
  readonly kind: 'page';
  /** The newest event first. */
  readonly deliveries: readonly Delivery[];
  /** Continues the list; absent at its end. */
  readonly next?: string;
  readonly examined: number;
}

/** Reads until `limit` deliveries match or about 1,000 items were examined. */
export async function listDeliveries(
  { deliveries, clock }: ListDeliveriesPorts,
  { tenantId, endpointId }: EndpointName,
  { sinceMs, untilMs, limit, cursor, ...filter }: DeliveriesAsked,
): Promise<DeliveriesPage | Refused> {
  const list = [endpointId, filter.status, filter.event, filter.job, sinceMs, untilMs];
  const toMs = untilMs ?? clock.nowMs();
  const range = { fromMs: sinceMs ?? toMs - RETENTION_MS, toMs };
  const wrong = checkRange(range);
  if (wrong !== undefined) return { kind: 'refused', problem: wrong };
  let after = cursor === undefined ? undefined : deliveryPlaceIn(cursor, list);
  // DynamoDB refuses a place outside of the range that it is asked for, and anyone can make a cursor.
  if (cursor !== undefined && (after === undefined || Date.parse(after.at) > toMs)) {
    const expected = 'Expected the cursor of the page before, with the same filter.';
    return { kind: 'refused', problem: problem('cursor_invalid', '/cursor', expected) };
  }
  // Since the page before it has passed out of the 30 days.
  if (after !== undefined && Date.parse(after.at) < range.fromMs) return pageOf([], 0, undefined);
  // A delivery has a body of some size, so a page reads no more of them than it shows, unless most are filtered out.
  const isFiltered = Object.values(filter).some((asked) => asked !== undefined);
  const found: Delivery[] = [];
  let examined = 0;
  for (;;) {
    const most = Math.min(isFiltered ? MAX_PAGE : limit, MAX_EXAMINED - examined);
    const page = await deliveries.page({ tenantId, endpointId }, range, most, after);
    examined += page.examined;
    for (const [index, row] of page.rows.entries()) {
      if (isMeant(row, filter)) found.push(row);
      const hasMore = page.next !== undefined || index < page.rows.length - 1;
      if (found.length === limit)
        return pageOf(found, examined, hasMore ? deliveryCursor(row, list) : undefined);
    }
    after = page.next;
    if (after === undefined) return pageOf(found, examined, undefined);
    if (examined >= MAX_EXAMINED) return pageOf(found, examined, deliveryCursor(after, list));
  }
}

function pageOf(deliveries: readonly Delivery[], examined: number, next: string | undefined): DeliveriesPage {
  return { kind: 'page', deliveries, examined, ...(next === undefined ? {} : { next }) };
}
