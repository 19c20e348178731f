/**
 * Woken by the submit queue. Leaves the intent on the record, calls SubmitJob once, and records the answer.
 *
 * An answer that never came stays unknown: the message comes back when the call can no longer be travelling, and then
 * Batch is asked by name. The worker's claim and Batch's events may settle it sooner.
 */

import { advance } from '../domain/advance.ts';
import { batchJobName } from '../domain/identity.ts';
import type { Failure, JobRecord } from '../domain/job.ts';
import type { JobType, JobTypes } from '../domain/job-type.ts';
import type { Observation } from '../domain/lifecycle.ts';
import { isOwed } from '../domain/notification.ts';
import { acceptedOrder } from '../domain/sighting.ts';
import { planSubmission, queueOf, SubmitMessage, submitRequest, type Targets } from '../domain/submission.ts';
import { type BatchPort, batchPort } from '../io/batch.ts';
import { bus } from '../io/bus.ts';
import { changeJob } from '../io/change.ts';
import { batch, dynamo, eventBridge, SUBMIT_TIMEOUT_MS, sqs, submittingBatch } from '../io/clients.ts';
import { type Chance, type PacingClock, systemChance, systemClock } from '../io/clock.ts';
import { type DebtPorts, payDebts } from '../io/debts.ts';
import { readEnv } from '../io/env.ts';
import { contextOf } from '../io/follow.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog, type Log } from '../io/log.ts';
import { type Pace, pace, pacedBatch, type Reservation } from '../io/pace.ts';
import { queue } from '../io/queues.ts';
import { endStray } from '../io/stray.ts';
import { jobTypes } from '../job-types.ts';

/** Waiting for a turn costs Lambda time; beyond this the message waits in its queue instead. */
const MAX_TURN_WAIT_MS = 2000;

export interface SubmitPorts extends DebtPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly batch: BatchPort;
  readonly pace: Pace;
  readonly clock: PacingClock;
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

/** What a message leaves to be sent: what the record owes, or the message itself again at a later time. */
interface Left {
  readonly message: Message;
  readonly owing?: JobRecord;
  readonly againAtMs?: number;
}

export function submit(ports: SubmitPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, SubmitMessage, ports.log);
    const jobs = await ports.jobs.load(read.map(({ value }) => value.jobId));
    const items = read.map(({ message, value }) => ({ message, asked: value, job: jobs.get(value.jobId) }));
    const turns = await reserveTurns(ports, items);
    const left = await eachAlone(items, ports.log, (item) => drive(ports, item, turns));

    await payDebts(
      ports,
      left.flatMap(({ owing }) => owing ?? []),
    );
    await ports.submitQueue.send(left.flatMap((item) => again(item, ports.clock.nowMs())));
    return new Set(left.map(({ message }) => message.id));
  };
}

function again({ message, againAtMs }: Left, nowMs: number) {
  return againAtMs === undefined ? [] : [{ body: message.body, delaySeconds: (againAtMs - nowMs) / 1000 }];
}

/** When each message of this batch may make its call. */
interface Turns {
  readonly turnOf: ReadonlyMap<string, number>;
  readonly reservation: Reservation | undefined;
}

/** One reservation for all calls this batch will make, in the order of the messages. */
async function reserveTurns(ports: SubmitPorts, items: readonly Item[]): Promise<Turns> {
  const nowMs = ports.clock.nowMs();
  const callers = items.filter(({ asked, job }) =>
    ['call', 'begin'].includes(planSubmission(job, asked, nowMs, ports.settleMs).kind),
  );
  const turnOf = new Map(callers.map(({ message }, i) => [message.id, i]));
  return { turnOf, reservation: callers.length === 0 ? undefined : await ports.pace.reserve(callers.length) };
}

async function drive(ports: SubmitPorts, item: Item, turns: Turns): Promise<Left> {
  const { message, asked, job } = item;
  const plan = planSubmission(job, asked, ports.clock.nowMs(), ports.settleMs);
  // A handler that died between its last write and its last message left this one unfinished.
  if (plan.kind === 'done' || job === undefined)
    return { message, ...(job && isOwed(job) ? { owing: job } : {}) };
  const fit = fitOf(job, ports.types.get(job.jobType));
  if (fit.kind === 'unfit') return { message, owing: await failUnfit(ports, job, fit.failure) };
  const { type } = fit;
  const after = async (observation: Observation) =>
    drive(ports, { ...item, job: await observe(ports, { asked, job }, observation) }, turns);
  switch (plan.kind) {
    case 'later':
      return { message, againAtMs: plan.atMs };
    case 'begin':
      return after({ kind: 'due' });
    case 'give_up':
      return after({ kind: plan.why });
    case 'resolve':
      return after(await resolve(ports, job, type));
    case 'terminate':
      await ports.batch.terminate(plan.batchJobId, 'Headgate: its end was asked for');
      return { message };
    case 'call':
      return call(ports, { message, asked, job }, type, turns);
  }
}

type Fit =
  | { readonly kind: 'fits'; readonly type: JobType }
  | { readonly kind: 'unfit'; readonly failure: Failure };

/** Whether the registry as it is today can run a job that was accepted before; if not, no later attempt can mend that. */
function fitOf(job: JobRecord, type: JobType | undefined): Fit {
  if (type === undefined) {
    const message = `The job type ${job.jobType} is no longer registered.`;
    return { kind: 'unfit', failure: { class: 'platform', code: 'job_type_removed', message } };
  }
  if (type.parameters === undefined || type.input.safeParse(job.input).success) return { kind: 'fits', type };
  const message = `The input does not fit the job type ${job.jobType} as it is now.`;
  return { kind: 'unfit', failure: { class: 'invalid_input', code: 'input_rejected', message } };
}

async function failUnfit(ports: SubmitPorts, seen: JobRecord, failure: Failure): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) =>
    advance(current, { kind: 'refused', failure }, contextOf(ports, current)),
  );
  return job;
}

type Asked = Pick<Item, 'asked'> & { readonly job: JobRecord };

/** Applies an observation only while the record still gives the message the plan that led to it. */
async function observe(
  ports: SubmitPorts,
  { asked, job: seen }: Asked,
  observation: Observation,
): Promise<JobRecord> {
  const planOf = (job: JobRecord) => planSubmission(job, asked, ports.clock.nowMs(), ports.settleMs).kind;
  const wanted = planOf(seen);
  const { job } = await changeJob(ports.jobs, seen, (current) =>
    planOf(current) === wanted ? advance(current, observation, contextOf(ports, current)) : undefined,
  );
  return job;
}

/** Asks Batch for the attempt's job by name, after any call for it has long landed. */
async function resolve(ports: SubmitPorts, job: JobRecord, type: JobType): Promise<Observation> {
  const { jobId, attempt } = job;
  const jobQueue = ports.targets.queues[queueOf(job, type)];
  const ids = await ports.batch.listByName(jobQueue, batchJobName(jobId, attempt));
  const found = ids.find((id) => !job.refused?.includes(id));
  ports.log.info(`submission:resolve:${found === undefined ? 'absent' : 'found'}`, {
    jobId,
    attempt,
    batchJobId: found,
  });
  if (found === undefined) return { kind: 'not_accepted', why: 'absent_in_batch' };
  return { kind: 'accepted', batchJobId: found, order: acceptedOrder };
}

/** Only the handler whose write opened the call makes it: a repeated message finds `callOpen` and waits. */
async function call(
  ports: SubmitPorts,
  item: Asked & { message: Message },
  type: JobType,
  turns: Turns,
): Promise<Left> {
  const { message, asked } = item;
  const turn = turns.turnOf.get(message.id);
  // No turn: the plan became a call only while we looked. It comes back and reserves like the others.
  if (turns.reservation === undefined || turn === undefined)
    return { message, againAtMs: ports.clock.nowMs() };
  if (turns.reservation.kind === 'full') {
    // Spread, or the whole backlog would come back in one moment and most of it be turned away again.
    return { message, againAtMs: turns.reservation.retryAtMs + ports.chance.fraction() * 1000 };
  }
  await ports.clock.waitUntil(turns.reservation.atMs(turn));

  const opened = await openCall(ports, item);
  if (opened.kind === 'unchanged') return drive(ports, { ...item, job: opened.job }, turns);
  const outcome = await ports.batch.submit(
    submitRequest(opened.job, type, ports.targets, ports.clock.nowMs()),
  );
  ports.log.info(`submission:call:${outcome.kind}`, { jobId: asked.jobId, attempt: asked.attempt });
  switch (outcome.kind) {
    case 'accepted':
      return { message, ...(await recordAccepted(ports, opened.job, outcome.batchJobId)) };
    case 'unknown':
      return { message, againAtMs: (opened.job.callDeadlineAt ?? 0) + ports.settleMs };
    case 'not_accepted':
      await recordAnswer(ports, opened.job, { kind: 'not_accepted', why: outcome.why });
      return { message, againAtMs: ports.clock.nowMs() + 1000 + ports.chance.fraction() * 9000 };
    case 'refused': {
      const failure = { class: 'invalid_input', code: 'batch_refused', message: outcome.message } as const;
      return { message, owing: await recordAnswer(ports, opened.job, { kind: 'refused', failure }) };
    }
  }
}

function openCall(ports: SubmitPorts, { asked, job: seen }: Asked) {
  const deadlineAt = ports.clock.nowMs() + 2 * SUBMIT_TIMEOUT_MS;
  return changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, ports.clock.nowMs(), ports.settleMs);
    if (plan.kind !== 'call') return undefined;
    return advance(current, { kind: 'call', deadlineAt }, contextOf(ports, current));
  });
}

/** A definite no, unless the attempt already has a Batch job: then an older call got through after all. */
async function recordAnswer(
  ports: SubmitPorts,
  seen: JobRecord,
  observation: Observation,
): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const mine =
      current.attempt === seen.attempt && current.calls === seen.calls && current.batchJobId === undefined;
    return mine ? advance(current, observation, contextOf(ports, current)) : undefined;
  });
  return job;
}

/** The Batch job is the attempt's own unless another was adopted meanwhile. One that is to end is ended by its next message. */
async function recordAccepted(
  ports: SubmitPorts,
  seen: JobRecord,
  batchJobId: string,
): Promise<{ owing?: JobRecord }> {
  const { attempt } = seen;
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const unclaimed = current.attempt === attempt && current.batchJobId === undefined;
    if (!unclaimed) return undefined;
    return advance(
      current,
      { kind: 'accepted', batchJobId, order: acceptedOrder },
      contextOf(ports, current),
    );
  });
  if (job.batchJobId !== batchJobId) await endStray(ports, { jobId: job.jobId, attempt, batchJobId });
  return job.state === 'cancelling' ? { owing: job } : {};
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
const queues = sqs();
const budget = pace(db, env.TABLE_NAME, {
  callsPerSecond: env.BATCH_CALLS_PER_SECOND,
  maxWaitMs: MAX_TURN_WAIT_MS,
  clock: systemClock,
});

export const handler = queueHandler(
  log,
  submit({
    jobs: jobStore(db, env.TABLE_NAME, systemChance),
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
