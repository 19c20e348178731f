/**
 * Dispatching: sending everything in the outbox of a record. The record alone decides, so it may be repeated by any
 * step.
 */
import { type Asking, nextStepMessage } from '../../domain/batch/messages.ts';
import { receiptOf } from '../../domain/cost/receipt.ts';
import { sheetsOf } from '../../domain/cost/sheet.ts';
import { type DeadLetter, failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { endedByAnother, isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { hasNoInput } from '../../domain/request/array-line.ts';
import { type LifecycleEvent, lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import { apart, sendApart, together } from '../apart.ts';
import { type TellPorts, tellDependants } from '../dependency/tell.ts';
import { type StopPorts, stopArrays } from '../group/stop.ts';
import type { Slots } from '../tenant/slots.ts';
import { type RecordFailurePorts, recordFailures } from './record-failures.ts';
import { withMetadata } from './with-metadata.ts';

export interface DispatchPorts extends RecordFailurePorts, TellPorts, StopPorts {
  readonly receipts: Pick<ReceiptStore, 'put'>;
  readonly jobs: Pick<JobStore, 'whole'>;
  readonly slots: Pick<Slots, 'release'>;
  readonly submitQueue: Queue;
  readonly deadLetters: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * For each record: releases the slot of an attempt that is over, leaves its receipt, leaves the row and the dead letter of a
 * failed job, tells those that wait for the end of the job, publishes its state, and sends the message for its next step.
 *
 * Idempotent: a slot that is released again was released, receipts are counted once, the row of a failed job has one key, a second dead letter is
 * harmless because the record knows its one child, a second event has the same sequence, and a second submit message finds nothing to do.
 *
 * @returns the records of which something may not have been sent, which are logged: what brought them must come back. The
 * others are done
 */
export async function dispatch(
  ports: DispatchPorts,
  jobs: readonly JobRecord[],
): Promise<ReadonlySet<JobRecord>> {
  if (jobs.length === 0) return new Set();
  const [unreleased, receipts, rows] = await together([
    releaseSlots(ports, jobs),
    leaveReceipts(ports, jobs),
    recordFailures(ports, jobs.filter(isFailing)),
  ]);
  const failed = new Map<JobRecord, unknown>(unreleased);
  const outboxes = await apart(jobs, (job) => outboxOf(ports, job));
  for (const { item, error } of outboxes.failed) failed.set(item, error);
  const stopped = new Set<JobRecord>();
  // Like its letter: a job that is published without its row or its receipts would be settled, and no step would come back.
  for (const { item, error } of [...receipts, ...rows.failed]) {
    failed.set(item, error);
    stopped.add(item);
  }
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
  // Before the event, with which the job is settled: after that no step would tell them.
  const ended = outboxes.done.flatMap(({ item }) =>
    isFinal(item.state) && !stopped.has(item) ? [item] : [],
  );
  for (const [item, error] of await tellDependants(ports, ended)) {
    failed.set(item, error);
    stopped.add(item);
  }
  for (const { item, error } of (
    await stopArrays(
      ports,
      ended.filter((job) => !stopped.has(job)),
    )
  ).failed) {
    failed.set(item, error);
    stopped.add(item);
  }
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

/** @returns the jobs whose receipts may not have been left */
async function leaveReceipts(
  { receipts }: DispatchPorts,
  jobs: readonly JobRecord[],
): Promise<readonly { readonly item: JobRecord; readonly error: unknown }[]> {
  const owed = jobs.flatMap((job) => {
    const receipt = receiptOf(job);
    return receipt === undefined ? [] : [{ job, receipt }];
  });
  const { failed } = await apart(sheetsOf(owed.map(({ receipt }) => receipt)), receipts.put);
  return failed.flatMap(({ item: sheet, error }) =>
    owed.flatMap(({ job, receipt }) => (sheet.includes(receipt) ? [{ item: job, error }] : [])),
  );
}

interface Outbox {
  readonly letters: readonly DeadLetter[];
  readonly events: readonly LifecycleEvent[];
  readonly messages: readonly Asking[];
}

const isFailing = (job: JobRecord): boolean => job.state === 'failed' && isUnsettled(job);

/** @throws when parts of the job that are sent cannot be read */
async function outboxOf({ jobs, clock }: DispatchPorts, job: JobRecord): Promise<Outbox> {
  const message = nextStepMessage(job, clock.nowMs());
  const messages = message === undefined ? [] : [message];
  if (isFailing(job)) {
    const whole = await jobs.whole(job);
    return {
      letters: endedByAnother(job) || hasNoInput(job) ? [] : [failedJob(whole)],
      events: [lifecycleEvent(whole)],
      messages,
    };
  }
  return { letters: [], events: [lifecycleEvent(await withMetadata(jobs, job))], messages };
}
