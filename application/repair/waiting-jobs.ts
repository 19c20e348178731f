/** Jobs that have waited for long: whether the waiting list still knows them, and the gate still stops them. */
import type { JobRecord } from '../../domain/job/job.ts';
import { decide } from '../../domain/tenant/gate.ts';
import { rowOf } from '../../domain/tenant/waiting.ts';
import type { Log } from '../../io/process/log.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { apart, together } from '../apart.ts';

export interface WaitingJobPorts {
  readonly gates: Pick<GateStore, 'load'>;
  readonly waiting: Pick<WaitingStore, 'has'>;
  /** The cap of tenants without one of their own; 0 is none. */
  readonly defaultCap: number;
  readonly log: Log;
}

/**
 * Those whose row is lost, or whose wake-up is: their submit message finds out which. A message for each job that waits would
 * make the work of a backlog grow with it.
 */
export async function forgottenJobs(
  ports: WaitingJobPorts,
  jobs: readonly JobRecord[],
): Promise<readonly JobRecord[]> {
  if (jobs.length === 0) return [];
  const perTenant = [...Map.groupBy(jobs, ({ tenantId }) => tenantId)];
  const { done, failed } = await apart(perTenant, async ([tenantId, some]) => {
    const rows = new Map(some.map((job) => [job, rowOf(job)]));
    const [gates, listed] = await together([
      ports.gates.load([tenantId]),
      ports.waiting.has([...rows.values()]),
    ]);
    const gate = gates.get(tenantId);
    return [...rows].flatMap(([job, row]) => {
      const isStopped = decide(gate, ports.defaultCap, [job])[0]?.kind === 'waits';
      return isStopped && listed.has(row) ? [] : [job];
    });
  });
  // They are looked at again when they are due again.
  for (const { item, error } of failed)
    ports.log.error('reconcile:waits:failed', { tenantId: item[0], error });
  return done.flatMap(({ result }) => result);
}
