/**
 * Reconcile: finds jobs whose message, event or process may have been lost, and takes each its next step.
 *
 * It needs no lock. Each write is conditional and each message may be repeated, so two runs at once, or one that dies
 * half-way, cost calls and change nothing.
 */
import { absence, planRepair, postponed, putOff, type Repair } from '../../domain/batch/reconcile.ts';
import { type BatchReport, parseReport } from '../../domain/batch/report.ts';
import { advance } from '../../domain/job/advance.ts';
import { isOver } from '../../domain/job/attempt.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { Observation } from '../../domain/job/lifecycle.ts';
import { Repairs, SlotsHeld } from '../../domain/metrics/catalogue.ts';
import { one } from '../../domain/metrics/metric.ts';
import { progressEvent } from '../../domain/webhook/notification.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { BatchWaiting } from '../../io/aws/batch-waiting.ts';
import type { Due, DueIndex } from '../../io/table/due.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { apart, sendApart } from '../apart.ts';
import { contextOf, type FollowPorts, follow } from '../batch/follow.ts';
import { attendingStuck } from '../batch/stuck.ts';
import { changeJob } from '../job/decide-job.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { withMetadata } from '../job/with-metadata.ts';
import { type FirePorts, fireDueSchedules } from '../schedule/fire.ts';
import type { Slots } from '../tenant/slots.ts';
import { type DueDeliveryPorts, enqueueDueDeliveries } from './due-deliveries.ts';
import { askForDueGroups, type DueGroupPorts } from './due-groups.ts';
import { inTurns, postponeFailed } from './due-items.ts';
import { type DueOperationPorts, resumeDueOperations } from './due-operations.ts';
import { type ReconcileGatePorts, reconcileGate } from './reconcile-gate.ts';
import { type CloseRollPorts, closeRolls, membersOf } from './rolls.ts';
import { forgottenJobs, type WaitingJobPorts } from './waiting-jobs.ts';

export interface ReconcilePorts
  extends FollowPorts,
    Omit<DispatchPorts, 'slots' | 'receipts'>,
    ReconcileGatePorts,
    WaitingJobPorts,
    CloseRollPorts,
    DueDeliveryPorts,
    DueOperationPorts,
    DueGroupPorts,
    FirePorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace' | 'whole'>;
  readonly groups: DispatchPorts['groups'];
  readonly batch: Pick<BatchPort, 'terminate' | 'describe'>;
  readonly gates: GateStore;
  readonly slots: Slots;
  readonly due: DueIndex;
  readonly batchWaiting: BatchWaiting;
}

export interface ReconcileOptions {
  /** Jobs that are due within this time are taken, too, and sent to their queue with the delay that is left. */
  readonly aheadMs: number;
  /** When to stop; the next run finds the rest. */
  readonly untilMs: number;
  /**
   * How many jobs may be handed to the submit queue; absent: any number. Jobs beyond what submit can take in a minute would
   * be due again before it comes to them, and be handed over twice.
   */
  readonly mostSubmits?: number;
}

/** Of the time until `untilMs`, for the look at what there is to do. */
const SURVEY_SHARE = 1 / 3;

/** One job and what reconcile did, or would do. */
export interface Repaired {
  readonly job: JobRecord;
  readonly repair: Repair;
  /** For how long it had been due; negative for one that falls due within the next minute. */
  readonly lateMs: number;
}

/**
 * Each item alone: what fails for one is logged and put off, and the others go on.
 *
 * @returns what was done, in order
 */
export async function reconcile(
  ports: ReconcilePorts,
  { aheadMs, untilMs, mostSubmits = Number.POSITIVE_INFINITY }: ReconcileOptions,
): Promise<Repaired[]> {
  const done: Repaired[] = [];
  const nowMs = ports.clock.nowMs();
  const byMs = nowMs + aheadMs;
  let submits = 0;
  for await (const items of inTurns(ports, {
    byMs,
    surveyUntilMs: nowMs + (untilMs - nowMs) * SURVEY_SHARE,
  })) {
    const worked = await apart([items], (batch) => reconcileItems(ports, batch, byMs));
    for (const { result } of worked.done) {
      done.push(...result);
      submits += result.filter(isSubmitted).length;
    }
    for (const { error } of worked.failed) ports.log.error('reconcile:batch:failed', { error });
    if (ports.clock.nowMs() >= untilMs || submits >= mostSubmits) break;
  }
  return done;
}

const isSubmitted = ({ job, repair }: Repaired): boolean => repair.kind === 'dispatch' && !isFinal(job.state);

/** What a run would do now, without doing it. */
export async function previewReconcile(ports: FindPorts): Promise<Repaired[]> {
  const found: Repaired[] = [];
  const byMs = ports.clock.nowMs();
  for await (const items of inTurns(ports, { byMs, surveyUntilMs: Number.POSITIVE_INFINITY })) {
    const { done } = await dueJobs(ports, items, byMs);
    found.push(...done.flatMap(({ result }) => (typeof result === 'object' ? [result] : [])));
  }
  return found;
}

type FindPorts = Pick<ReconcilePorts, 'due' | 'jobs' | 'clock' | 'log'>;

async function reconcileItems(
  ports: ReconcilePorts,
  items: readonly Due[],
  byMs: number,
): Promise<Repaired[]> {
  const jobs = await dueJobs(ports, items, byMs);
  const absent = new Set(jobs.done.flatMap(({ item, result }) => (result === 'absent' ? [item.jobId] : [])));
  const written = await apart(
    jobs.done.flatMap(({ item, result }) => (typeof result === 'object' ? [{ item, found: result }] : [])),
    ({ found }) => putOffAndGiveUp(ports, found, byMs),
  );
  const repaired = written.done.flatMap(({ result }) => result ?? []);
  await followUp(ports, repaired);
  const gates = await apart(of('gate', items), ({ tenantId }) => reconcileGate(ports, tenantId));
  const held = gates.done.reduce((sum, { result = 0 }) => sum + result, 0);
  if (held > 0) ports.log.info('reconcile:gates:done', { count: held }, [{ metric: SlotsHeld, value: held }]);
  const deliveries = await enqueueDueDeliveries(ports, of('delivery', items), byMs);
  if (deliveries.count > 0) ports.log.info('reconcile:deliver:done', { count: deliveries.count });
  const schedules = await fireDueSchedules(ports, of('schedule', items), byMs);
  if (schedules.count > 0) ports.log.info('schedule:fire:done', { count: schedules.count });
  const operations = await resumeDueOperations(ports, of('operation', items));
  if (operations.count > 0) ports.log.info('operation:resume:done', { count: operations.count });
  const groups = await askForDueGroups(ports, of('group', items), byMs);
  if (groups.count > 0) ports.log.info('reconcile:groups:asked', { count: groups.count });
  const failed: readonly { readonly item: Due; readonly error: unknown }[] = [
    ...jobs.failed,
    ...written.failed.map(({ item, error }) => ({ item: item.item, error })),
    ...gates.failed,
    ...deliveries.failed,
    ...schedules.failed,
    ...operations.failed,
    ...groups.failed,
    ...of('unknown', items).map((item) => ({ item, error: new UnknownItem() })),
  ];
  const postponed = await apart(failed, ({ item, error }) => postponeFailed(ports, item, error));
  const unmoved = postponed.done.flatMap(({ item: { item }, result }) => (result ? [] : [item]));
  const stuck = new Set(unmoved.flatMap((item) => (item.kind === 'job' ? [item.jobId] : [])));
  const lookedAt = of('roll', items).filter(({ roll }) => !roll.jobIds.some((jobId) => stuck.has(jobId)));
  await closeRolls(ports, lookedAt, absent);
  const hasFailed = new Set(failed.map(({ item }) => item));
  const returning = items.filter((item) => item.isSetAside && !hasFailed.has(item));
  const restored = await apart(returning, (item) => ports.due.restore(item));
  for (const { error } of restored.failed) ports.log.error('reconcile:restore:failed', { error });
  const own = jobs.done.filter(({ item }) => items.includes(item));
  await removeStale(ports, [
    ...idle(own),
    ...deliveries.idle,
    ...schedules.idle,
    ...operations.idle,
    ...groups.idle,
    ...idle(gates.done),
  ]);
  return repaired;
}

const idle = (found: readonly { readonly item: Due; readonly result: unknown }[]): Due[] =>
  found.flatMap(({ item, result }) => (result === undefined || result === 'absent' ? [item] : []));

/** Longer than the index lags: until then an item that is not due any more leaves the index by itself. */
const STALE_MS = 600_000;

async function removeStale(ports: Pick<ReconcilePorts, 'due' | 'clock' | 'log'>, idle: readonly Due[]) {
  const stale = idle.filter(({ dueAt }) => dueAt < ports.clock.nowMs() - STALE_MS);
  const { failed } = await apart(stale, (item) => ports.due.remove(item));
  for (const { error } of failed) ports.log.error('reconcile:remove:failed', { error });
}

class UnknownItem extends Error {
  override readonly name = 'UnknownItem';
}

function of<Kind extends Due['kind']>(kind: Kind, items: readonly Due[]) {
  return items.filter((item): item is Extract<Due, { readonly kind: Kind }> => item.kind === kind);
}

/** The index lags, and may have rows of jobs that changed meanwhile: the record says whether it is due. */
async function dueJobs(ports: FindPorts, items: readonly Due[], byMs: number) {
  const asked = [...of('job', items), ...of('roll', items).flatMap(membersOf)];
  const jobs = await ports.jobs.load(asked.map(({ jobId }) => jobId));
  const nowMs = ports.clock.nowMs();
  return apart(asked, async ({ jobId }): Promise<Repaired | 'absent' | undefined> => {
    const job = jobs.get(jobId);
    if (job === undefined) return 'absent';
    if (job.dueAt === undefined || job.dueAt > byMs) return undefined;
    return { job, repair: planRepair(job, nowMs), lateMs: nowMs - job.dueAt };
  });
}

const DISPATCHED: ReadonlySet<Repair['kind']> = new Set(['dispatch', 'give_up', 'lose']);

/** What follows from the first writes. It is repeated when the jobs are due again, so what fails here is only logged. */
async function followUp(ports: ReconcilePorts, repaired: readonly Repaired[]): Promise<void> {
  const reporting = repaired.filter(({ repair }) => repair.kind === 'publish_progress');
  const told = await apart(reporting, ({ job }) => withMetadata(ports.jobs, job));
  const unpublished = await sendApart(told.done, ({ result }) => progressEvent(result), ports.bus.publish);
  for (const {
    item: { job },
    error,
  } of [...told.failed, ...[...unpublished].map(([{ item }, error]) => ({ item, error }))])
    ports.log.error('reconcile:repair:failed', { jobId: job.jobId, tenantId: job.tenantId, error });
  const toDispatch = repaired.filter(({ repair }) => DISPATCHED.has(repair.kind));
  const waiting = repaired.flatMap(({ job, repair }) => (repair.kind === 'waits' ? [job] : []));
  const forgotten = await forgottenJobs(ports, waiting);
  const described = await describeAll(ports, repaired);
  await dispatch(ports, [...toDispatch.map(({ job }) => job), ...forgotten, ...described]);
}

/** The first write of each repair moves `dueAt` on, before anything else is done about the job. */
async function putOffAndGiveUp(
  ports: ReconcilePorts,
  { job: seen, repair, lateMs }: Repaired,
  byMs: number,
): Promise<Repaired | undefined> {
  const nowMs = ports.clock.nowMs();
  const { kind, job } = await changeJob(ports.jobs, seen, (current) => {
    // Settled, or another run was faster: the repair is that run's.
    if (current.dueAt === undefined || current.dueAt > byMs) return undefined;
    const ending = endingOf(current, repair, nowMs);
    const over = ending && advance(current, ending, contextOf(ports, current));
    return over === undefined ? postponed(current, nowMs) : putOff(over, nowMs);
  });
  if (kind === 'unchanged') return undefined;
  ports.log.info(`job:repair:${repair.kind}`, {
    jobId: job.jobId,
    tenantId: job.tenantId,
    attempt: job.attempt,
    to: job.state,
  });
  return { job, repair, lateMs };
}

function endingOf(job: JobRecord, repair: Repair, nowMs: number): Observation | undefined {
  if (repair.kind === 'give_up') return { kind: repair.why };
  // It may have begun another run since it was read.
  return repair.kind === 'lose' && planRepair(job, nowMs).kind === 'lose' ? { kind: 'lost' } : undefined;
}

/** Asks AWS Batch about all at once, and treats each answer as a Batch event. */
async function describeAll(ports: ReconcilePorts, repaired: readonly Repaired[]): Promise<JobRecord[]> {
  const asked = repaired.flatMap(({ job, repair }) =>
    repair.kind === 'describe' ? [{ job, id: repair.runId }] : [],
  );
  if (asked.length === 0) return [];
  const describing = await apart([asked.map(({ id }) => id)], (ids) => ports.batch.describe(ids));
  for (const { item, error } of describing.failed)
    ports.log.error('reconcile:describe:failed', { count: item.length, error });
  const [answer] = describing.done;
  if (answer === undefined) return [];
  const attendStuck = attendingStuck(ports);
  const { done, failed } = await apart(asked, async ({ job, id }) => {
    const detail = answer.result.get(id);
    if (detail === undefined) return missAgain(ports, job);
    const seen = parseReport({ kind: 'batch_job', detail });
    if (seen.kind !== 'report') return undefined;
    const found = await foundOut(ports, job, seen.report);
    return (await attendStuck(found ?? job, seen.report)) ?? found;
  });
  for (const { item, error } of failed)
    ports.log.error('reconcile:repair:failed', { jobId: item.job.jobId, tenantId: item.job.tenantId, error });
  return done.flatMap(({ result }) => result ?? []);
}

/** The end of a Batch job is reported within seconds: one that reconcile must ask for was not. */
async function foundOut(
  ports: ReconcilePorts,
  job: JobRecord,
  report: BatchReport,
): Promise<JobRecord | undefined> {
  const found = await follow(ports, job, report);
  const { jobId, tenantId, runId } = job;
  if (found !== undefined && report.ended && isOver(found, job.attempt))
    ports.log.info('reconcile:event:lost', { jobId, tenantId, runId }, [
      one(Repairs, { kind: 'lost_event' }),
    ]);
  return found;
}

async function missAgain(ports: ReconcilePorts, seen: JobRecord): Promise<JobRecord | undefined> {
  const { kind, job } = await changeJob(ports.jobs, seen, (current) => {
    if (current.runId !== seen.runId) return undefined;
    const next = advance(current, absence(current), contextOf(ports, current));
    return next && putOff(next, ports.clock.nowMs());
  });
  return kind === 'changed' && job.state !== seen.state ? job : undefined;
}
