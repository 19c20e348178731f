/** The holders of a tenant's slots: its gate beside the records of the holders, without a look at all of its jobs. */
import type { JobRecord } from '../../domain/job/job.ts';
import { type SlotsView, slotsView } from '../../domain/reading/slot-view.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobStore } from '../../io/table/jobs.ts';

export interface ListSlotsPorts {
  readonly gates: Pick<GateStore, 'load'>;
  readonly jobs: Pick<JobStore, 'load'>;
}

/** A tenant without a gate has no slots: none is counted. */
export async function listSlots({ gates, jobs }: ListSlotsPorts, tenantId: string): Promise<SlotsView> {
  const gate = (await gates.load([tenantId])).get(tenantId);
  if (gate === undefined) return { items: [], above: [] };
  const stored = await jobs.load(gate.holders.map(({ jobId }) => jobId));
  const readable = new Map<string, JobRecord>();
  const unreadable = new Set<string>();
  for (const { jobId } of gate.holders)
    try {
      const job = stored.get(jobId);
      if (job !== undefined) readable.set(jobId, job);
    } catch {
      // One record of another version must not hide the other holders.
      unreadable.add(jobId);
    }
  return slotsView(gate, readable, unreadable);
}
