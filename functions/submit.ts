/**
 * Woken by the submit queue. Leaves the intent on the record, calls SubmitJob once, and records the answer.
 *
 * An answer that never came stays unknown: the message comes back when the call can no longer be travelling, and then
 * Batch is asked by name. The worker's claim and Batch's events may settle it sooner.
 */
import type { JobRecord } from '../domain/job.ts';
import { planSubmission, SubmitMessage } from '../domain/submission.ts';
import { batchPort } from '../io/batch.ts';
import { bus } from '../io/bus.ts';
import { batch, dynamo, eventBridge, sqs, submittingBatch } from '../io/clients.ts';
import { type PacingClock, systemChance, systemClock } from '../io/clock.ts';
import { type DebtPorts, payDebts } from '../io/debts.ts';
import { readEnv } from '../io/env.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog } from '../io/log.ts';
import { type Pace, pace, pacedBatch } from '../io/pace.ts';
import { queue } from '../io/queues.ts';
import { type Left, type SubmissionPorts, stepSubmission, type Turn } from '../io/submission.ts';
import { table } from '../io/table.ts';
import { jobTypes } from '../job-types.ts';

/** Waiting for a turn costs Lambda time; beyond this the message waits in its queue instead. */
const MAX_TURN_WAIT_MS = 2000;

export interface SubmitPorts extends SubmissionPorts, Omit<DebtPorts, 'clock'> {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly pace: Pace;
  readonly clock: PacingClock;
}

interface Item {
  readonly message: Message;
  readonly asked: SubmitMessage;
  readonly job: JobRecord | undefined;
}

export function submit(ports: SubmitPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, SubmitMessage, ports.log);
    const jobs = await ports.jobs.load(read.map(({ value }) => value.jobId));
    const items = read.map(({ message, value }) => ({ message, asked: value, job: jobs.get(value.jobId) }));
    const turnOf = await reserveTurns(ports, items);
    const stepped = await eachAlone(items, ports.log, async (item) => {
      const left = await stepSubmission(ports, item.asked, item.job, turnOf(item));
      return { message: item.message, left };
    });
    await payDebts(
      ports,
      stepped.flatMap(({ left }) => left.owing ?? []),
    );
    await ports.submitQueue.send(
      stepped.flatMap(({ message, left }) => again(message, left, ports.clock.nowMs())),
    );
    return new Set(stepped.map(({ message }) => message.id));
  };
}

function again({ body }: Message, { againAtMs }: Left, nowMs: number) {
  return againAtMs === undefined ? [] : [{ body, delaySeconds: (againAtMs - nowMs) / 1000 }];
}

/** One reservation for all calls this batch will make, in the order of the messages. */
async function reserveTurns(ports: SubmitPorts, items: readonly Item[]): Promise<(item: Item) => Turn> {
  const nowMs = ports.clock.nowMs();
  const callers = items.filter(({ asked, job }) =>
    ['call', 'begin'].includes(planSubmission(job, asked, nowMs, ports.settleMs).kind),
  );
  if (callers.length === 0) return () => ({ kind: 'none' });
  const reservation = await ports.pace.reserve(callers.length);
  return (item) => {
    const place = callers.indexOf(item);
    if (place < 0) return { kind: 'none' };
    return reservation.kind === 'full' ? reservation : { kind: 'at', atMs: reservation.atMs(place) };
  };
}

const log = createLog('submit');
const env = readEnv(
  'TABLE_NAME',
  'SUBMIT_QUEUE_URL',
  'DEAD_LETTER_QUEUE_URL',
  'EVENT_BUS_NAME',
  'SUBMIT_SETTLE_SECONDS',
  'BATCH_CALLS_PER_SECOND',
  'JOB_QUEUE_STANDARD',
  'JOB_QUEUE_ECONOMY',
  'JOB_DEFINITION_SMALL',
  'JOB_DEFINITION_MEDIUM',
  'JOB_DEFINITION_PLAIN',
);
const db = dynamo();
const items = table(db, env.TABLE_NAME, systemChance);
const queues = sqs();
const budget = pace(db, env.TABLE_NAME, {
  callsPerSecond: env.BATCH_CALLS_PER_SECOND,
  maxWaitMs: MAX_TURN_WAIT_MS,
  clock: systemClock,
});

export const handler = queueHandler(
  log,
  submit({
    jobs: jobStore(items),
    batch: pacedBatch(batchPort(batch(), submittingBatch()), budget, systemClock),
    pace: budget,
    submitQueue: queue(queues, env.SUBMIT_QUEUE_URL),
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
    targets: {
      queues: { standard: env.JOB_QUEUE_STANDARD, economy: env.JOB_QUEUE_ECONOMY },
      definitions: {
        small: env.JOB_DEFINITION_SMALL,
        medium: env.JOB_DEFINITION_MEDIUM,
        plain: env.JOB_DEFINITION_PLAIN,
      },
    },
    settleMs: env.SUBMIT_SETTLE_SECONDS * 1000,
  }),
);
