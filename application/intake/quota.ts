/** How many jobs of a tenant wait, for its quota, which are not counted for each message; and whose budgets are used. */

import { type UsedBudget, usedBudget } from '../../domain/tenant/budget.ts';
import { type Gate, isClosed } from '../../domain/tenant/gate.ts';
import { type Backlog, isCurrent } from '../../domain/tenant/quota.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { apart } from '../apart.ts';

export interface QuotaPorts {
  readonly waiting: Pick<WaitingStore, 'count'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** @returns for each tenant how many of its jobs wait; one that never had a gate, or is unknown, has none */
export type CountBacklogs = (
  gates: ReadonlyMap<string, Gate>,
  quotaOf: (tenantId: string) => number | undefined,
) => Promise<ReadonlyMap<string, number>>;

/** A sandbox that has seen more tenants forgets their counts: one more count costs less than the memory. */
const MAX_REMEMBERED = 10_000;

/**
 * The counts stay in the sandbox. On the gate all sandboxes would share one, but each would be a write of the whole gate,
 * which a tenant with many slots pays for by the kilobyte.
 */
export function backlogCounter({ waiting, clock, log }: QuotaPorts): CountBacklogs {
  const remembered = new Map<string, Backlog>();

  async function backlogOf(gate: Gate, quota: number | undefined): Promise<number> {
    const { tenantId, holders } = gate;
    // No attempt waits at a gate that is open and empty.
    if (quota === undefined || (holders.length === 0 && !isClosed(gate))) return 0;
    const nowMs = clock.nowMs();
    const known = remembered.get(tenantId);
    if (known !== undefined && isCurrent(known, quota, nowMs)) return known.count;
    const count = await waiting.count(tenantId);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(tenantId, { count, atMs: nowMs });
    return count;
  }

  return async (gates, quotaOf) => {
    const { done, failed } = await apart([...gates.values()], async (gate) =>
      backlogOf(gate, quotaOf(gate.tenantId)),
    );
    // A quota is not worth a job: a backlog that cannot be counted refuses none.
    for (const { item, error } of failed) log.error('quota:count:failed', { tenantId: item.tenantId, error });
    return new Map(done.map(({ item, result }) => [item.tenantId, result]));
  };
}

/** A gate that cannot be read refuses no job: none of its tenant gets past it. */
export function usedBudgets(gates: ReadonlyMap<string, Gate>): ReadonlyMap<string, UsedBudget> {
  return new Map(
    [...gates.values()].flatMap((gate) => {
      const used = usedBudget(gate);
      return used === undefined ? [] : [[gate.tenantId, used] as const];
    }),
  );
}
