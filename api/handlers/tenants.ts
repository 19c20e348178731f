/** Tenants, for operators. */
import { type ListSlotsPorts, listSlots } from '../../application/resources/list-slots.ts';
import { notFound, type Refused } from '../../application/resources/refused.ts';
import {
  putTenantSettings,
  type SetByOperator,
  type TenantAccount,
  type TenantSettingsPorts,
  tenantAccount,
} from '../../application/resources/tenant-settings.ts';
import { type UsagePorts, usageOf } from '../../application/resources/usage.ts';
import { changeGate } from '../../application/tenant/tenant-admin.ts';
import { PRICES_DATE } from '../../domain/cost/prices.ts';
import { costView, monthOf } from '../../domain/cost/receipt.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import { type Budget, type Spend, standingOf } from '../../domain/tenant/budget.ts';
import type { RevocationStore } from '../../io/access/revocations.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { tenantOperations } from '../contract/tenants.ts';
import { etagOf } from '../etag.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';
import { groupingOf } from './parameters.ts';

export interface TenantPorts extends TenantSettingsPorts, UsagePorts, ListSlotsPorts {
  readonly gates: TenantSettingsPorts['gates'] & ListSlotsPorts['gates'];
  readonly tenants: TenantSettingsPorts['tenants'] & Pick<TenantStore, 'list'>;
  readonly revocations: Pick<RevocationStore, 'revoke'>;
}

export function tenantHandlers(ports: TenantPorts): Handlers<keyof typeof tenantOperations> {
  const shown = async (account: TenantAccount | Refused): Promise<Answer | Refused> => {
    if (account.kind === 'refused') return account;
    return { ...ok(viewOf(account)), headers: { ETag: await settingsTag(account.settings) } };
  };
  return {
    async listTenants() {
      const tenants = await ports.tenants.list();
      return ok({ items: tenants.map(({ tenantId, status }) => ({ tenantId, status })) });
    },

    getTenant: withTenant(async (tenantId) => shown(await tenantAccount(ports, tenantId))),

    putTenant: withTenant(async (tenantId, { body, headers }) => {
      const read = readBodyAs(tenantOperations.putTenant.body, body);
      if (read.kind === 'refused') return read;
      const expected = headers['If-Match'];
      // Its hash is made beforehand: a decision between a read and a write waits for nothing.
      const now = await tenantAccount(ports, tenantId);
      const seen = now.kind === 'refused' ? undefined : now.settings;
      const isStale = expected !== undefined && expected !== (await settingsTag(seen));
      return shown(
        await putTenantSettings(
          ports,
          tenantId,
          read.value,
          (stored) => isStale || (expected !== undefined && JSON.stringify(stored) !== JSON.stringify(seen)),
        ),
      );
    }),

    getUsage: withTenant(async (tenantId, { query }) => {
      const grouping = groupingOf(query);
      if (grouping.kind === 'refused') return grouping;
      const { month = monthOf(ports.clock.nowMs()) } = query;
      const { lines, total } = await usageOf(ports, [tenantId], month, grouping.by);
      const items = lines.map(costView);
      return ok({ tenantId, month, items, total: costView(total), prices: PRICES_DATE });
    }),

    listSlots: withTenant(async (tenantId) => {
      const known = await tenantAccount(ports, tenantId);
      return known.kind === 'refused' ? known : ok(await listSlots(ports, tenantId));
    }),

    pauseTenant: withTenant(async (tenantId, { body }) => {
      const read = readBodyAs(tenantOperations.pauseTenant.body, body);
      if (read.kind === 'refused') return read;
      const { reason } = read.value;
      return changed(tenantId, (gate) => ({ ...gate, paused: { reason, at: ports.clock.nowMs() } }));
    }),

    revokeTokens: withTenant(async (tenantId) => {
      const known = await tenantAccount(ports, tenantId);
      if (known.kind === 'refused') return known;
      const nowMs = ports.clock.nowMs();
      await ports.revocations.revoke(tenantId, nowMs);
      return ok({ tenantId, tokensNotBefore: new Date(nowMs).toISOString() });
    }),

    resumeTenant: withTenant((tenantId) => changed(tenantId, ({ paused: _, ...gate }) => gate)),
  };

  async function changed(tenantId: string, change: Parameters<typeof changeGate>[2]) {
    const known = await tenantAccount(ports, tenantId);
    if (known.kind === 'refused') return known;
    await changeGate(ports, tenantId, change);
    return shown(await tenantAccount(ports, tenantId));
  }
}

function spendView(budget: Budget | undefined, spend: Spend) {
  return {
    month: spend.month,
    usd: spend.usdMicro / 1_000_000,
    at: new Date(spend.atMs).toISOString(),
    until: new Date(spend.untilMs).toISOString(),
    standing: standingOf({ budget, spend }),
  };
}

function withTenant(use: (tenantId: string, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const { success, data } = TenantId.safeParse(asked.path['tenantId']);
    return success ? use(data, asked) : notFound;
  };
}

const settingsTag = (settings: SetByOperator | undefined): Promise<string> =>
  etagOf('operator', JSON.stringify(settings ?? null));

function viewOf({ tenantId, settings, paused, spend, inBatch, waiting, waitingSince }: TenantAccount) {
  return {
    tenantId,
    ...(settings === undefined ? {} : { settings }),
    ...(paused === undefined ? {} : { paused: { ...paused, at: new Date(paused.at).toISOString() } }),
    ...(spend === undefined ? {} : { spend: spendView(settings?.budget, spend) }),
    inBatch,
    waiting,
    ...(waitingSince === undefined ? {} : { waitingSince: new Date(waitingSince).toISOString() }),
  };
}
