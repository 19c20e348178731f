/** `headgate budget`: what tenants may spend in a month, and what is spent of it. */
import * as z from 'zod';
import { changeGate, readAccount } from '../application/tenant/tenant-admin.ts';
import { TenantId } from '../domain/job/ids.ts';
import { inOurWords } from '../domain/request/expectation.ts';
import { Budget, standingOf } from '../domain/tenant/budget.ts';
import type { Gate } from '../domain/tenant/gate.ts';
import type { Output } from './program/output.ts';
import { notFound } from './program/stopped.ts';
import { type Noun, option, verb } from './program/verb.ts';
import { placeOptions } from './stack/place.ts';
import { type Records, withStack } from './stack/stack.ts';

const id = { effect: '', schema: TenantId };
const oneTenant = { argument: 'TENANT', options: { id, ...placeOptions } };
const { usdPerMonth, warnAt, timeZone } = Budget.shape;

/** A number as text, within the rule of the budget. */
const numberOf = (schema: typeof usdPerMonth | typeof warnAt, what: string) =>
  z.string().transform((text, context) => {
    const number = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
    const parsed = schema.safeParse(number, inOurWords);
    if (number !== undefined && parsed.success) return number;
    const message = number === undefined ? `expected ${what}` : parsed.error?.issues[0]?.message;
    context.addIssue({ code: 'custom', message: message ?? `expected ${what}` });
    return z.NEVER;
  });

const set = verb({
  ...oneTenant,
  summary: 'what it may spend in a month, and what follows when that is used',
  options: {
    ...oneTenant.options,
    usd: option('N', 'dollars in a month', numberOf(usdPerMonth, 'dollars, such as 100 or 0.5')),
    then: option(
      'hold|cancel|refuse',
      'attempts wait; what runs is cancelled as well; new jobs are refused as well (hold)',
      Budget.shape.then.default('hold'),
    ),
    'time-zone': option('ZONE', 'whose months, such as Europe/Berlin (UTC)', timeZone),
    'warn-at': option(
      'PART',
      'the part of it that is counted as a warning (0.8)',
      numberOf(warnAt, 'a part, such as 0.8').default(0.8),
    ),
  },
  details: `The spent amount is the sum of receipts, made every five minutes, so that some more may be spent. A higher budget lets waiting jobs
go on at once.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      await existing(records, values.id);
      const budget: Budget = {
        usdPerMonth: values.usd,
        timeZone: values['time-zone'],
        warnAt: values['warn-at'],
        then: values.then,
      };
      await changeGate(records, values.id, (settings) => ({ ...settings, budget }));
      return show(await existing(records, values.id), context.output);
    }),
});

const get = verb({
  ...oneTenant,
  summary: 'its budget, and what is spent of it in this month',
  run: (values, context) =>
    withStack(values, context, async (stack) =>
      show(await existing(await stack.records(), values.id), context.output),
    ),
});

const remove = verb({
  ...oneTenant,
  summary: 'let it spend what it wants',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      await existing(records, values.id);
      await changeGate(records, values.id, ({ budget: _, ...settings }) => settings);
      return show(await existing(records, values.id), context.output);
    }),
});

const list = verb({
  summary: 'tenants with a record and a budget',
  options: placeOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { tenants, gates } = await stack.records();
      const loaded = await gates.load((await tenants.list()).map(({ tenantId }) => tenantId));
      const budgeted = [...loaded.values()].filter(({ budget }) => budget !== undefined);
      context.output.show(budgeted.map(recordOf), (page) =>
        page.table(['TENANT', 'MONTH', 'SPENT', 'OF', 'STANDS', 'THEN'], budgeted.map(rowOf)),
      );
      context.output.note(`${budgeted.length} ${budgeted.length === 1 ? 'budget' : 'budgets'}.`);
      return 'done';
    }),
});

type Known = Pick<Gate, 'tenantId' | 'budget' | 'spend'>;

async function existing(records: Records, tenantId: string): Promise<Known> {
  const { tenant, gate } = await readAccount(records, tenantId);
  if (tenant === undefined && gate === undefined) throw notFound(`There is no tenant ${tenantId}.`);
  return gate ?? { tenantId };
}

function show(known: Known, output: Output): 'done' {
  output.show([recordOf(known)], (page) => {
    if (known.budget === undefined) return page.line(`${known.tenantId} has no budget.`);
    return page.table(['TENANT', 'MONTH', 'SPENT', 'OF', 'STANDS', 'THEN'], [rowOf(known)]);
  });
  return 'done';
}

function recordOf({ tenantId, budget, spend }: Known) {
  return {
    tenantId,
    budget,
    ...(spend && {
      month: spend.month,
      spentUsd: spend.usdMicro / 1_000_000,
      summedAt: new Date(spend.atMs).toISOString(),
      until: new Date(spend.untilMs).toISOString(),
    }),
    standing: budget && standingOf({ budget, spend }),
  };
}

function rowOf({ tenantId, budget, spend }: Known): string[] {
  return [
    tenantId,
    spend?.month ?? '-',
    spend === undefined ? 'not summed yet' : `$${(spend.usdMicro / 1_000_000).toFixed(2)}`,
    budget === undefined ? '-' : `$${budget.usdPerMonth.toFixed(2)}`,
    standingOf({ budget, spend }),
    budget?.then ?? '-',
  ];
}

export const noun: Noun = {
  summary: 'what tenants may spend in a month',
  verbs: { list, get, set, remove },
};
