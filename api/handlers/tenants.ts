/** Tenants, for operators. */
import { notFound, type Refused } from '../../application/resources/refused.ts';
import {
  putTenantSettings,
  type SetByOperator,
  type TenantAccount,
  type TenantSettingsPorts,
  tenantAccount,
} from '../../application/resources/tenant-settings.ts';
import { changeGate } from '../../application/tenant/tenant-admin.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { tenantOperations } from '../contract/tenants.ts';
import { etagOf } from '../etag.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';

export interface TenantPorts extends TenantSettingsPorts {
  readonly tenants: TenantSettingsPorts['tenants'] & Pick<TenantStore, 'list'>;
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

    pauseTenant: withTenant(async (tenantId, { body }) => {
      const read = readBodyAs(tenantOperations.pauseTenant.body, body);
      if (read.kind === 'refused') return read;
      const { reason } = read.value;
      return changed(tenantId, (gate) => ({ ...gate, paused: { reason, at: ports.clock.nowMs() } }));
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

function withTenant(use: (tenantId: string, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const { success, data } = TenantId.safeParse(asked.path['tenantId']);
    return success ? use(data, asked) : notFound;
  };
}

const settingsTag = (settings: SetByOperator | undefined): Promise<string> =>
  etagOf('operator', JSON.stringify(settings ?? null));

function viewOf({ tenantId, settings, paused, inBatch, waiting }: TenantAccount) {
  return {
    tenantId,
    ...(settings === undefined ? {} : { settings }),
    ...(paused === undefined ? {} : { paused: { ...paused, at: new Date(paused.at).toISOString() } }),
    inBatch,
    waiting,
  };
}
