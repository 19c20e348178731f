/** Why a job has not begun yet. */
import type { JobRecord } from '../../domain/job/job.ts';
import { rowOf } from '../../domain/tenant/waiting.ts';
import { type Wait, whyWaiting } from '../../domain/tenant/why.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';

export interface WaitPorts {
  readonly gates: Pick<GateStore, 'load'>;
  readonly waiting: Pick<WaitingStore, 'count'>;
  /** Of the stage; 0 is none. */
  readonly defaultCap: number;
}

/** The list is counted only for a job that is in it. */
export async function explainWait({ gates, waiting, defaultCap }: WaitPorts, job: JobRecord): Promise<Wait> {
  const gate = (await gates.load([job.tenantId])).get(job.tenantId);
  const wait = whyWaiting(job, { gate, defaultCap, ahead: 0 });
  return wait.kind === 'slot' ? { ...wait, ahead: await waiting.count(job.tenantId, rowOf(job)) } : wait;
}
