/**
 * A changed record is handed over to the submit step: for callers that may write job records and nothing else, so neither a
 * gate nor a dead letter. The submit step reads the record, and does what is left to do: the next step of an attempt, or the
 * slot and the letter of a job that is over.
 */
import { type Asking, asking, nextStepMessage } from '../../domain/batch/messages.ts';
import { isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { together } from '../apart.ts';
import { withMetadata } from './with-metadata.ts';

export interface HandOverPorts {
  readonly jobs: Pick<JobStore, 'whole'>;
  readonly bus: Bus;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/** The record is there, so nothing is lost when this fails: reconcile finds the job, and does the same a minute later. */
export async function handOver(ports: HandOverPorts, job: JobRecord): Promise<void> {
  const { jobId, tenantId } = job;
  try {
    await together([tell(ports, job), ports.submitQueue.send(messagesFor(job, ports.clock.nowMs()))]);
  } catch (error) {
    ports.log.error('job:dispatch:failed', { jobId, tenantId, error });
  }
}

async function tell({ jobs, bus }: HandOverPorts, job: JobRecord): Promise<void> {
  await bus.publish([lifecycleEvent(await withMetadata(jobs, job))]);
}

function messagesFor(job: JobRecord, nowMs: number): readonly Asking[] {
  if (isUnsettled(job)) return [asking(job, job.attempt)];
  const message = nextStepMessage(job, nowMs);
  return message === undefined ? [] : [message];
}
