/** What tenants' attempts of one month cost, by the receipts that they left. */
import { type CostLine, Costs, type Grouping, totalOf } from '../../domain/cost/receipt.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';

export interface UsagePorts {
  readonly receipts: Pick<ReceiptStore, 'of'>;
}

export interface Usage {
  /** The most expensive first. */
  readonly lines: readonly CostLine[];
  readonly total: CostLine;
}

export async function usageOf(
  { receipts }: UsagePorts,
  tenantIds: readonly string[],
  month: string,
  by: Grouping,
): Promise<Usage> {
  const costs = new Costs(by);
  for (const tenantId of tenantIds)
    for await (const receipt of receipts.of(tenantId, month)) costs.add(receipt);
  const lines = costs.lines();
  return { lines, total: totalOf(lines, 'total') };
}
