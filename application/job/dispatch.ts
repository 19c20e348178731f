/**
 * Dispatching: sending everything in the outbox of a record. The record alone decides, so it may be repeated by any
 * step.
 */
import { type Asking, nextStepMessage } from '../../domain/batch/messages.ts';
import { type DeadLetter, failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { type LifecycleEvent, lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { apart, sendApart } from '../apart.ts';
import type { Slots } from '../tenant/slots.ts';
import { withMetadata } from './with-metadata.ts';

export interface DispatchPorts {
  readonly jobs: Pick<JobStore, 'whole'>;
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
  const outboxes = await apart(jobs, (job) => outboxOf(ports, job));
  for (const { item, error } of outboxes.failed) failed.set(item, error);
  const stopped = new Set<JobRecord>();
  const step = async <Entry>(
    entriesOf: (outbox: Outbox) => readonly Entry[],
    send: (entries: readonly Entry[]) => Promise<void>,
  ) => {
    const going = outboxes.done.filter(({ item }) => !stopped.has(item));
    for (const [{ item }, error] of await sendApart(going, ({ result }) => entriesOf(result), send)) {
      failed.set(item, error);
      stopped.add(item);
    }
  };
  await step(({ letters }) => letters, ports.deadLetters.send);
  await step(({ events }) => events, ports.bus.publish);
  await step(({ messages }) => messages, ports.submitQueue.send);
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

interface Outbox {
  readonly letters: readonly DeadLetter[];
  readonly events: readonly LifecycleEvent[];
  readonly messages: readonly Asking[];
}

/** @throws when parts of the job that are sent cannot be read */
async function outboxOf({ jobs, clock }: DispatchPorts, job: JobRecord): Promise<Outbox> {
  const message = nextStepMessage(job, clock.nowMs());
  const messages = message === undefined ? [] : [message];
  if (job.state === 'failed' && isUnsettled(job)) {
    const whole = await jobs.whole(job);
    return { letters: [failedJob(whole)], events: [lifecycleEvent(whole)], messages };
  }
  return { letters: [], events: [lifecycleEvent(await withMetadata(jobs, job))], messages };
}
