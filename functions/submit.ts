/**
 * Woken by the submit queue. Leaves the intent on the record, calls SubmitJob once, and records the answer.
 *
 * An answer that never came stays unknown: the message comes back when the call can no longer be travelling, and then
 * Batch is asked by name. The worker's claim and Batch's events may settle it sooner.
 */
import { batchJobName } from '../domain/identity.ts';
import type { JobRecord } from '../domain/job.ts';
import { type JobType, type JobTypes, withoutType } from '../domain/job-type.ts';
import { advance, type Context, type Observation, type Policy } from '../domain/lifecycle.ts';
import { isOwed, lifecycleEvent } from '../domain/notification.ts';
import { acceptedOrder } from '../domain/sighting.ts';
import { planSubmission, SubmitMessage, submitRequest, type Targets } from '../domain/submission.ts';
import { type BatchPort, batchPort } from '../io/batch.ts';
import { type Bus, bus } from '../io/bus.ts';
import { changeJob } from '../io/change.ts';
import { batch, dynamo, eventBridge, SUBMIT_TIMEOUT_MS, sqs, submittingBatch } from '../io/clients.ts';
import { type Chance, type Clock, systemChance, systemClock } from '../io/clock.ts';
import { readEnv } from '../io/env.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog, type Log } from '../io/log.ts';
import { type Queue, queue } from '../io/queues.ts';
import { endStray } from '../io/stray.ts';
import { jobTypes } from '../job-types.ts';

export interface SubmitPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly batch: BatchPort;
  readonly submitQueue: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly types: JobTypes;
  readonly targets: Targets;
  readonly settleMs: number;
}

interface Item {
  readonly message: Message;
  readonly asked: SubmitMessage;
  readonly job: JobRecord | undefined;
}

/** What a message leaves to be sent: the state to tell, or itself again at a later time. */
interface Left {
  readonly message: Message;
  readonly tell?: JobRecord;
  readonly againAtMs?: number;
}

export function submit(ports: SubmitPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, SubmitMessage, ports.log);
    const jobs = await ports.jobs.load(read.map(({ value }) => value.jobId));
    const items = read.map(({ message, value }) => ({ message, asked: value, job: jobs.get(value.jobId) }));
    const left = await eachAlone(items, ports.log, (item) => drive(ports, item));

    await ports.bus.publish(left.flatMap(({ tell }) => (tell === undefined ? [] : [lifecycleEvent(tell)])));
    await ports.submitQueue.send(left.flatMap((item) => again(item, ports.clock.nowMs())));
    return new Set(left.map(({ message }) => message.id));
  };
}

function again({ message, againAtMs }: Left, nowMs: number) {
  return againAtMs === undefined ? [] : [{ body: message.body, delaySeconds: (againAtMs - nowMs) / 1000 }];
}

async function drive(ports: SubmitPorts, { message, asked, job }: Item): Promise<Left> {
  const plan = planSubmission(job, asked, ports.clock.nowMs(), ports.settleMs);
  if (plan.kind === 'done' || job === undefined)
    return { message, ...(job && isOwed(job) ? { tell: job } : {}) };
  const type = ports.types.get(job.jobType);
  if (type === undefined) return { message, tell: await failTypeless(ports, job) };
  switch (plan.kind) {
    case 'later':
      return { message, againAtMs: plan.atMs };
    case 'begin_attempt':
      return drive(ports, { message, asked, job: await observe(ports, job, asked, type, { kind: 'due' }) });
    case 'resolve':
      return drive(ports, { message, asked, job: await resolve(ports, job, asked, type) });
    case 'call':
      return call(ports, { message, asked, job }, type);
  }
}

/** The job type was taken out of the registry after the job was accepted; no later attempt can bring it back. */
async function failTypeless(ports: SubmitPorts, seen: JobRecord): Promise<JobRecord> {
  const message = `The job type ${seen.jobType} is no longer registered.`;
  const failure = { class: 'platform', code: 'job_type_removed', message } as const;
  const context = contextOf(ports, withoutType);
  const { job } = await changeJob(ports.jobs, seen, (current) =>
    advance(current, { kind: 'refused', failure }, context),
  );
  return job;
}

/** Applies an observation only while the record still gives the message the plan that led to it. */
async function observe(
  ports: SubmitPorts,
  seen: JobRecord,
  asked: SubmitMessage,
  type: JobType,
  observation: Observation,
) {
  const wanted = planSubmission(seen, asked, ports.clock.nowMs(), ports.settleMs).kind;
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, ports.clock.nowMs(), ports.settleMs);
    return plan.kind === wanted ? advance(current, observation, contextOf(ports, type)) : undefined;
  });
  return job;
}

/** Asks Batch for the attempt's job by name, after any call for it has long landed. */
async function resolve(
  ports: SubmitPorts,
  job: JobRecord,
  asked: SubmitMessage,
  type: JobType,
): Promise<JobRecord> {
  const ids = await ports.batch.listByName(
    ports.targets.queues[type.queue],
    batchJobName(job.jobId, job.attempt),
  );
  const found = ids.find((id) => !job.refused?.includes(id));
  ports.log.info(`submission:resolve:${found === undefined ? 'absent' : 'found'}`, {
    jobId: job.jobId,
    attempt: job.attempt,
  });
  const seen: Observation =
    found === undefined
      ? { kind: 'not_accepted', why: 'absent_in_batch' }
      : { kind: 'accepted', batchJobId: found, order: acceptedOrder };
  return observe(ports, job, asked, type, seen);
}

/** Only the handler whose write opened the call makes it: a repeated message finds `callOpen` and waits. */
async function call(
  ports: SubmitPorts,
  { message, asked, job: seen }: Item & { job: JobRecord },
  type: JobType,
): Promise<Left> {
  const deadlineAt = ports.clock.nowMs() + 2 * SUBMIT_TIMEOUT_MS;
  const opened = await changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, ports.clock.nowMs(), ports.settleMs);
    if (plan.kind !== 'call') return undefined;
    return advance(current, { kind: 'call', deadlineAt, settleMs: ports.settleMs }, contextOf(ports, type));
  });
  if (opened.kind === 'unchanged') return drive(ports, { message, asked, job: opened.job });

  const outcome = await ports.batch.submit(submitRequest(opened.job, type, ports.targets));
  ports.log.info(`submission:call:${outcome.kind}`, { jobId: asked.jobId, attempt: asked.attempt });
  switch (outcome.kind) {
    case 'accepted':
      await recordAccepted(ports, opened.job, type, outcome.batchJobId);
      return { message };
    case 'unknown':
      return { message, againAtMs: deadlineAt + ports.settleMs };
    case 'not_accepted': {
      const observation: Observation = { kind: 'not_accepted', why: outcome.why };
      await recordAnswer(ports, opened.job, type, observation);
      return { message, againAtMs: ports.clock.nowMs() + 1000 + ports.chance.fraction() * 9000 };
    }
    case 'refused': {
      const failure = { class: 'invalid_input', code: 'batch_refused', message: outcome.message } as const;
      return { message, tell: await recordAnswer(ports, opened.job, type, { kind: 'refused', failure }) };
    }
  }
}

/** A definite no, unless the attempt already has a Batch job: then an older call got through after all. */
async function recordAnswer(
  ports: SubmitPorts,
  seen: JobRecord,
  type: JobType,
  observation: Observation,
): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const mine =
      current.attempt === seen.attempt && current.calls === seen.calls && current.batchJobId === undefined;
    return mine ? advance(current, observation, contextOf(ports, type)) : undefined;
  });
  return job;
}

/** The Batch job is the attempt's own unless another was adopted meanwhile; a cancelled or ended job's must end. */
async function recordAccepted(ports: SubmitPorts, seen: JobRecord, type: JobType, batchJobId: string) {
  const { attempt } = seen;
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const unclaimed = current.attempt === attempt && current.batchJobId === undefined;
    return unclaimed
      ? advance(current, { kind: 'accepted', batchJobId, order: acceptedOrder }, contextOf(ports, type))
      : undefined;
  });
  if (job.batchJobId !== batchJobId) await endStray(ports, { jobId: job.jobId, attempt, batchJobId });
  else if (job.state === 'cancelling') await ports.batch.terminate(batchJobId, 'Headgate: cancelled');
}

function contextOf(ports: SubmitPorts, policy: Policy): Context {
  return { nowMs: ports.clock.nowMs(), chance: ports.chance.fraction(), policy };
}

const log = createLog('submit');
const env = readEnv(
  'TABLE_NAME',
  'SUBMIT_QUEUE_URL',
  'EVENT_BUS_NAME',
  'SUBMIT_SETTLE_SECONDS',
  'JOB_QUEUE_STANDARD',
  'JOB_QUEUE_ECONOMY',
  'JOB_DEFINITION_SMALL',
  'JOB_DEFINITION_MEDIUM',
);

export const handler = queueHandler(
  log,
  submit({
    jobs: jobStore(dynamo(), env.TABLE_NAME, systemChance),
    batch: batchPort(submittingBatch(), batch()),
    submitQueue: queue(sqs(), env.SUBMIT_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
    targets: {
      queues: { standard: env.JOB_QUEUE_STANDARD, economy: env.JOB_QUEUE_ECONOMY },
      definitions: { small: env.JOB_DEFINITION_SMALL, medium: env.JOB_DEFINITION_MEDIUM },
    },
    settleMs: env.SUBMIT_SETTLE_SECONDS * 1000,
  }),
);
