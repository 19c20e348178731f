/** What a tenant has used. */
import { usageOf } from '../../application/resources/usage.ts';
import { monthOf, usedView } from '../../domain/cost/receipt.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import type { usageOperations } from '../contract/usage.ts';
import { type Handlers, ok } from '../handler.ts';
import { groupingOf, tenantMissing } from './parameters.ts';

export interface MyUsagePorts {
  readonly receipts: Pick<ReceiptStore, 'of'>;
  readonly clock: Clock;
}

export function usageHandlers(ports: MyUsagePorts): Handlers<keyof typeof usageOperations> {
  return {
    async getMyUsage({ mine, query }) {
      if (mine.tenantId === undefined) return tenantMissing;
      const grouping = groupingOf(query);
      if (grouping.kind === 'refused') return grouping;
      const { month = monthOf(ports.clock.nowMs()) } = query;
      const { lines, total } = await usageOf(ports, [mine.tenantId], month, grouping.by);
      const items = lines.toSorted((a, b) => b.billedSeconds - a.billedSeconds).map(usedView);
      return ok({ month, items, total: usedView(total) });
    },
  };
}
