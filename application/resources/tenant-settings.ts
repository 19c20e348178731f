/** What an operator sets for a tenant, read and replaced as one thing. */
import { wakeMessage } from '../../domain/batch/messages.ts';
import { problem } from '../../domain/errors.ts';
import type { Budget, Spend } from '../../domain/tenant/budget.ts';
import type { Caps, Gate } from '../../domain/tenant/gate.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { waitingSince } from '../tenant/first-in-line.ts';
import { type Account, type AccountPorts, readAccount } from '../tenant/tenant-admin.ts';
import { notFound, type Refused } from './refused.ts';

export interface TenantSettingsPorts extends AccountPorts {
  readonly waiting: Pick<WaitingStore, 'count' | 'ready' | 'head'>;
}

export interface SetByOperator extends Omit<Tenant, 'tenantId' | 'erasedBy'> {
  readonly caps: Caps;
  readonly budget?: Budget | undefined;
}

export interface TenantAccount {
  readonly kind: 'account';
  readonly tenantId: string;
  /** Absent: the tenant has no record. */
  readonly settings: SetByOperator | undefined;
  readonly paused: Gate['paused'];
  /** Of the budget, once its receipts were added up. */
  readonly spend: Spend | undefined;
  readonly inBatch: number;
  readonly waiting: number;
  /** Since when the first in line waits, epoch ms. */
  readonly waitingSince: number | undefined;
}

/** A tenant without a record and without a gate is not found. */
export async function tenantAccount(
  ports: TenantSettingsPorts,
  tenantId: string,
): Promise<TenantAccount | Refused> {
  const account = await readAccount(ports, tenantId);
  if (account.tenant === undefined && account.gate === undefined) return notFound;
  const { gate } = account;
  const waiting = gate === undefined ? 0 : await ports.waiting.count(tenantId);
  return {
    kind: 'account',
    tenantId,
    settings: settingsIn(account),
    paused: account.gate?.paused,
    spend: account.gate?.spend,
    inBatch: account.gate?.holders.length ?? 0,
    waiting,
    waitingSince: gate === undefined || waiting === 0 ? undefined : await waitingSince(ports.waiting, gate),
  };
}

export function settingsIn({ tenant, gate }: Account): SetByOperator | undefined {
  if (tenant === undefined) return undefined;
  const { tenantId: _, erasedBy: __, ...record } = tenant;
  return { ...record, caps: capsIn(gate), ...(gate?.budget && { budget: gate.budget }) };
}

function capsIn(gate: Gate | undefined): Caps {
  const { cap, typeCaps, keyCap } = gate ?? {};
  return {
    ...(cap === undefined ? {} : { cap }),
    ...(typeCaps === undefined ? {} : { typeCaps }),
    ...(keyCap === undefined ? {} : { keyCap }),
  };
}

/**
 * Replaces all settings. The caps first, by compare-and-set: a tenant that is new begins with its caps in force, and a stale
 * writer has changed nothing. After a crash in between the same call may be made again.
 *
 * @param isStale judges the settings as they are stored; the caller may have read others
 */
export async function putTenantSettings(
  ports: TenantSettingsPorts,
  tenantId: string,
  { caps, budget, ...record }: SetByOperator,
  isStale: (stored: SetByOperator | undefined) => boolean,
): Promise<TenantAccount | Refused> {
  for (;;) {
    const account = await readAccount(ports, tenantId);
    if (account.tenant?.erasedBy !== undefined) return leaving;
    if (isStale(settingsIn(account))) {
      const expected = 'Expected the settings as they were read; they have changed since.';
      return { kind: 'refused', problem: problem('version_changed', '/If-Match', expected) };
    }
    const { gate } = account;
    // A gate costs each step of its tenant a read more of its holders, so one without caps is not made.
    if (gate === undefined && Object.keys(caps).length === 0 && budget === undefined) break;
    const { cap, typeCaps, keyCap } = caps;
    const next = { cap, typeCaps, keyCap, paused: gate?.paused, budget };
    if ((await ports.gates.set(tenantId, gate, next, ports.clock.nowMs())) === 'lost') continue;
    await ports.submitQueue.send([wakeMessage(tenantId)]);
    break;
  }
  if ((await ports.tenants.put({ tenantId, ...record })) === 'leaving') return leaving;
  return tenantAccount(ports, tenantId);
}

const leaving: Refused = {
  kind: 'refused',
  problem: problem('tenant_leaving', '', 'Expected a tenant that is not being erased.'),
};
