/**
 * Woken by Batch events. Moves each job to the state that AWS Batch reports, and dispatches it: the next attempt
 * after a failed one, the end of a cancelled job, the dead letter of a failed job.
 */
import { BatchJobStateChange, type BatchReport, parseReport } from '../../domain/batch/report.ts';
import { isNewer } from '../../domain/job/attempt.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { eachAlone, readable } from '../messages.ts';
import { type FollowPorts, follow } from './follow.ts';

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
      return { messageIds, toDispatch: known && (await follow(ports, known, report)) };
    });
    const failed = await dispatch(
      ports,
      followed.flatMap(({ toDispatch }) => toDispatch ?? []),
    );
    const done = followed.filter(({ toDispatch }) => toDispatch === undefined || !failed.has(toDispatch));
    return new Set([...ignored, ...done.flatMap(({ messageIds }) => messageIds)]);
  };
}

function newestReports(read: readonly { message: Message; value: BatchJobStateChange }[], log: Log) {
  const newest = new Map<string, NewestReport>();
  const ignored: string[] = [];
  for (const { message, value } of read) {
    const seen = parseReport(value);
    if (seen.kind === 'ignored') {
      ignore(log, seen.why);
      ignored.push(message.id);
      continue;
    }
    const { report } = seen;
    const known = newest.get(report.runId);
    newest.set(report.runId, {
      message,
      messageIds: [...(known?.messageIds ?? []), message.id],
      report: known === undefined || isNewer(report.order, known.report.order) ? report : known.report,
    });
  }
  return { reports: [...newest.values()], ignored };
}

function ignore(log: Log, why: string, runId?: string): void {
  log.info('event:ignore:done', { why, runId });
}
