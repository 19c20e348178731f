/** A look at how much a stack does, by the receipts that attempts have left. It changes nothing. */

import { Activity, type ActivityView, type Span, spanAt } from '../../domain/cost/activity.ts';
import { monthOf, type Receipt } from '../../domain/cost/receipt.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import { together } from '../apart.ts';

export interface ActivityPorts {
  readonly receipts: Pick<ReceiptStore, 'tenants' | 'between'>;
  /** When the next call of AWS Batch may be made, epoch ms. */
  readonly paceFreeAtMs: () => Promise<number>;
  readonly callsPerSecond: number;
  readonly clock: Clock;
}

/** A sheet of receipts has up to twelve, so these are some thousands of rows, which a function reads within seconds. */
const MAX_RECEIPTS = 20_000;
/** Each is a query or two. */
const TENANTS_AT_ONCE = 20;

/** The last hour first, so that what a look leaves out on a busy day are the hours before it. */
export async function lookAtActivity(ports: ActivityPorts): Promise<ActivityView> {
  const span = spanAt(ports.clock.nowMs());
  const activity = new Activity(span);
  const tenants = await tenantsSince(ports, Math.min(span.hourMs, span.dayMs), span.nowMs);
  const budget = { left: MAX_RECEIPTS };
  for (const [fromMs, untilMs] of partsOf(span))
    for (let first = 0; first < tenants.length; first += TENANTS_AT_ONCE)
      await together(
        tenants
          .slice(first, first + TENANTS_AT_ONCE)
          .map((tenantId) => addAll(activity, budget, ports.receipts.between(tenantId, fromMs, untilMs))),
      );
  return activity.view(budget.left <= 0, {
    perSecond: ports.callsPerSecond,
    freeAtMs: await ports.paceFreeAtMs(),
  });
}

/** A clock of another process may be ahead by a moment. */
const AHEAD_MS = 1000;

function partsOf({ hourMs, dayMs, nowMs }: Span): readonly (readonly [fromMs: number, untilMs: number])[] {
  const hour = [hourMs, nowMs + AHEAD_MS] as const;
  return dayMs < hourMs ? [hour, [dayMs, hourMs]] : [hour];
}

async function addAll(
  activity: Activity,
  budget: { left: number },
  receipts: AsyncIterable<Receipt>,
): Promise<void> {
  for await (const receipt of receipts) {
    if (budget.left <= 0) return;
    budget.left -= 1;
    activity.add(receipt);
  }
}

/** Of two months in the first hour of one. */
async function tenantsSince(
  { receipts }: ActivityPorts,
  sinceMs: number,
  nowMs: number,
): Promise<readonly string[]> {
  const months = [...new Set([monthOf(sinceMs), monthOf(nowMs)])];
  return [...new Set((await together(months.map((month) => receipts.tenants(month)))).flat())];
}
