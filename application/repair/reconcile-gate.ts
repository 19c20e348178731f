/** Reconcile of one gate: holders that need no slot any more, and those whose message may be lost. */
import { asking } from '../../domain/batch/messages.ts';
import { mustNotHold } from '../../domain/job/attempt.ts';
import { waitsForTurn } from '../../domain/job/due.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { SlotsLeaked } from '../../domain/metrics/catalogue.ts';
import { nextSumAt } from '../../domain/tenant/budget.ts';
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
import { type BudgetPorts, endOverspent, judgeBudget, type OverspentPorts } from './budget.ts';

export interface ReconcileGatePorts
  extends Omit<BudgetPorts, 'gates' | 'receipts'>,
    Omit<OverspentPorts, 'slots' | 'receipts'> {
  readonly receipts: BudgetPorts['receipts'] & OverspentPorts['receipts'];
  readonly jobs: OverspentPorts['jobs'] & Pick<JobStore, 'load'>;
  readonly gates: GateStore;
  readonly slots: Slots;
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
 * @returns how many holders stay; undefined for a gate that was not due
 */
export async function reconcileGate(
  ports: ReconcileGatePorts,
  tenantId: string,
): Promise<number | undefined> {
  const seen = (await ports.gates.load([tenantId])).get(tenantId);
  if (seen?.dueAt === undefined) return undefined;
  await ports.gates.postpone(seen, ports.clock.nowMs() + GATE_GRACE_MS);
  const gate = await judgeBudget(ports, seen);
  const holders = await holdersOf(ports, gate);
  const over = holders.filter(
    ({ holder, job }) => job === 'gone' || (job !== undefined && mustNotHold(job, holder.attempt)),
  );
  const released = over.map(({ holder }) => holder);
  await ports.gates.release(tenantId, released);
  const nowMs = ports.clock.nowMs();
  const idle = holders.flatMap(({ holder, job }) => {
    const isIdle = typeof job === 'object' && job.state === 'waiting' && job.attempt === holder.attempt;
    return isIdle && !waitsForTurn(job, nowMs) ? [job] : [];
  });
  await ports.submitQueue.send(idle.map((job) => asking(job, job.attempt)));
  if (over.length > 0 || idle.length > 0)
    ports.log.info(
      'gate:reconcile:done',
      { tenantId, count: over.length, why: `${idle.length} sent again` },
      [{ metric: SlotsLeaked, value: over.length }],
    );
  await endOverspent(
    ports,
    gate,
    holders.flatMap(({ job }) => (typeof job === 'object' ? [job] : [])),
  );
  await ports.slots.wake(tenantId, released);
  // A budget has to be looked at whether or not anything runs: its month may be over.
  const idleUntil = gate.budget && nextSumAt(gate);
  if (over.length === holders.length) await ports.gates.postpone(gate, idleUntil);
  return holders.length - over.length;
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
