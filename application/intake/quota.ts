/** How many jobs of a tenant wait, for its quota. They are not counted for each message. */
import type { Gate } from '../../domain/tenant/gate.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';

export interface QuotaPorts {
  readonly gates: Pick<GateStore, 'load' | 'noteBacklog'>;
  readonly waiting: Pick<WaitingStore, 'count'>;
  readonly clock: Clock;
}

/**
 * A count is valid for a millisecond for each counted row: a long list costs more to count, and one row more or less
 * matters less.
 */
const MS_PER_ROW = 1;

/** @returns for each tenant how many of its jobs wait; one that never had a gate has none */
export async function backlogsOf(
  ports: QuotaPorts,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const gates = await ports.gates.load(tenantIds);
  const counts = await Promise.all(
    [...gates.values()].map(async (gate) => [gate.tenantId, await backlogOf(ports, gate)] as const),
  );
  return new Map(counts);
}

async function backlogOf(ports: QuotaPorts, { tenantId, backlog, holders, paused }: Gate): Promise<number> {
  // No attempt waits at a gate that is open and empty.
  if (holders.length === 0 && paused === undefined) return 0;
  const nowMs = ports.clock.nowMs();
  if (backlog !== undefined && nowMs - backlog.at < backlog.count * MS_PER_ROW) return backlog.count;
  const count = await ports.waiting.count(tenantId);
  await ports.gates.noteBacklog(tenantId, { count, at: nowMs });
  return count;
}
