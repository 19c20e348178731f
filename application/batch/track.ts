/**
 * Woken by Batch events. Moves each job to the state that AWS Batch reports, and dispatches it: the next attempt
 * after a failed one, the end of a cancelled job, the dead letter of a failed job.
 */
import { BatchJobStateChange, type BatchReport, bothOf, parseReport } from '../../domain/batch/report.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import { EventsRepeated } from '../../domain/metrics/catalogue.ts';
import { one } from '../../domain/metrics/metric.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { eachAlone, readable } from '../messages.ts';
import { type FollowPorts, follow } from './follow.ts';
import { noteBlocked } from './stuck.ts';

export interface TrackPorts extends FollowPorts, DispatchPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace' | 'whole'>;
  readonly types: JobTypes;
}

/** The newest report of one Batch job in this batch of messages; the older ones are implied. */
interface NewestReport {
  readonly message: Message;
  readonly messageIds: readonly string[];
  readonly report: BatchReport;
}

export function track(ports: TrackPorts): MessageBatch {
  return async (messages) => {
    const { reports, ignored } = newestReports(readable(messages, BatchJobStateChange, ports.log), ports.log);
    const jobs = await ports.jobs.load(reports.map(({ report }) => report.jobId));
    const followed = await eachAlone(reports, ports.log, async ({ messageIds, report }) => {
      const known = jobs.get(report.jobId);
      if (known === undefined) ignore(ports.log, 'unknown_job', report.runId);
      return { messageIds, toDispatch: known && (await followBlocked(ports, known, report)) };
    });
    const failed = await dispatch(
      ports,
      followed.flatMap(({ toDispatch }) => toDispatch ?? []),
    );
    const done = followed.filter(({ toDispatch }) => toDispatch === undefined || !failed.has(toDispatch));
    return new Set([...ignored, ...done.flatMap(({ messageIds }) => messageIds)]);
  };
}

async function followBlocked(
  ports: TrackPorts,
  known: JobRecord,
  report: BatchReport,
): Promise<JobRecord | undefined> {
  const followed = await follow(ports, known, report);
  if (report.isBlocked !== true) return followed;
  return (await noteBlocked(ports, followed ?? known, report)) ?? followed;
}

function newestReports(read: readonly { message: Message; value: BatchJobStateChange }[], log: Log) {
  const newestOf = new Map<string, NewestReport>();
  const ignored: string[] = [];
  for (const { message, value } of read) {
    const seen = parseReport(value);
    if (seen.kind === 'ignored') {
      ignore(log, seen.why);
      ignored.push(message.id);
      continue;
    }
    const { report } = seen;
    const known = newestOf.get(report.runId);
    if (known?.report.ended === true && report.ended) repeated(log, report);
    newestOf.set(report.runId, {
      message,
      messageIds: [...(known?.messageIds ?? []), message.id],
      report: known === undefined ? report : bothOf(known.report, report),
    });
  }
  return { reports: [...newestOf.values()], ignored };
}

/** Of two in one batch, the second would be passed over without a trace. */
function repeated(log: Log, { jobId, attempt, runId }: BatchReport): void {
  log.info('event:repeat:done', { jobId, attempt, runId }, [one(EventsRepeated)]);
}

function ignore(log: Log, why: string, runId?: string): void {
  log.info('event:ignore:done', { why, runId });
}
