/**
 * Woken by Batch's state changes. Moves each job to what Batch reported, tells the bus, and asks for what comes next: a
 * failed attempt's successor, the end of a job that was cancelled, the dead letter of one that failed for good.
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

/** The newest word of one Batch job in this batch of messages; what it said before is implied. */
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
