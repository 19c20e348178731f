/**
 * Reconcile: finds jobs whose message, event or process may have been lost, and takes each its next step.
 *
 * It needs no lock. Each write is conditional and each message may be repeated, so two runs at once, or one that dies
 * half-way, cost calls and change nothing.
 */
import { absence, planRepair, postponed, putOff, type Repair } from '../../domain/batch/reconcile.ts';
import { parseReport } from '../../domain/batch/report.ts';
import { advance } from '../../domain/job/advance.ts';
import { DUE_SHARDS } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { DeliveryName } from '../../domain/webhook/delivery.ts';
import { progressEvent } from '../../domain/webhook/notification.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { DueIndex } from '../../io/table/due.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { Position } from '../../io/table/table.ts';
import { contextOf, type FollowPorts, follow } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import type { Slots } from '../tenant/slots.ts';
import { type DueDeliveryPorts, enqueueDueDeliveries } from './due-deliveries.ts';
import { type ReconcileGatePorts, reconcileGate } from './reconcile-gate.ts';

export interface ReconcilePorts
  extends FollowPorts,
    Omit<DispatchPorts, 'slots'>,
    ReconcileGatePorts,
    DueDeliveryPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly batch: Pick<BatchPort, 'terminate' | 'describe'>;
  readonly slots: Slots;
  readonly due: DueIndex;
}

export interface ReconcileOptions {
  /** Jobs that are due within this time are taken, too, and sent to their queue with the delay that is left. */
  readonly aheadMs: number;
  /** When to stop; the next run finds the rest. */
  readonly untilMs: number;
}

/** One job and what reconcile did, or would do. */
export interface Repaired {
  readonly job: JobRecord;
  readonly repair: Repair;
}

/** @returns what was done, in order */
export async function reconcile(
  ports: ReconcilePorts,
  { aheadMs, untilMs }: ReconcileOptions,
): Promise<Repaired[]> {
  const done: Repaired[] = [];
  for await (const { jobs, gates, deliveries, byMs } of dueNow(ports, aheadMs)) {
    done.push(...(await repairAll(ports, jobs)));
    await Promise.all(
      gates.map((tenantId) => keepTrying(ports, { tenantId }, () => reconcileGate(ports, tenantId))),
    );
    await deliverAll(ports, deliveries, byMs);
    if (ports.clock.nowMs() >= untilMs) break;
  }
  return done;
}

/** What a run would do now, without doing it. */
export async function previewReconcile(ports: FindPorts): Promise<Repaired[]> {
  const found: Repaired[] = [];
  for await (const { jobs } of dueNow(ports, 0)) found.push(...jobs);
  return found;
}

type FindPorts = Pick<ReconcilePorts, 'due' | 'jobs' | 'clock'>;

interface Found {
  readonly jobs: readonly Repaired[];
  /** Of these tenants. */
  readonly gates: readonly string[];
  readonly deliveries: readonly DeliveryName[];
  readonly byMs: number;
}

async function* dueNow(ports: FindPorts, aheadMs: number): AsyncGenerator<Found> {
  for (let shard = 0; shard < DUE_SHARDS; shard++) {
    let after: Position | undefined;
    do {
      const byMs = ports.clock.nowMs() + aheadMs;
      const page = await ports.due.due(String(shard), byMs, after);
      after = page.next;
      if (page.due.length === 0) continue;
      const jobs = await ports.jobs.load(
        page.due.flatMap((item) => (item.kind === 'job' ? [item.jobId] : [])),
      );
      // The index lags, and may have rows of jobs that changed meanwhile: the record says whether it is due.
      const due = [...jobs.values()].filter(({ dueAt }) => dueAt !== undefined && dueAt <= byMs);
      yield {
        jobs: due.map((job) => ({ job, repair: planRepair(job, ports.clock.nowMs()) })),
        gates: page.due.flatMap((item) => (item.kind === 'gate' ? [item.tenantId] : [])),
        deliveries: page.due.flatMap((item) => (item.kind === 'delivery' ? [item.delivery] : [])),
        byMs,
      };
    } while (after !== undefined);
  }
}

async function repairAll(ports: ReconcilePorts, found: readonly Repaired[]): Promise<Repaired[]> {
  const putOff = await Promise.all(
    found.map((item) => keepTrying(ports, item.job, () => putOffAndGiveUp(ports, item))),
  );
  const mine = putOff.flatMap((item) => item ?? []);
  const toDispatch = mine
    .filter(({ repair }) => repair.kind === 'dispatch' || repair.kind === 'give_up')
    .map(({ job }) => job);
  const reporting = mine.filter(({ repair }) => repair.kind === 'publish_progress');
  await ports.bus.publish(reporting.flatMap(({ job }) => progressEvent(job)));
  const described = await describeAll(ports, mine);
  await dispatch(ports, [...toDispatch, ...described]);
  return mine;
}

async function deliverAll(
  ports: ReconcilePorts,
  names: readonly DeliveryName[],
  byMs: number,
): Promise<void> {
  const handed = names.length === 0 ? [] : await enqueueDueDeliveries(ports, names, byMs);
  if (handed.length > 0) ports.log.info('reconcile:deliver:done', { count: handed.length });
}

/** The first write of each repair moves `dueAt` on, before anything else is done about the job. */
async function putOffAndGiveUp(ports: ReconcilePorts, { job: seen, repair }: Repaired): Promise<Repaired> {
  const nowMs = ports.clock.nowMs();
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    if (current.settled === true) return undefined;
    if (repair.kind !== 'give_up') return postponed(current, nowMs);
    const over = advance(current, { kind: repair.why }, contextOf(ports, current));
    return over === undefined ? postponed(current, nowMs) : putOff(over, nowMs);
  });
  ports.log.info(`job:repair:${repair.kind}`, {
    jobId: job.jobId,
    tenantId: job.tenantId,
    attempt: job.attempt,
    to: job.state,
  });
  return { job, repair };
}

/** Asks AWS Batch about all at once, and treats each answer as a Batch event. */
async function describeAll(ports: ReconcilePorts, found: readonly Repaired[]): Promise<JobRecord[]> {
  const asked = found.flatMap(({ job, repair }) =>
    repair.kind === 'describe' ? [{ job, id: repair.runId }] : [],
  );
  if (asked.length === 0) return [];
  const details = await ports.batch.describe(asked.map(({ id }) => id));
  const toDispatch = await Promise.all(
    asked.map(({ job, id }) =>
      keepTrying(ports, job, async () => {
        const detail = details.get(id);
        if (detail === undefined) return missAgain(ports, job);
        const seen = parseReport({ kind: 'batch_job', detail });
        return seen.kind === 'report' ? follow(ports, job, seen.report) : undefined;
      }),
    ),
  );
  return toDispatch.flatMap((job) => job ?? []);
}

async function missAgain(ports: ReconcilePorts, seen: JobRecord): Promise<JobRecord | undefined> {
  const { kind, job } = await changeJob(ports.jobs, seen, (current) => {
    if (current.runId !== seen.runId) return undefined;
    const next = advance(current, absence(current), contextOf(ports, current));
    return next && putOff(next, ports.clock.nowMs());
  });
  return kind === 'changed' && job.state !== seen.state ? job : undefined;
}

/** An item that cannot be repaired now must not stop the others; it stays due. */
async function keepTrying<T>(
  ports: Pick<ReconcilePorts, 'log'>,
  { jobId, tenantId }: { readonly jobId?: string; readonly tenantId: string },
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    ports.log.error('reconcile:repair:failed', { jobId, tenantId, error });
    return undefined;
  }
}
