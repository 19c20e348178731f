/** How many jobs of a tenant wait, for its quota. They are not counted for each message. */
import type { Gate } from '../../domain/tenant/gate.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { apart } from '../apart.ts';

export interface QuotaPorts {
  readonly gates: Pick<GateStore, 'load' | 'noteBacklog'>;
  readonly waiting: Pick<WaitingStore, 'count'>;
  readonly clock: Clock;
  readonly log: Log;
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
  const { done, failed } = await apart([...gates.values()], (gate) => backlogOf(ports, gate));
  // A quota is not worth a job: a backlog that cannot be counted refuses none.
  for (const { item, error } of failed)
    ports.log.error('quota:count:failed', { tenantId: item.tenantId, error });
  return new Map(done.map(({ item, result }) => [item.tenantId, result]));
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
