/**
 * Woken by Batch's state changes. Moves each job to what Batch reported, tells the bus, and asks for what comes next: a
 * failed attempt's successor, the end of a job that was cancelled, the dead letter of one that failed for good.
 */
import { BatchJobStateChange, recognise, type Sighting } from '../domain/batch/report.ts';
import { isNewer } from '../domain/job/attempt.ts';
import type { JobTypes } from '../domain/job/job-type.ts';
import { batchPort } from '../io/batch.ts';
import { bus } from '../io/bus.ts';
import { batch, dynamo, eventBridge, sqs } from '../io/clients.ts';
import { systemChance, systemClock } from '../io/clock.ts';
import { type DebtPorts, payDebts } from '../io/debts.ts';
import { readEnv } from '../io/env.ts';
import { type FollowPorts, follow } from '../io/follow.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog, type Log } from '../io/log.ts';
import { pace, pacedBatch } from '../io/pace.ts';
import { queue } from '../io/queues.ts';
import { tableSlots } from '../io/slots.ts';
import { table } from '../io/table.ts';
import { jobTypes } from '../job-types.ts';

/** Only the ends of strays wait for a turn, and they are rare. */
const MAX_TURN_WAIT_MS = 5000;

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

const log = createLog('track');
const env = readEnv(
  'TABLE_NAME',
  'SUBMIT_QUEUE_URL',
  'DEAD_LETTER_QUEUE_URL',
  'EVENT_BUS_NAME',
  'BATCH_CALLS_PER_SECOND',
  'TENANT_DEFAULTS',
  'WORKER_LOG_GROUP',
  'AWS_REGION',
);
const items = table(dynamo(), env.TABLE_NAME, systemChance);
const queues = sqs();
const submitQueue = queue(queues, env.SUBMIT_QUEUE_URL);
const budget = pace(items, {
  callsPerSecond: env.BATCH_CALLS_PER_SECOND,
  maxWaitMs: MAX_TURN_WAIT_MS,
  clock: systemClock,
});

export const handler = queueHandler(
  log,
  track({
    jobs: jobStore(items),
    batch: pacedBatch(batchPort(batch(), batch()), budget, systemClock),
    slots: tableSlots(items, {
      submitQueue,
      clock: systemClock,
      log,
      defaultCap: env.TENANT_DEFAULTS.cap,
    }),
    submitQueue,
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
    logs: { region: env.AWS_REGION, group: env.WORKER_LOG_GROUP },
  }),
);
