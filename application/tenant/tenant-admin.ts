/** Changes by an operator: a tenant's record, its caps, a pause. Each change takes effect at once. */
import { wakeMessage } from '../../domain/batch/messages.ts';
import type { Gate } from '../../domain/tenant/gate.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GateStore, Settings } from '../../io/table/gates.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { together } from '../apart.ts';

export interface AccountPorts {
  readonly tenants: Pick<TenantStore, 'load' | 'put'>;
  readonly gates: Pick<GateStore, 'load' | 'set'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

export interface Account {
  readonly tenant: Tenant | undefined;
  readonly gate: Gate | undefined;
}

export async function readAccount(
  ports: {
    readonly tenants: Pick<TenantStore, 'load'>;
    readonly gates: Pick<GateStore, 'load'>;
  },
  tenantId: string,
): Promise<Account> {
  const [tenants, gates] = await together([ports.tenants.load([tenantId]), ports.gates.load([tenantId])]);
  return { tenant: tenants.get(tenantId), gate: gates.get(tenantId) };
}

/** What an operator sets on a tenant's record; absent stays as it is, and null goes back to the stage's default. */
export interface TenantSettings {
  readonly status?: Tenant['status'] | undefined;
  readonly weight?: Tenant['weight'] | undefined;
  readonly jobTypes?: readonly string[] | null | undefined;
  readonly priorityCeiling?: Tenant['priorityCeiling'] | undefined;
  readonly abovePriorityCeiling?: Tenant['abovePriorityCeiling'] | undefined;
  readonly waitingQuota?: number | undefined;
}

export function withSettings(tenant: Tenant, { jobTypes, ...settings }: TenantSettings): Tenant {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const { jobTypes: present, ...rest } = tenant;
  const types = jobTypes === undefined ? present : jobTypes;
  return { ...rest, ...Object.fromEntries(given), ...(types ? { jobTypes: [...types] } : {}) };
}

/** A cap that is null is removed; a cap that is absent stays. */
export interface CapChanges {
  readonly cap?: number | null | undefined;
  readonly typeCaps?: readonly (readonly [jobType: string, cap: number | null])[] | undefined;
  readonly keyCap?: number | null | undefined;
}

export function withCaps(settings: Settings, changes: CapChanges): Settings {
  const { cap, typeCaps = {}, keyCap, ...rest } = settings;
  const types = { ...typeCaps };
  for (const [type, typeCap] of changes.typeCaps ?? []) {
    if (typeCap === null) delete types[type];
    else types[type] = typeCap;
  }
  return {
    ...rest,
    cap: changes.cap === undefined ? cap : (changes.cap ?? undefined),
    typeCaps: Object.keys(types).length === 0 ? undefined : types,
    keyCap: changes.keyCap === undefined ? keyCap : (changes.keyCap ?? undefined),
  };
}

/**
 * @param change from the present record, or none, to the next one
 * @returns `leaving` when the tenant is being erased
 */
export async function changeTenant(
  ports: Pick<AccountPorts, 'tenants'>,
  tenantId: string,
  change: (tenant: Tenant) => Tenant,
): Promise<Tenant | 'leaving'> {
  const tenant = (await ports.tenants.load([tenantId])).get(tenantId) ?? { tenantId, status: 'active' };
  const { erasedBy: _, ...next } = change(tenant);
  return (await ports.tenants.put(next)) === 'leaving' ? 'leaving' : next;
}

/**
 * Changes caps, a pause or a budget, and wakes the waiting list.
 *
 * The same write makes the gate due, so a crash before the message costs a minute. A lower cap ends nothing: no
 * attempt acquires a slot until there is room.
 */
export async function changeGate(
  { gates, submitQueue, clock }: AccountPorts,
  tenantId: string,
  change: (settings: Settings) => Settings,
): Promise<void> {
  for (;;) {
    const seen = (await gates.load([tenantId])).get(tenantId);
    const { cap, typeCaps, keyCap, paused, budget } = seen ?? {};
    const next = change({ cap, typeCaps, keyCap, paused, budget });
    if ((await gates.set(tenantId, seen, next, clock.nowMs())) === 'written') break;
  }
  await submitQueue.send([wakeMessage(tenantId)]);
}
