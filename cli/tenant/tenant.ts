/** `headgate tenant`: what tenants may do. */
import * as z from 'zod';
import {
  changeGate,
  changeTenant,
  readAccount,
  withCaps,
  withSettings,
} from '../../application/tenant/tenant-admin.ts';
import { problem } from '../../domain/errors.ts';
import { TenantId } from '../../domain/job/ids.ts';
import type { Gate } from '../../domain/tenant/gate.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import { revocationStore } from '../../io/access/revocations.ts';
import { systemClock } from '../../io/process/clock.ts';
import { RowUnreadable } from '../../io/table/rows.ts';
import { jobTypes } from '../../job-types.ts';
import type { Output } from '../program/output.ts';
import { misused, notFound, refusedBy } from '../program/stopped.ts';
import { type Noun, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { type Records, withStack } from '../stack/stack.ts';
import { erase } from './erase.ts';
import { settingOptions } from './settings.ts';

const id = { effect: '', schema: TenantId };
const oneTenant = { argument: 'TENANT', options: { id, ...placeOptions } };

const put = verb({
  summary: 'make a tenant, or change its settings',
  argument: 'TENANT',
  options: { id, ...settingOptions, ...placeOptions },
  details:
    'All other settings stay as they are. Changes take effect at once: a higher cap wakes waiting jobs, a lower one ends nothing.',
  run: (values, { output, ...context }) =>
    withStack(values, { output, ...context }, async (stack) => {
      const records = await stack.records();
      requireTypes([...(values['job-types'] ?? []), ...(values['type-cap'] ?? []).map(([type]) => type)]);
      const changed = await changeTenant(records, values.id, (tenant) =>
        withSettings(tenant, {
          status: values.status,
          weight: values.weight,
          jobTypes: values['job-types'],
          priorityCeiling: values['priority-ceiling'],
          abovePriorityCeiling: values['above-ceiling'],
          waitingQuota: values['waiting-quota'],
        }),
      );
      if (changed === 'leaving')
        throw refusedBy(
          problem('tenant_leaving', '', `Expected a tenant that is not being erased, found ${values.id}.`),
        );
      const caps = { cap: values.cap, typeCaps: values['type-cap'], keyCap: values['key-cap'] };
      if (Object.values(caps).some((cap) => cap !== undefined))
        await changeGate(records, values.id, (gate) => withCaps(gate, caps));
      return show(values.id, records, output);
    }),
});

function requireTypes(asked: readonly string[]): void {
  const unknown = asked.find((type) => !jobTypes.has(type));
  if (unknown !== undefined)
    throw misused(`There is no job type ${unknown}; there are ${[...jobTypes.keys()].join(', ')}.`);
}

const get = verb({
  ...oneTenant,
  summary: 'its settings, caps, and how many of its attempts are in AWS Batch or wait',
  aliases: ['show'],
  run: (values, context) =>
    withStack(values, context, async (stack) => show(values.id, await stack.records(), context.output)),
});

async function show(tenantId: string, records: Records, output: Output): Promise<'done'> {
  const { tenant, gate } = await existing(records, tenantId);
  const waiting = gate === undefined ? 0 : await records.waiting.count(tenantId);
  output.show([recordOf(tenantId, tenant, gate, waiting)], (page) =>
    page.table(undefined, [
      ...Object.entries(tenant ?? { tenantId }).map(([name, value]) => [name, String(value)]),
      ...gateFacts(gate, waiting),
    ]),
  );
  return 'done';
}

function recordOf(tenantId: string, tenant: Tenant | undefined, gate: Gate | undefined, waiting: number) {
  const { cap, typeCaps, keyCap, paused, holders = [] } = gate ?? {};
  return { tenantId, ...tenant, cap, typeCaps, keyCap, paused, inBatch: holders.length, waiting };
}

function gateFacts(gate: Gate | undefined, waiting: number): string[][] {
  if (gate === undefined) return [['caps', 'none']];
  const { cap, typeCaps = {}, keyCap, paused, holders } = gate;
  return [
    ['cap', String(cap ?? 'none')],
    ...Object.entries(typeCaps).map(([type, typeCap]) => [`cap of ${type}`, String(typeCap)]),
    ['cap of each key', String(keyCap ?? 1)],
    ...(paused === undefined
      ? []
      : [['paused', `${paused.reason}, since ${new Date(paused.at).toISOString()}`]]),
    ['in Batch', String(holders.length)],
    ['waiting', String(waiting)],
  ];
}

const list = verb({
  summary: 'every tenant with its cap, and what it has in AWS Batch',
  options: placeOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { tenants: store, gates } = await stack.records();
      const tenants = await store.list();
      const loaded = await gates.load(tenants.map(({ tenantId }) => tenantId));
      const known = tenants.map((tenant) => ({ ...tenant, gate: gateIn(loaded, tenant.tenantId) }));
      context.output.show(known.map(listRecord), (page) =>
        page.table(['TENANT', 'STATUS', 'CAP', 'IN BATCH', 'WEIGHT'], known.map(listRow)),
      );
      context.output.note(`${tenants.length} ${tenants.length === 1 ? 'tenant' : 'tenants'}.`);
      return 'done';
    }),
});

type Listed = Tenant & { readonly gate: Gate | RowUnreadable | undefined };

function listRow({ tenantId, status, weight = 1, gate }: Listed): string[] {
  if (gate instanceof RowUnreadable) return [tenantId, 'gate cannot be read', '?', '?', String(weight)];
  const { cap, holders = [], paused } = gate ?? {};
  return [
    tenantId,
    paused === undefined ? status : 'paused',
    String(cap ?? '-'),
    String(holders.length),
    String(weight),
  ];
}

function listRecord({ gate, ...tenant }: Listed) {
  if (gate instanceof RowUnreadable) return { ...tenant, unreadable: true };
  const { cap, paused, holders = [] } = gate ?? {};
  return { ...tenant, cap, paused, inBatch: holders.length };
}

/** One that cannot be read must not hide the other tenants; `tenant get` says what is wrong with it. */
function gateIn(gates: ReadonlyMap<string, Gate>, tenantId: string): Gate | RowUnreadable | undefined {
  try {
    return gates.get(tenantId);
  } catch (error) {
    if (error instanceof RowUnreadable) return error;
    throw error;
  }
}

const pause = verb({
  ...oneTenant,
  summary: 'let its new jobs wait; running ones go on',
  options: {
    ...oneTenant.options,
    reason: option(
      'TEXT',
      'why, for the reader of headgate job why',
      z.string('expected why, in a sentence').trim().min(1, 'expected why').max(256),
    ),
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      await existing(records, values.id);
      const paused = { reason: values.reason, at: systemClock.nowMs() };
      await changeGate(records, values.id, (gate) => ({ ...gate, paused }));
      context.output.show([{ tenantId: values.id, paused }], (page) =>
        page.line(`${values.id} is paused: its new jobs wait.`),
      );
      return 'done';
    }),
});

const resume = verb({
  ...oneTenant,
  summary: 'let its waiting jobs go on',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      await existing(records, values.id);
      await changeGate(records, values.id, ({ paused: _, ...gate }) => gate);
      context.output.show([{ tenantId: values.id }], (page) => page.line(`${values.id} is resumed.`));
      return 'done';
    }),
});

const revokeTokens = verb({
  ...oneTenant,
  summary: 'end all its tokens that were signed before, within a minute',
  details:
    'Tokens that are signed later are taken: a key that is in wrong hands is ended by headgate key disable.',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      await existing(await stack.records(), values.id);
      const nowMs = systemClock.nowMs();
      await revocationStore(await stack.items()).revoke(values.id, nowMs);
      const tokensNotBefore = new Date(nowMs).toISOString();
      context.output.show([{ tenantId: values.id, tokensNotBefore }], (page) =>
        page.line(
          `Tokens of ${values.id} from before ${tokensNotBefore} are taken for another minute at most.`,
        ),
      );
      return 'done';
    }),
});

async function existing(records: Records, tenantId: string) {
  const account = await readAccount(records, tenantId);
  if (account.tenant === undefined && account.gate === undefined)
    throw notFound(`There is no tenant ${tenantId}.`);
  return account;
}

export const noun: Noun = {
  summary: 'what tenants may do: caps, weights, quotas, pauses',
  verbs: { list, get, put, pause, resume, 'revoke-tokens': revokeTokens, delete: erase },
};
