/**
 * Dispatching: sending everything in the outbox of a record. The record alone decides, so it may be repeated by any
 * step.
 */
import { nextStepMessage } from '../../domain/batch/messages.ts';
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Slots } from '../tenant/slots.ts';

export interface DispatchPorts {
  readonly slots: Pick<Slots, 'release'>;
  readonly submitQueue: Queue;
  readonly deadLetters: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
}

/**
 * For each record: releases the slot of an attempt that is over, sends the dead letter of a failed job, publishes its
 * state, and sends the message for its next step.
 *
 * Idempotent: a slot that is released again was released, a second dead letter is harmless because the record knows
 * its one child, a second event has the same sequence, and a second submit message finds nothing to do.
 */
export async function dispatch(ports: DispatchPorts, jobs: readonly JobRecord[]): Promise<void> {
  if (jobs.length === 0) return;
  await ports.slots.release(jobs.filter(({ state }) => isFinal(state) || state === 'retrying'));
  const failed = jobs.filter((job) => job.state === 'failed' && isUnsettled(job));
  await ports.deadLetters.send(failed.map(failedJob));
  await ports.bus.publish(jobs.map(lifecycleEvent));
  await ports.submitQueue.send(jobs.flatMap((job) => nextStepMessage(job, ports.clock.nowMs()) ?? []));
}
