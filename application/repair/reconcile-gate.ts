/** Reconcile of one gate: holders that need no slot any more, and those whose message may be lost. */
import { asking } from '../../domain/batch/messages.ts';
import { mustNotHold } from '../../domain/job/attempt.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { Gate } from '../../domain/tenant/gate.ts';
import { GATE_GRACE_MS } from '../../domain/tenant/gate.ts';
import type { Holder } from '../../domain/tenant/holder.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { apart } from '../apart.ts';
import type { Slots } from '../tenant/slots.ts';

export interface ReconcileGatePorts {
  readonly jobs: Pick<JobStore, 'load'>;
  readonly gates: GateStore;
  readonly slots: Pick<Slots, 'wake'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Releases the holders whose attempt is over, sends the message of those that have not begun, and wakes the waiting
 * list.
 *
 * A holder is added before its job says so, so one whose handler died is found only here. It is not released while
 * its job waits at that attempt: the handler may be alive and go on.
 * @see docs/developing/protocol.md, R4
 * @returns whether the gate was due at all
 */
export async function reconcileGate(ports: ReconcileGatePorts, tenantId: string): Promise<boolean> {
  const gate = (await ports.gates.load([tenantId])).get(tenantId);
  if (gate?.dueAt === undefined) return false;
  await ports.gates.postpone(gate, ports.clock.nowMs() + GATE_GRACE_MS);
  const holders = await holdersOf(ports, gate);
  const over = holders.filter(
    ({ holder, job }) => job === 'gone' || (job !== undefined && mustNotHold(job, holder.attempt)),
  );
  const released = over.map(({ holder }) => holder);
  await ports.gates.release(tenantId, released);
  const idle = holders.flatMap(({ holder, job }) =>
    typeof job === 'object' && job.state === 'waiting' && job.attempt === holder.attempt ? [job] : [],
  );
  await ports.submitQueue.send(idle.map((job) => asking(job, job.attempt)));
  if (over.length > 0 || idle.length > 0)
    ports.log.info('gate:reconcile:done', { tenantId, count: over.length, why: `${idle.length} sent again` });
  await ports.slots.wake(tenantId, released);
  if (over.length === holders.length) await ports.gates.postpone(gate, undefined);
  return true;
}

/** A record that cannot be read is not gone: its holder stays. */
async function holdersOf(
  { jobs }: ReconcileGatePorts,
  { holders }: Gate,
): Promise<{ holder: Holder; job: JobRecord | 'gone' | undefined }[]> {
  const found = await jobs.load(holders.map(({ jobId }) => jobId));
  const { done, failed } = await apart(holders, async ({ jobId }) => found.get(jobId) ?? ('gone' as const));
  return [
    ...done.map(({ item, result }) => ({ holder: item, job: result })),
    ...failed.map(({ item }) => ({ holder: item, job: undefined })),
  ];
}
