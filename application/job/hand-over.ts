/**
 * A changed record is handed over to the submit step: for callers that may write job records and nothing else, so neither a
 * gate nor a dead letter. The submit step reads the record, and does what is left to do: the next step of an attempt, or the
 * slot and the letter of a job that is over.
 */
import { type Asking, asking, nextStepMessage } from '../../domain/batch/messages.ts';
import { hasEndedRun } from '../../domain/executor/executor.ts';
import { isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { apart, sendApart, together } from '../apart.ts';
import { withMetadata } from './with-metadata.ts';

export interface HandOverPorts {
  readonly jobs: Pick<JobStore, 'whole'>;
  readonly bus: Bus;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The records are there, so nothing is lost when this fails: reconcile finds each job, and does the same a minute later. What
 * several jobs ask for is sent together.
 */
export async function handOver(ports: HandOverPorts, jobs: readonly JobRecord[]): Promise<void> {
  if (jobs.length === 0) return;
  const nowMs = ports.clock.nowMs();
  // The submit step publishes an end, after all that comes before: with its event a job is settled.
  const told = await apart(
    jobs.filter((job) => !hasEnd(job)),
    async (job) => lifecycleEvent(await withMetadata(ports.jobs, job)),
  );
  const [untold, unsent] = await together([
    sendApart(told.done, ({ result }) => [result], ports.bus.publish),
    sendApart(jobs, (job) => messagesFor(job, nowMs), ports.submitQueue.send),
  ]);
  const failed = new Map([
    ...told.failed.map(({ item, error }) => [item, error] as const),
    ...[...untold].map(([{ item }, error]) => [item, error] as const),
    ...unsent,
  ]);
  for (const [{ jobId, tenantId }, error] of failed)
    ports.log.error('job:dispatch:failed', { jobId, tenantId, error });
}

/** Of the job, or of an attempt on Lambda: nothing but this message tells of it. */
const hasEnd = (job: JobRecord): boolean => isUnsettled(job) || hasEndedRun(job);

function messagesFor(job: JobRecord, nowMs: number): readonly Asking[] {
  if (hasEnd(job)) return [asking(job, job.attempt)];
  const message = nextStepMessage(job, nowMs);
  return message === undefined ? [] : [message];
}
