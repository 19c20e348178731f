/**
 * One slice of the operation that erases a tenant. A process that dies in it leaves the record as it was, and the slice is done
 * again: what was removed is not there any more, and a job that was cancelled stays so.
 */
import { isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import {
  advanced,
  isOver,
  type Operation,
  type Slice,
  type WorkOf,
} from '../../domain/operation/operation.ts';
import {
  afterJobs,
  afterObjects,
  afterRows,
  cursorOf,
  type ErasureStep,
  type NextStep,
  type StepOf,
  stepIn,
} from '../../domain/tenant/erasure.ts';
import type { WorkerLogs } from '../../io/aws/logs/worker-logs.ts';
import type { TenantObjects } from '../../io/aws/tenant-objects.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import type { TenantRow, TenantRows } from '../../io/table/tenant/tenant-rows.ts';
import { apart } from '../apart.ts';
import { type CancelJobPorts, cancelJob } from '../resources/cancel-job.ts';

export interface ErasePorts extends CancelJobPorts {
  readonly jobs: CancelJobPorts['jobs'] & Pick<JobStore, 'load'>;
  readonly lists: JobLists;
  readonly tenantRows: TenantRows;
  readonly tenantObjects: TenantObjects;
  readonly workerLogs: WorkerLogs;
  readonly operations: Pick<OperationStore, 'replace'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Slice after slice, until there is a pause, the operation is over, or its time is up. */
export type Erase = (operation: Operation, untilMs: number) => Promise<void>;

type Erasing = WorkOf<'erase'>;
interface Done {
  readonly did: number;
  readonly examined: number;
  /** Absent: the tenant is gone. */
  readonly then?: NextStep;
}

const MAX_JOBS = 100;
/** CloudWatch Logs deletes few streams a second. */
const MAX_STREAMS = 25;

/** @returns a function that never has two slices of one operation succeed: of two processes the slower one stops */
export function eraser(ports: ErasePorts): Erase {
  return async (operation, untilMs) => {
    let seen: Operation = operation;
    while (seen.work.kind === 'erase' && !isOver(seen) && ports.clock.nowMs() < untilMs) {
      const slice = await sliceOf(ports, seen.work, seen);
      const next = advanced(seen, slice, ports.clock.nowMs());
      const isMine = (await ports.operations.replace(seen, next)) === 'written';
      ports.log.info(`operation:slice:${isMine ? next.state : 'lost'}`, {
        operationId: seen.operationId,
        tenantId: seen.work.tenantId,
        count: slice.outcomes.length,
      });
      if (!isMine || (slice.waitMs ?? 0) > 0) return;
      seen = next;
    }
  };
}

async function sliceOf(ports: ErasePorts, work: Erasing, { operationId, cursor }: Operation): Promise<Slice> {
  const step = stepIn(cursor);
  // Before the operation is over: a crash in between leaves a step that finds nothing to do.
  if (step.step === 'record') await ports.tenantRows.removeRecord(work.tenantId, operationId);
  const { did, examined, then } = await stepOf(ports, work, step);
  const outcomes = Array.from({ length: did }, () => ({ kind: 'done' }) as const);
  if (then === undefined) return { outcomes, examined };
  return { outcomes, examined, next: cursorOf(then.next), waitMs: then.waitMs };
}

async function stepOf(ports: ErasePorts, work: Erasing, step: ErasureStep): Promise<Done> {
  switch (step.step) {
    case 'jobs':
      return endJobs(ports, work, step);
    case 'rows':
      return removeRows(ports, work, step);
    case 'objects': {
      const removal = await ports.tenantObjects.removeSome(work.tenantId);
      const then = afterObjects(step, removal, ports.clock.nowMs());
      return { did: removal.removed, examined: removal.removed, then };
    }
    case 'record':
      return { did: 0, examined: 0 };
  }
}

async function endJobs(ports: ErasePorts, work: Erasing, step: StepOf<'jobs'>): Promise<Done> {
  const { tenantId } = work;
  if (step.after === undefined) await ports.tenantRows.removeSchedules(tenantId);
  const page = await ports.lists.page({ tenantId, untilMs: step.untilMs }, MAX_JOBS, step.after);
  const stored = await ports.jobs.load(page.places.map(({ jobId }) => jobId));
  const open = page.places.flatMap(({ jobId, createdAt }) => {
    const job = readable(stored, jobId);
    return job?.tenantId === tenantId && isOpen(job) ? [{ job, createdAt }] : [];
  });
  const did = await endOf(
    ports,
    work,
    open.map(({ job }) => job),
  );
  const seen = {
    open: open.length,
    newestOpenAt: open[0]?.createdAt,
    last: page.hasMore ? page.places.at(-1) : undefined,
  };
  return { did, examined: page.places.length, then: afterJobs(step, seen, ports.clock.nowMs()) };
}

const isOpen = (job: JobRecord): boolean => !isFinal(job.state) || isUnsettled(job);

/** One that this version cannot read is no reason to stop: its row goes with the others. */
function readable(stored: ReadonlyMap<string, JobRecord>, jobId: string): JobRecord | undefined {
  try {
    return stored.get(jobId);
  } catch {
    return undefined;
  }
}

/** @returns how many were asked to end */
async function endOf(
  ports: ErasePorts,
  { unfinished }: Erasing,
  open: readonly JobRecord[],
): Promise<number> {
  const running = open.filter(({ state }) => !isFinal(state) && state !== 'cancelling');
  if (unfinished === 'drain' || running.length === 0) return 0;
  const { done, failed } = await apart(running, (job) => cancelJob(ports, job));
  for (const { item, error } of failed)
    ports.log.error('operation:erase:uncancelled', { jobId: item.jobId, tenantId: item.tenantId, error });
  return done.length;
}

async function removeRows(ports: ErasePorts, work: Erasing, step: StepOf<'rows'>): Promise<Done> {
  const { tenantId } = work;
  const page = await ports.tenantRows.page(tenantId, step.after);
  const rows = untilStreams(page.rows);
  const last = rows.length === page.rows.length ? page.next : rows.at(-1)?.key;
  const openIds = rows.flatMap(({ openJobId }) => openJobId ?? []);
  if (openIds.length > 0) {
    const stored = await ports.jobs.load(openIds);
    await endOf(
      ports,
      work,
      openIds.flatMap((jobId) => readable(stored, jobId) ?? []),
    );
  }
  const gone = rows.filter(({ openJobId }) => openJobId === undefined);
  // Before the rows that name them.
  const streams = new Set(gone.flatMap(({ logStreams }) => logStreams));
  for (const run of gone.flatMap(({ runs }) => runs))
    for (const stream of await ports.workerLogs.streamsOf(run)) streams.add(stream);
  for (const stream of streams) await ports.workerLogs.remove(stream);
  await ports.tenantRows.remove(tenantId, gone);
  return { did: gone.length, examined: page.examined, then: afterRows(step, rows.length, last) };
}

/** The first rows that have so many streams, and all if there are fewer. */
function untilStreams(rows: readonly TenantRow[]): readonly TenantRow[] {
  let streams = 0;
  const end = rows.findIndex(({ logStreams, runs }) => {
    streams += logStreams.length + runs.length;
    return streams >= MAX_STREAMS;
  });
  return end < 0 ? rows : rows.slice(0, end + 1);
}
