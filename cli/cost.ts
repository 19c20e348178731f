/** `headgate cost`: what attempts cost, by the receipts that they left. */
import * as z from 'zod';
import { usageOf } from '../application/resources/usage.ts';
import { OWN_USD_MICRO_PER_JOB, PRICED_AS, PRICES_DATE, regionPrices } from '../domain/cost/prices.ts';
import { type CostLine, costView, dollars, type Grouping, Month, monthOf } from '../domain/cost/receipt.ts';
import { TenantId } from '../domain/job/ids.ts';
import { systemClock } from '../io/process/clock.ts';
import { misused } from './program/stopped.ts';
import { flag, option, verb } from './program/verb.ts';
import { placeOptions } from './stack/place.ts';
import { type Records, withStack } from './stack/stack.ts';

const By = z.union(
  [
    z.enum(['tenant', 'type', 'job']),
    z
      .string()
      .regex(/^tag:.{1,128}$/u)
      .transform((text) => ({ tag: text.slice('tag:'.length) })),
  ],
  'expected tenant, type, job or tag:NAME',
);

export const cost = verb({
  summary: 'what the attempts of a month cost, by tenant, job type, job or tag',
  options: {
    month: option('YYYY-MM', 'the UTC month in which they ended (this one)', Month.optional()),
    tenant: option('TENANT', 'of this tenant alone (all)', TenantId.optional()),
    by: option('WHAT', 'tenant, type, job or tag:NAME (tenant)', By.default('tenant')),
    csv: flag('comma-separated values'),
    ...placeOptions,
  },
  details:
    'Estimates by list prices, without discounts, data transfer and taxes; the Cost and Usage Report has the truth. Receipts are kept for 400 days.',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { output } = context;
      if (values.csv && output.json) throw misused('Expected --csv or --json, found both.');
      const records = await stack.records();
      const { month = monthOf(systemClock.nowMs()), tenant, by } = values;
      const tenants = tenant === undefined ? await everyTenant(records, month) : [tenant];
      const { lines, total } = await usageOf(records, tenants, month, by);
      if (values.csv) {
        output.show([], (page) => {
          for (const row of [HEADINGS, ...lines.map(rowOf)]) page.line(row.map(csvCell).join(','));
        });
        return 'done';
      }
      output.show(lines.map(costView), (page) =>
        page.table([headingOf(by), 'JOBS', 'ATTEMPTS', 'HOURS', 'USD'], [...lines, total].map(screenRow)),
      );
      output.note(remark(month, await stack.region(), total));
      return 'done';
    }),
});

/** Those with a record, whose receipts may be older than the list of a month; and those without one. */
async function everyTenant({ tenants, receipts }: Records, month: string): Promise<string[]> {
  const withRecord = (await tenants.list()).map(({ tenantId }) => tenantId);
  return [...new Set([...withRecord, ...(await receipts.tenants(month))])].toSorted();
}

const HEADINGS = ['name', 'jobs', 'attempts', 'billed_seconds', 'usd'];

const rowOf = ({ name, jobs, attempts, billedSeconds, usdMicro }: CostLine): string[] => [
  name,
  String(jobs),
  String(attempts),
  String(billedSeconds),
  dollars(usdMicro),
];

const screenRow = ({ name, jobs, attempts, billedSeconds, usdMicro }: CostLine): string[] => [
  name === '' ? '-' : name,
  String(jobs),
  String(attempts),
  (billedSeconds / 3600).toFixed(2),
  dollars(usdMicro),
];

/** A spreadsheet takes a cell that begins like a formula for one, and the values of tags are the tenants'. */
function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const headingOf = (by: Grouping): string => (typeof by === 'string' ? by : by.tag).toUpperCase();

function remark(month: string, region: string, { jobs }: CostLine): string {
  const prices = Object.hasOwn(regionPrices, region)
    ? `list prices of ${region}`
    : `list prices of ${PRICED_AS}, since none of ${region} are known`;
  const own = dollars(jobs * OWN_USD_MICRO_PER_JOB);
  return `${month}, estimated by ${prices} on ${PRICES_DATE}. Headgate itself adds about $${own} for these jobs.`;
}
