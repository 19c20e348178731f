/** Comparing a tenant's gate with the records, and repairing differences. */
import type { JobRecord } from '../../domain/job/job.ts';
import type { Gate } from '../../domain/tenant/gate.ts';
import { auditGate, type Finding } from '../../domain/tenant/slot-audit.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobLists, ListPage } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { Slots } from './slots.ts';

export interface SlotAuditPorts {
  readonly lists: JobLists;
  readonly jobs: Pick<JobStore, 'load'>;
  readonly gates: Pick<GateStore, 'load' | 'acquire' | 'release'>;
  readonly slots: Pick<Slots, 'wake'>;
  readonly clock: Clock;
}

/** AWS Batch lets no container run longer than fourteen days. */
const LOOK_BACK_MS = 15 * 86_400_000;

export async function auditSlots(ports: SlotAuditPorts, tenantId: string): Promise<Finding[]> {
  const gate = (await ports.gates.load([tenantId])).get(tenantId);
  if (gate === undefined) return [];
  const jobs = new Map<string, JobRecord>();
  for await (const page of recentJobs(ports, tenantId)) for (const [id, job] of page) jobs.set(id, job);
  const held = await ports.jobs.load(gate.holders.map(({ jobId }) => jobId));
  for (const { jobId } of gate.holders) {
    // Throws for a record that cannot be read: its slot would pass for a leak and be taken from a job that may run.
    const job = held.get(jobId);
    if (job !== undefined) jobs.set(jobId, job);
  }
  return auditGate(gate, jobs);
}

/** The index lags by a moment; a job that it does not show yet has not been in AWS Batch for long. */
async function* recentJobs({ lists, jobs, clock }: SlotAuditPorts, tenantId: string) {
  const range = { tenantId, sinceMs: clock.nowMs() - LOOK_BACK_MS };
  let page: ListPage | undefined;
  do {
    page = await lists.page(range, 100, page?.places.at(-1));
    yield jobs.load(page.places.map(({ jobId }) => jobId));
  } while (page.hasMore);
}

/** Releases leaked holders and adds missing ones, whatever the caps are: those jobs are in AWS Batch. */
export async function repairSlots(
  ports: Pick<SlotAuditPorts, 'gates' | 'slots' | 'clock'>,
  tenantId: string,
  findings: readonly Finding[],
): Promise<void> {
  const of = (kind: 'leak' | 'missing') =>
    findings.flatMap((each) => (each.kind === kind ? [each.holder] : []));
  await ports.gates.release(tenantId, of('leak'));
  const missing = of('missing');
  for (let gate: Gate | undefined; missing.length > 0; ) {
    gate = (await ports.gates.load([tenantId])).get(tenantId);
    if ((await ports.gates.acquire(tenantId, gate, missing, ports.clock.nowMs())) === 'written') break;
  }
  await ports.slots.wake(tenantId, of('leak'));
}
