/** Sending what records owe, from what they say alone: whoever did the last write, and however often this has run. */
import { nextStepMessage } from '../../domain/batch/messages.ts';
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { isFinal, isOwed, type JobRecord } from '../../domain/job/job.ts';
import { lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Slots } from '../tenant/slots.ts';

export interface DebtPorts {
  readonly slots: Pick<Slots, 'leave'>;
  readonly submitQueue: Queue;
  readonly deadLetters: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
}

/**
 * For each record: its slot if the attempt is over, its dead letter if it failed, its state to the bus, and the message
 * for its next step.
 *
 * Run again after a crash anywhere in it, it does all again: a slot that is given back twice is given back once, a second
 * dead letter is harmless because the record knows whether it was redriven, a second event has the same sequence, a
 * second submit message finds nothing to do.
 */
export async function payDebts(ports: DebtPorts, jobs: readonly JobRecord[]): Promise<void> {
  if (jobs.length === 0) return;
  await ports.slots.leave(jobs.filter(({ state }) => isFinal(state) || state === 'retrying'));
  const failed = jobs.filter((job) => job.state === 'failed' && isOwed(job));
  await ports.deadLetters.send(failed.map(failedJob));
  await ports.bus.publish(jobs.map(lifecycleEvent));
  await ports.submitQueue.send(jobs.flatMap((job) => nextStepMessage(job, ports.clock.nowMs()) ?? []));
}
