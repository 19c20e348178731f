/**
 * One submission, step by step: what a submit message does to its job, whatever state it finds it in.
 *
 * The intent is on the record before SubmitJob is called, because the call has no token that would make repeating it
 * safe; after that only facts change the record.
 */
import { advance } from '../domain/advance.ts';
import { batchJobName } from '../domain/identity.ts';
import type { Failure, JobRecord } from '../domain/job.ts';
import type { JobType, JobTypes } from '../domain/job-type.ts';
import type { Observation } from '../domain/lifecycle.ts';
import { isOwed } from '../domain/notification.ts';
import { acceptedOrder } from '../domain/sighting.ts';
import {
  planSubmission,
  queueOf,
  type SubmitMessage,
  submitRequest,
  type Targets,
} from '../domain/submission.ts';
import type { BatchPort } from './batch.ts';
import { type Changed, changeJob } from './change.ts';
import { SUBMIT_TIMEOUT_MS } from './clients.ts';
import type { Chance, PacingClock } from './clock.ts';
import { contextOf } from './follow.ts';
import type { JobStore } from './jobs.ts';
import type { Log } from './log.ts';
import { endStray } from './stray.ts';

export interface SubmissionPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace'>;
  readonly batch: BatchPort;
  readonly clock: PacingClock;
  readonly chance: Chance;
  readonly log: Log;
  readonly types: JobTypes;
  readonly targets: Targets;
  readonly settleMs: number;
}

/** A place in the pace of Batch calls. */
export type Turn =
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'full'; readonly retryAtMs: number }
  | { readonly kind: 'none' };

/** What must be sent now: what a record owes, or the submit message itself again at a later time. */
export interface Left {
  readonly owing?: JobRecord;
  readonly againAtMs?: number;
}

/**
 * Takes the attempt that a submit message asks for as far as it goes now.
 *
 * @param seen the record as read; absent when there is none
 * @param turn when this message may call SubmitJob, if it may
 */
export async function stepSubmission(
  ports: SubmissionPorts,
  asked: SubmitMessage,
  seen: JobRecord | undefined,
  turn: Turn,
): Promise<Left> {
  const plan = planSubmission(seen, asked, ports.clock.nowMs(), ports.settleMs);
  // A handler that died between its last write and its last message left this one unfinished.
  if (plan.kind === 'done' || seen === undefined)
    return seen !== undefined && isOwed(seen) ? { owing: seen } : {};
  const fit = fitOf(seen, ports.types.get(seen.jobType));
  if (fit.kind === 'unfit') return { owing: await failUnfit(ports, seen, fit.failure) };
  const after = async (observation: Observation) =>
    stepSubmission(ports, asked, await observe(ports, asked, seen, observation), turn);
  switch (plan.kind) {
    case 'later':
      return { againAtMs: plan.atMs };
    case 'begin':
      return after({ kind: 'due' });
    case 'give_up':
      return after({ kind: plan.why });
    case 'resolve':
      return after(await resolve(ports, seen, fit.type));
    case 'terminate':
      await ports.batch.terminate(plan.batchJobId, 'Headgate: its end was asked for');
      return {};
    case 'call':
      return call(ports, { asked, seen, type: fit.type }, turn);
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

async function failUnfit(ports: SubmissionPorts, seen: JobRecord, failure: Failure): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) =>
    advance(current, { kind: 'refused', failure }, contextOf(ports, current)),
  );
  return job;
}

/** Applies an observation only while the record still gives the message the plan that led to it. */
async function observe(
  ports: SubmissionPorts,
  asked: SubmitMessage,
  seen: JobRecord,
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
async function resolve(ports: SubmissionPorts, job: JobRecord, type: JobType): Promise<Observation> {
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

interface Calling {
  readonly asked: SubmitMessage;
  readonly seen: JobRecord;
  readonly type: JobType;
}

/** Only the handler whose write opened the call makes it: a repeated message finds `callOpen` and waits. */
async function call(ports: SubmissionPorts, { asked, seen, type }: Calling, turn: Turn): Promise<Left> {
  // The plan became a call only while we looked: it comes back and reserves like the others.
  if (turn.kind === 'none') return { againAtMs: ports.clock.nowMs() };
  // Spread, or the whole backlog would come back in one moment and most of it be turned away again.
  if (turn.kind === 'full') return { againAtMs: turn.retryAtMs + ports.chance.fraction() * 1000 };
  // Before its turn: the intents of all messages of a batch are then one write to the table.
  const opened = await openCall(ports, asked, seen, turn.atMs);
  if (opened.kind === 'unchanged') return stepSubmission(ports, asked, opened.job, turn);
  await ports.clock.waitUntil(turn.atMs);
  const outcome = await ports.batch.submit(
    submitRequest(opened.job, type, ports.targets, ports.clock.nowMs()),
  );
  ports.log.info(`submission:call:${outcome.kind}`, { jobId: asked.jobId, attempt: asked.attempt });
  switch (outcome.kind) {
    case 'accepted':
      return recordAccepted(ports, opened.job, outcome.batchJobId);
    case 'unknown':
      return { againAtMs: (opened.job.callDeadlineAt ?? 0) + ports.settleMs };
    case 'not_accepted':
      await recordAnswer(ports, opened.job, { kind: 'not_accepted', why: outcome.why });
      return { againAtMs: ports.clock.nowMs() + 1000 + ports.chance.fraction() * 9000 };
    case 'refused': {
      const failure = { class: 'invalid_input', code: 'batch_refused', message: outcome.message } as const;
      return { owing: await recordAnswer(ports, opened.job, { kind: 'refused', failure }) };
    }
  }
}

function openCall(
  ports: SubmissionPorts,
  asked: SubmitMessage,
  seen: JobRecord,
  callAtMs: number,
): Promise<Changed> {
  const deadlineAt = Math.max(ports.clock.nowMs(), callAtMs) + 2 * SUBMIT_TIMEOUT_MS;
  return changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, ports.clock.nowMs(), ports.settleMs);
    return plan.kind === 'call'
      ? advance(current, { kind: 'call', deadlineAt }, contextOf(ports, current))
      : undefined;
  });
}

/** A definite no, unless the attempt already has a Batch job: then an older call got through after all. */
async function recordAnswer(
  ports: SubmissionPorts,
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
async function recordAccepted(ports: SubmissionPorts, seen: JobRecord, batchJobId: string): Promise<Left> {
  const { attempt } = seen;
  const { kind, job } = await changeJob(ports.jobs, seen, (current) => {
    const unclaimed = current.attempt === attempt && current.batchJobId === undefined;
    if (!unclaimed) return undefined;
    return advance(
      current,
      { kind: 'accepted', batchJobId, order: acceptedOrder },
      contextOf(ports, current),
    );
  });
  if (job.batchJobId !== batchJobId) await endStray(ports, { jobId: job.jobId, attempt, batchJobId });
  return kind === 'changed' || job.state === 'cancelling' ? { owing: job } : {};
}
