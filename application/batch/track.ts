/**
 * Woken by Batch events. Moves each job to the state that AWS Batch reports, and dispatches it: the next attempt
 * after a failed one, the end of a cancelled job, the dead letter of a failed job.
 */
import { BatchJobStateChange, recognise, type Sighting } from '../../domain/batch/report.ts';
import { isNewer } from '../../domain/job/attempt.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { type DebtPorts, payDebts } from '../job/dispatch.ts';
import { eachAlone, readable } from '../messages.ts';
import { type FollowPorts, follow } from './follow.ts';

export interface TrackPorts extends FollowPorts, DebtPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly types: JobTypes;
}

/** The newest report of one Batch job in this batch of messages; the older ones are implied. */
interface Report {
  readonly message: Message;
  readonly messageIds: readonly string[];
  readonly sighting: Sighting;
}

export function track(ports: TrackPorts): MessageBatch {
  return async (messages) => {
    const { reports, ignored } = newestReports(readable(messages, BatchJobStateChange, ports.log), ports.log);
    const jobs = await ports.jobs.load(reports.map(({ sighting }) => sighting.jobId));
    const followed = await eachAlone(reports, ports.log, async ({ messageIds, sighting }) => {
      const known = jobs.get(sighting.jobId);
      if (known === undefined) ignore(ports.log, 'unknown_job', sighting.batchJobId);
      return { messageIds, owing: known && (await follow(ports, known, sighting)) };
    });
    await payDebts(
      ports,
      followed.flatMap(({ owing }) => owing ?? []),
    );
    return new Set([...ignored, ...followed.flatMap(({ messageIds }) => messageIds)]);
  };
}

function newestReports(read: readonly { message: Message; value: BatchJobStateChange }[], log: Log) {
  const newest = new Map<string, Report>();
  const ignored: string[] = [];
  for (const { message, value } of read) {
    const seen = recognise(value);
    if (seen.kind === 'ignored') {
      ignore(log, seen.why);
      ignored.push(message.id);
      continue;
    }
    const { sighting } = seen;
    const known = newest.get(sighting.batchJobId);
    newest.set(sighting.batchJobId, {
      message,
      messageIds: [...(known?.messageIds ?? []), message.id],
      sighting:
        known === undefined || isNewer(sighting.order, known.sighting.order) ? sighting : known.sighting,
    });
  }
  return { reports: [...newest.values()], ignored };
}

function ignore(log: Log, why: string, batchJobId?: string): void {
  log.info('event:ignore:done', { why, batchJobId });
}
