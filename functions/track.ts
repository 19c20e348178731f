/**
 * Woken by Batch's state changes. Moves each job to what Batch reported, and tells the bus; a failed attempt with budget
 * left has its next one asked for.
 */
import type { JobRecord } from '../domain/job.ts';
import { type JobTypes, withoutType } from '../domain/job-type.ts';
import { advance, type Context } from '../domain/lifecycle.ts';
import { isOwed, lifecycleEvent } from '../domain/notification.ts';
import {
  BatchJobStateChange,
  isNewer,
  judge,
  recognise,
  type Sighting,
  type Verdict,
} from '../domain/sighting.ts';
import { nextAttemptMessage } from '../domain/submission.ts';
import { type BatchPort, batchPort } from '../io/batch.ts';
import { type Bus, bus } from '../io/bus.ts';
import { changeJob } from '../io/change.ts';
import { batch, dynamo, eventBridge, sqs } from '../io/clients.ts';
import { type Chance, type Clock, systemChance, systemClock } from '../io/clock.ts';
import { readEnv } from '../io/env.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog, type Log } from '../io/log.ts';
import { type Queue, queue } from '../io/queues.ts';
import { endStray } from '../io/stray.ts';
import { jobTypes } from '../job-types.ts';

export interface TrackPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly batch: Pick<BatchPort, 'terminate'>;
  readonly submitQueue: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
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
    const read = readable(messages, BatchJobStateChange, ports.log);
    const { reports, ignored } = newestReports(read, ports.log);
    const jobs = await ports.jobs.load(reports.map(({ sighting }) => sighting.job.jobId));
    const followed = await eachAlone(reports, ports.log, async (report) => ({
      messageIds: report.messageIds,
      tell: await follow(ports, jobs.get(report.sighting.job.jobId), report.sighting),
    }));

    const tell = followed.flatMap((item) => item.tell ?? []);
    await ports.bus.publish(tell.map(lifecycleEvent));
    await ports.submitQueue.send(
      tell.filter(({ state }) => state === 'retrying').map((job) => retryMessage(ports, job)),
    );
    return new Set([...ignored, ...followed.flatMap(({ messageIds }) => messageIds)]);
  };
}

function newestReports(read: readonly { message: Message; value: BatchJobStateChange }[], log: Log) {
  const newest = new Map<string, Report>();
  const ignored: string[] = [];
  for (const { message, value } of read) {
    const seen = recognise(value.detail);
    if (seen.kind === 'ignored') {
      log.info('event:ignore:done', { why: seen.why, batchJobId: value.detail.jobId });
      ignored.push(message.id);
      continue;
    }
    const known = newest.get(seen.sighting.jobId);
    const messageIds = [...(known?.messageIds ?? []), message.id];
    const sighting =
      known === undefined || isNewer(seen.sighting.order, known.sighting.order)
        ? seen.sighting
        : known.sighting;
    newest.set(seen.sighting.jobId, { message, messageIds, sighting });
  }
  return { reports: [...newest.values()], ignored };
}

/** @returns the record whose state is to be told, if any; the same answer when run again after a crash in between */
async function follow(
  ports: TrackPorts,
  known: JobRecord | undefined,
  sighting: Sighting,
): Promise<JobRecord | undefined> {
  const { jobId, attempt } = sighting.job;
  const facts = { jobId, attempt, batchJobId: sighting.jobId };
  if (known === undefined) {
    ports.log.info('event:ignore:done', { ...facts, why: 'unknown_job' });
    return undefined;
  }
  const { job, kind } = await changeJob(ports.jobs, known, (current) => {
    const verdict = judgeNow(ports, current, sighting);
    return verdict.kind === 'news'
      ? advance(current, verdict.observation, contextOf(ports, current))
      : undefined;
  });
  if (kind === 'changed') {
    ports.log.info('job:move:done', { ...facts, tenantId: job.tenantId, to: job.state });
    if (job.state === 'cancelling') await ports.batch.terminate(sighting.jobId, 'Headgate: cancelled');
    return job;
  }
  const verdict = judgeNow(ports, job, sighting);
  if (verdict.kind === 'stray' && verdict.alive)
    await endStray(ports, { jobId, attempt, batchJobId: sighting.jobId });
  if (verdict.kind === 'past' && verdict.alive)
    await ports.batch.terminate(sighting.jobId, 'Headgate: the job is over');
  return stillOwed(job, verdict) ? job : undefined;
}

/**
 * A report that changes nothing may be the repetition of one whose handler died before it told anybody: what the record
 * still owes is told again.
 */
function stillOwed(job: JobRecord, verdict: Verdict): boolean {
  if (verdict.kind === 'seen_before') return verdict.current;
  return verdict.kind === 'past' && (isOwed(job) || job.state === 'retrying');
}

function judgeNow(ports: TrackPorts, job: JobRecord, sighting: Sighting): Verdict {
  return judge(job, sighting, typeOf(ports, job).exitCodes, ports.clock.nowMs());
}

function contextOf(ports: TrackPorts, job: JobRecord): Context {
  return { nowMs: ports.clock.nowMs(), chance: ports.chance.fraction(), policy: typeOf(ports, job) };
}

function typeOf(ports: TrackPorts, job: JobRecord) {
  return ports.types.get(job.jobType) ?? withoutType;
}

function retryMessage(ports: TrackPorts, job: JobRecord) {
  const delaySeconds = ((job.nextAttemptAt ?? 0) - ports.clock.nowMs()) / 1000;
  return { ...nextAttemptMessage(job), delaySeconds };
}

const log = createLog('track');
const env = readEnv('TABLE_NAME', 'SUBMIT_QUEUE_URL', 'EVENT_BUS_NAME');

export const handler = queueHandler(
  log,
  track({
    jobs: jobStore(dynamo(), env.TABLE_NAME, systemChance),
    batch: batchPort(batch(), batch()),
    submitQueue: queue(sqs(), env.SUBMIT_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
  }),
);
