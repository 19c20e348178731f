/**
 * What AWS Batch reports about one of its jobs, and whether the report is about the job as it is now.
 *
 * Batch events arrive at least once, late and in any order, and one attempt may have more than one Batch job. So
 * before the lifecycle table is asked, this file decides whether a report is about the current attempt and about the
 * Batch job that owns it.
 */
import * as z from 'zod';
import { isNewer, RANK } from '../job/attempt.ts';
import { classifyFailure } from '../job/failure.ts';
import { parseBatchJobName } from '../job/identity.ts';
import { isFinal, type JobRecord, type Order } from '../job/job.ts';
import type { JobEnding } from '../job/job-type.ts';
import type { Observation } from '../job/lifecycle.ts';

/** The part of a Batch job that Headgate relies on. Unknown fields are accepted: AWS adds fields without notice. */
export const BatchJobDetail = z.object({
  jobId: z.string(),
  jobName: z.string(),
  jobQueue: z.string().optional(),
  status: z.string(),
  statusReason: z.string().optional(),
  createdAt: z.number().optional(),
  startedAt: z.number().optional(),
  stoppedAt: z.number().optional(),
  isTerminated: z.boolean().optional(),
  attempts: z
    .array(
      z.object({
        container: z.object({ reason: z.string().optional() }).optional(),
        statusReason: z.string().optional(),
        startedAt: z.number().optional(),
        stoppedAt: z.number().optional(),
      }),
    )
    .default([]),
  container: z
    .object({
      exitCode: z.number().optional(),
      reason: z.string().optional(),
      logStreamName: z.string().optional(),
    })
    .default({}),
  tags: z.record(z.string(), z.string()).optional(),
  arrayProperties: z.object({ index: z.number().optional() }).optional(),
});
export type BatchJobDetail = z.infer<typeof BatchJobDetail>;

/**
 * The message of the events queue. A rule of an operator may send other events here by mistake; only a Batch event
 * without the fields that Headgate relies on is a fault.
 * @example { "source": "aws.batch", "detail-type": "Batch Job State Change", "detail": { "jobId": "…", "jobName":
 * "hg-job_…-1", "status": "RUNNING", "attempts": [] } }
 * @see AWS Batch user guide, "AWS Batch job events": one event per state change, none for the submission; and "Job queue blocked
 *   events"
 */
export const BatchJobStateChange = z.union([
  z
    .object({
      source: z.literal('aws.batch'),
      'detail-type': z.enum(['Batch Job State Change', 'Batch Job Queue Blocked']),
      time: z.iso.datetime({ offset: true }).optional().catch(undefined),
      detail: BatchJobDetail,
    })
    .transform(({ detail, time, 'detail-type': type }) => ({
      kind: 'batch_job' as const,
      detail,
      ...(time === undefined ? {} : { at: Date.parse(time) }),
      ...(type === 'Batch Job Queue Blocked' ? { isBlocked: true as const } : {}),
    })),
  z
    .object({ source: z.string(), 'detail-type': z.string() })
    .refine(
      (event) =>
        event.source !== 'aws.batch' ||
        !/^Batch Job (State Change|Queue Blocked)$/.test(event['detail-type']),
    )
    .transform(() => ({ kind: 'other' as const })),
]);
export type BatchJobStateChange = z.output<typeof BatchJobStateChange>;

type BatchStatus = keyof typeof RANK;
const isBatchStatus = (status: string): status is BatchStatus => Object.hasOwn(RANK, status);

export interface BatchReport {
  readonly runId: string;
  readonly jobId: string;
  readonly attempt: number;
  /** Absent when Batch uses a status that we do not know. */
  readonly status?: BatchStatus;
  readonly order: Order;
  readonly ended: boolean;
  /** When its try began to start, in whole seconds; of the report itself, or of an older one that came with it. */
  readonly startingAt?: number | undefined;
  /** AWS Batch says that this job is at the head of its queue, and why it will not start. */
  readonly isBlocked?: true;
  readonly detail: BatchJobDetail;
}

export type ParsedReport =
  | { readonly kind: 'report'; readonly report: BatchReport }
  | { readonly kind: 'ignored'; readonly why: 'not_batch' | 'foreign_name' | 'array_child' };

export function parseReport(event: BatchJobStateChange): ParsedReport {
  if (event.kind === 'other') return { kind: 'ignored', why: 'not_batch' };
  const { detail, isBlocked } = event;
  const named = parseBatchJobName(detail.jobName);
  if (named === undefined) return { kind: 'ignored', why: 'foreign_name' };
  if (detail.arrayProperties?.index !== undefined) return { kind: 'ignored', why: 'array_child' };
  const known = isBatchStatus(detail.status) ? { status: detail.status } : {};
  const rank = known.status === undefined ? 0 : RANK[known.status];
  const order = { tries: detail.attempts.length, rank };
  const ended = rank === RANK.SUCCEEDED;
  return {
    kind: 'report',
    report: {
      ...named,
      ...known,
      runId: detail.jobId,
      order,
      ended,
      ...(known.status === 'STARTING' && event.at !== undefined ? { startingAt: event.at } : {}),
      ...(isBlocked && { isBlocked }),
      detail,
    },
  };
}

/**
 * Two reports of one Batch job as one: the newer implies the older, but for what only the older says. That is when the try
 * began to start; and of two about one status, which come in any order, that the job blocks its queue.
 */
export function bothOf(known: BatchReport, other: BatchReport): BatchReport {
  const saysMore = other.isBlocked === true && !isNewer(known.order, other.order);
  const [newer, older] = saysMore || isNewer(other.order, known.order) ? [other, known] : [known, other];
  const startingAt = newer.startingAt ?? older.startingAt;
  return startingAt === undefined ? newer : { ...newer, startingAt };
}

export type ReportClass =
  /** An attempt that the record has not reached: Headgate did not submit it. */
  | { readonly kind: 'from_the_future' }
  /**
   * The Batch job has another tenant's tag: the name is forged, or Headgate has a fault. Nothing may follow from it.
   */
  | { readonly kind: 'wrong_tenant' }
  /**
   * The attempt is over (the job is final, at a later attempt, or between attempts); a Batch job that is `alive` must
   * end.
   */
  | { readonly kind: 'past'; readonly alive: boolean }
  /** A second Batch job of the current attempt, not the one that owns it. */
  | { readonly kind: 'duplicate'; readonly alive: boolean }
  /** Nothing new. If it is the state on the record, the handler that wrote it may have died before the dispatch. */
  | { readonly kind: 'seen_before'; readonly current: boolean }
  | { readonly kind: 'news'; readonly observation: Observation };

export const TENANT_TAG = 'headgate:tenant';
type TypeOfReport = Pick<JobEnding, 'exitCodes'> & { readonly logs?: JobEnding['logs'] | undefined };

/** The order of these rules matters: for instance, a late end of attempt 1 must not be adopted by attempt 2. */
export function classifyReport(
  job: JobRecord,
  seen: BatchReport,
  { exitCodes, logs }: TypeOfReport,
  nowMs: number,
): ReportClass {
  // Reports overtake each other: an earlier report says nothing about a Batch job whose end is on the record.
  const alive = !seen.ended && !sawTheEndOf(job, seen.runId);
  const taggedTenant = seen.detail.tags?.[TENANT_TAG];
  if (taggedTenant !== undefined && taggedTenant !== job.tenantId) return { kind: 'wrong_tenant' };
  if (isFinal(job.state) || seen.attempt < job.attempt) return { kind: 'past', alive };
  if (seen.attempt > job.attempt) return { kind: 'from_the_future' };
  if (job.state === 'retrying') return { kind: 'past', alive };
  const other = job.runId !== undefined && job.runId !== seen.runId;
  if (other || job.refused?.includes(seen.runId)) return { kind: 'duplicate', alive };
  if (seen.status === undefined) return unclear(job, seen);
  if (!isNewer(seen.order, job.order)) {
    if (logs === 'tenant' && namesStream(job, seen))
      return { kind: 'news', observation: runningIn(seen, seen.detail.container.logStreamName) };
    const startingAt = overtakenStart(job, seen);
    if (startingAt !== undefined)
      return { kind: 'news', observation: { kind: 'overtaken_start', startingAt } };
    return { kind: 'seen_before', current: !isNewer(job.order ?? seen.order, seen.order) };
  }
  return { kind: 'news', observation: observationOf(job, seen, seen.status, { exitCodes, logs, nowMs }) };
}

/**
 * When the try that runs began to start, if the record does not know it: the report of it was overtaken by the claim of its
 * container, or by the report that it runs. No other report has that time, from which Fargate bills.
 */
function overtakenStart({ order, startingAt }: JobRecord, seen: BatchReport): number | undefined {
  const isOfThisTry = order?.rank === RANK.RUNNING && order.tries === seen.order.tries;
  if (!isOfThisTry || seen.startingAt === undefined) return undefined;
  return startingAt === undefined || startingAt < seen.startingAt ? seen.startingAt : undefined;
}

/** The end of a Batch job that was declared lost was never reported: if it appears again, it must be terminated. */
function sawTheEndOf(job: JobRecord, runId: string): boolean {
  return job.endedAttempts.some((ended) => ended.runId === runId && ended.failure?.class !== 'lost');
}

function unclear(job: JobRecord, { detail }: BatchReport): ReportClass {
  const batchStatus = detail.status.slice(0, 64);
  if (job.unclearStatus === batchStatus) return { kind: 'seen_before', current: false };
  return { kind: 'news', observation: { kind: 'unclear', batchStatus } };
}

/**
 * A container that knows Headgate has claimed its attempt before AWS Batch reports that it runs, and that report alone names its
 * log. The stream that is on the record then is of an earlier try, or there is none.
 */
function namesStream(job: JobRecord, { status, order, runId, detail }: BatchReport): boolean {
  const { logStreamName } = detail.container;
  const isAsKnown = job.order !== undefined && !isNewer(job.order, order);
  return (
    status === 'RUNNING' &&
    isAsKnown &&
    job.runId === runId &&
    logStreamName !== undefined &&
    logStreamName !== job.logStream
  );
}

const runningIn = (
  { runId, order, startingAt }: BatchReport,
  logStream: string | undefined,
): Observation => ({
  kind: 'running',
  runId,
  order,
  startingAt,
  logStream,
});

interface Reading extends TypeOfReport {
  readonly nowMs: number;
}

function observationOf(
  job: JobRecord,
  seen: BatchReport,
  status: BatchStatus,
  { exitCodes, logs, nowMs }: Reading,
): Observation {
  const { detail, order, runId } = seen;
  const common = { runId, order, startingAt: seen.startingAt };
  const ended = {
    startedAt: detail.startedAt,
    endedAt: detail.stoppedAt ?? nowMs,
    logStream: detail.container.logStreamName,
    tries: detail.attempts.some(({ stoppedAt }) => stoppedAt !== undefined) ? detail.attempts : undefined,
  };
  switch (status) {
    case 'SUBMITTED':
    case 'PENDING':
    case 'RUNNABLE':
      return { kind: 'queued', ...common };
    case 'STARTING':
      return { kind: 'starting', ...common, startingAt: seen.startingAt ?? nowMs };
    case 'RUNNING':
      return runningIn(seen, logs === 'tenant' ? detail.container.logStreamName : undefined);
    case 'SUCCEEDED':
      return { kind: 'ended_well', ...common, ended };
    case 'FAILED':
      return {
        kind: 'ended_badly',
        ...common,
        ended,
        ...classifyFailure(detail, job.reportedFailure, exitCodes),
      };
  }
}
