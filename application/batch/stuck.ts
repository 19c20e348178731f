/** A job that AWS Batch has and does not start: why, on its record, and after the grace of its type an end of that Batch job. */
import type { BatchReport } from '../../domain/batch/report.ts';
import {
  actionFor,
  diagnose,
  maybeStuck,
  type QueueFacts,
  terminationText,
} from '../../domain/batch/stuck.ts';
import { advance } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { BatchWaiting } from '../../io/aws/batch-waiting.ts';
import { type Changed, changeJob } from '../job/decide-job.ts';
import { contextOf, type FollowPorts } from './follow.ts';

type Waiting = Pick<BatchReport, 'runId' | 'detail'>;

/**
 * AWS Batch says by itself that this job blocks its queue.
 *
 * @param job as it is after the report was followed
 * @returns the record when there is news of it, to be dispatched
 */
export async function noteBlocked(
  ports: FollowPorts,
  job: JobRecord,
  report: Waiting,
): Promise<JobRecord | undefined> {
  const noted = await note(ports, job, report, { isTime: () => true });
  return newsOf(job, noted);
}

export interface StuckPorts extends FollowPorts {
  readonly batchWaiting: BatchWaiting;
}

/** Asks about each queue once in a run, and only when a job is stuck in it. */
export function attendingStuck(ports: StuckPorts) {
  const asked = new Map<string, Promise<QueueFacts | undefined>>();
  const askQueue = (jobQueue: string) => {
    const known = asked.get(jobQueue) ?? ports.batchWaiting.describeQueue(jobQueue);
    asked.set(jobQueue, known);
    return known;
  };
  const isTime = (job: JobRecord) => maybeStuck(job, ports.clock.nowMs());
  return async (job: JobRecord, report: Waiting): Promise<JobRecord | undefined> => {
    if (!isTime(job)) return undefined;
    const { jobQueue } = report.detail;
    const queue = jobQueue === undefined ? undefined : await askQueue(jobQueue);
    const noted = await note(ports, job, report, { isTime, queue });
    if (noted !== undefined) await act(ports, noted.job, report.runId);
    return newsOf(job, noted);
  };
}

/** The same reason on the record is no news, and no write. */
async function note(
  ports: FollowPorts,
  job: JobRecord,
  { runId, detail }: Waiting,
  { isTime, queue }: { isTime(job: JobRecord): boolean; readonly queue?: QueueFacts | undefined },
): Promise<Changed | undefined> {
  const found = diagnose(detail, queue);
  if (found === undefined) return undefined;
  const changed = await changeJob(ports.jobs, job, (current) =>
    current.runId === runId && isTime(current)
      ? advance(current, { kind: 'stuck', ...found }, contextOf(ports, current))
      : undefined,
  );
  const { jobId, tenantId, attempt } = changed.job;
  if (changed.kind === 'changed')
    ports.log.error('job:stuck:found', { jobId, tenantId, attempt, runId, why: found.reason });
  return changed;
}

function newsOf(seen: JobRecord, noted: Changed | undefined): JobRecord | undefined {
  if (noted?.kind !== 'changed') return undefined;
  return noted.job.stuck?.reason === seen.stuck?.reason ? undefined : noted.job;
}

/** Idempotent: a Batch job that was ended, or has begun to start, is left as it is. */
async function act(ports: StuckPorts, job: JobRecord, runId: string): Promise<void> {
  const { stuck, jobId, tenantId, attempt } = job;
  if (stuck === undefined || job.runId !== runId) return;
  const action = actionFor(job, ports.types.get(job.jobType)?.stuck, ports.clock.nowMs());
  if (action === undefined) return;
  ports.log.info(`job:stuck:${action}`, { jobId, tenantId, attempt, runId, why: stuck.reason });
  await ports.batchWaiting.cancelWaiting(runId, terminationText(action, stuck));
}
