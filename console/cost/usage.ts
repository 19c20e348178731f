/** What attempts cost, summed over tenants, and as a table for another program. */
import type { Answers } from '../api/schema.ts';

export type Usage = Answers['get /v1/tenants/{tenantId}/usage'];
export type Sum = Usage['total'];

/** By name over all tenants, the most expensive first. */
export function sumsOf(usages: readonly Usage[]): Sum[] {
  const groups = Map.groupBy(
    usages.flatMap(({ items }) => items),
    ({ name }) => name,
  );
  return [...groups.values()].map(added).toSorted((a, b) => b.usd - a.usd);
}

export function added(sums: readonly Sum[]): Sum {
  const total = (of: 'jobs' | 'attempts' | 'billedSeconds' | 'usd') =>
    sums.reduce((all, sum) => all + sum[of], 0);
  return {
    name: sums[0]?.name ?? '',
    jobs: total('jobs'),
    attempts: total('attempts'),
    billedSeconds: total('billedSeconds'),
    usd: total('usd'),
  };
}

/** Cents where there are some; the cost of one attempt is far less. */
export function usdText(usd: number): string {
  if (usd === 0) return '$0';
  if (usd >= 0.1)
    return `$${new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(usd)}`;
  return usd < 0.000_001 ? 'under $0.000001' : `$${usd.toPrecision(2)}`;
}

/** The months that can be asked for, this one first. */
export function monthsBefore(nowMs: number, count: number): string[] {
  const now = new Date(nowMs);
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  );
}

export function csvOf(usages: readonly Usage[]): string {
  const rows = usages.flatMap(({ tenantId, month, items }) =>
    items.map(({ name, jobs, attempts, billedSeconds, usd }) =>
      [month, tenantId, name, jobs, attempts, billedSeconds, usd].map(cell).join(','),
    ),
  );
  return ['month,tenant,type,jobs,attempts,billed_seconds,usd', ...rows, ''].join('\n');
}

/** A program for tables takes a cell that begins so for a formula. */
function cell(value: string | number): string {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
