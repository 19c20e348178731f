/**
 * Dispatching: sending everything in the outbox of a record. The record alone decides, so it may be repeated by any
 * step.
 */
import { type Asking, nextStepMessage } from '../../domain/batch/messages.ts';
import { type DeadLetter, failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import { apart, sendApart } from '../apart.ts';
import type { Slots } from '../tenant/slots.ts';

export interface DispatchPorts {
  readonly slots: Pick<Slots, 'release'>;
  readonly submitQueue: Queue;
  readonly deadLetters: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * For each record: releases the slot of an attempt that is over, sends the dead letter of a failed job, publishes its
 * state, and sends the message for its next step.
 *
 * Idempotent: a slot that is released again was released, a second dead letter is harmless because the record knows
 * its one child, a second event has the same sequence, and a second submit message finds nothing to do.
 *
 * @returns the records of which something may not have been sent, which are logged: what brought them must come back. The
 * others are done
 */
export async function dispatch(
  ports: DispatchPorts,
  jobs: readonly JobRecord[],
): Promise<ReadonlySet<JobRecord>> {
  if (jobs.length === 0) return new Set();
  const failed = new Map<JobRecord, unknown>(await releaseSlots(ports, jobs));
  const stopped = new Set<JobRecord>();
  const step = async <Entry>(
    entriesOf: (job: JobRecord) => readonly Entry[],
    send: (entries: readonly Entry[]) => Promise<void>,
  ) => {
    const going = jobs.filter((job) => !stopped.has(job));
    for (const [job, error] of await sendApart(going, entriesOf, send)) {
      failed.set(job, error);
      stopped.add(job);
    }
  };
  await step(letterOf, ports.deadLetters.send);
  await step((job) => [lifecycleEvent(job)], ports.bus.publish);
  await step((job) => nextMessageOf(job, ports.clock.nowMs()), ports.submitQueue.send);
  for (const [{ jobId, tenantId }, error] of failed)
    ports.log.error('job:dispatch:failed', { jobId, tenantId, error });
  return new Set(failed.keys());
}

/**
 * For each tenant by itself. A job whose slot could not be released is published all the same, since reconcile of the gate
 * finds the slot; without its dead letter a job must not be, for then it would be settled.
 */
async function releaseSlots(
  { slots }: DispatchPorts,
  jobs: readonly JobRecord[],
): Promise<(readonly [JobRecord, unknown])[]> {
  const over = jobs.filter(({ state }) => isFinal(state) || state === 'retrying');
  const perTenant = [...Map.groupBy(over, ({ tenantId }) => tenantId).values()];
  const { failed } = await apart(perTenant, (some) => slots.release(some));
  return failed.flatMap(({ item, error }) => item.map((job) => [job, error] as const));
}

function letterOf(job: JobRecord): readonly DeadLetter[] {
  return job.state === 'failed' && isUnsettled(job) ? [failedJob(job)] : [];
}

function nextMessageOf(job: JobRecord, nowMs: number): readonly Asking[] {
  const message = nextStepMessage(job, nowMs);
  return message === undefined ? [] : [message];
}
