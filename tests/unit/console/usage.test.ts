/** What the console says that attempts cost. */
import { expect, it } from '@jest/globals';
import { csvOf, monthsBefore, sumsOf, type Usage, usdText } from '../../../console/cost/usage.ts';

const sum = (name: string, usd: number) => ({ name, jobs: 1, attempts: 2, billedSeconds: 60, usd });
const usage = (tenantId: string, ...items: Usage['items'][number][]): Usage => ({
  tenantId,
  month: '2026-11',
  items,
  total: sum('total', 0),
  prices: 'list',
});

it('adds job types over tenants, the most expensive first', () => {
  const sums = sumsOf([usage('acme', sum('a', 1), sum('b', 3)), usage('globex', sum('a', 4))]);
  expect(sums.map(({ name, jobs, usd }) => [name, jobs, usd])).toEqual([
    ['a', 2, 5],
    ['b', 1, 3],
  ]);
});

it.each([
  [0, '$0'],
  [0.000_000_1, 'under $0.000001'],
  [0.000_234_5, '$0.00023'],
  [0.1, '$0.10'],
  [1234.5, '$1,234.50'],
])('%s is %s', (usd, text) => expect(usdText(usd)).toBe(text));

it('has no cell that a program for tables takes for a formula', () => {
  expect(csvOf([usage('acme', sum('=HYPERLINK("x")', 1))])).toBe(
    `month,tenant,type,jobs,attempts,billed_seconds,usd\n2026-11,acme,"'=HYPERLINK(""x"")",1,2,60,1\n`,
  );
});

it('offers the months before this one over the turn of a year', () => {
  expect(monthsBefore(Date.UTC(2026, 0, 31), 3)).toEqual(['2026-01', '2025-12', '2025-11']);
});
