/**
 * One submission, step by step: what a submit message does to its job, in whatever state the job is.
 *
 * The intent is on the record before SubmitJob is called, because the request has no token that would make a
 * repetition safe; after that only facts change the record.
 */
import { fitOf, needsInput } from '../../domain/batch/fit.ts';
import type { SubmitMessage } from '../../domain/batch/messages.ts';
import { unavailableFor } from '../../domain/batch/refusal.ts';
import {
  planSubmission,
  runRequest,
  SUBMIT_TIMEOUT_MS,
  type SubmitPlan,
  settledAt,
  submitRequest,
  type Targets,
} from '../../domain/batch/submission.ts';
import { CLAIM_WITHIN_MS, executorAfter, hasEndedRun } from '../../domain/executor/executor.ts';
import { Fault } from '../../domain/fault.ts';
import { advance } from '../../domain/job/advance.ts';
import { acceptedOrder, isOver, mustNotHold } from '../../domain/job/attempt.ts';
import { isFarTurn, turnedAway } from '../../domain/job/due.ts';
import { APART, endings, type Failure, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { type Executor, type JobType, type JobTypes, withoutType } from '../../domain/job/job-type.ts';
import type { Observation } from '../../domain/job/lifecycle.ts';
import type { Parts } from '../../domain/job/parts.ts';
import { called } from '../../domain/metrics/step-metrics.ts';
import type { Gate } from '../../domain/tenant/gate.ts';
import { attemptTraceparent } from '../../domain/trace/context.ts';
import { ticketText } from '../../domain/worker/tokens.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { FunctionsPort } from '../../io/aws/functions.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';
import type { PacingClock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { RateLimiter } from '../../io/table/rate-limiter.ts';
import type { TurnBook } from '../../io/table/turn-book.ts';
import { type AwaitPorts, awaitOthers } from '../dependency/await.ts';
import { type Changed, changeJob } from '../job/decide-job.ts';
import type { Slots } from '../tenant/slots.ts';
import { terminateDuplicate } from './duplicate.ts';
import { contextOf } from './follow.ts';
import { resolve } from './resolve.ts';

export interface SubmissionPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace' | 'whole' | 'stored'>;
  readonly dependants: AwaitPorts['dependants'];
  readonly groups: AwaitPorts['groups'];
  readonly batch: BatchPort;
  readonly functions: FunctionsPort;
  readonly limiter: RateLimiter;
  readonly turns: Pick<TurnBook, 'book'>;
  readonly slots: Pick<Slots, 'acquire' | 'release'>;
  readonly clock: PacingClock;
  readonly random: Random;
  readonly log: Log;
  readonly types: JobTypes;
  /** Signs the ticket with which a container claims its attempt. */
  readonly tickets: Pick<WorkerKeys, 'sign'>;
  readonly targets: Targets;
  readonly settleMs: number;
  /** The part of the jobs that are traced; absent: the stage sends no traces. */
  readonly traceSampling?: number | undefined;
}

/**
 * What must be sent now: everything in the outbox of a record, its event alone, or the submit message again at a
 * later time.
 */
export interface SubmissionResult {
  readonly toDispatch?: JobRecord;
  readonly publish?: JobRecord;
  readonly againAtMs?: number;
}

/** A submit message with the weight and the gate of its tenant. */
export interface Step {
  readonly asked: SubmitMessage;
  /** Of the tenant. */
  readonly weight: number;
  /** The tenant's gate as it was read with the job. */
  readonly gate: Gate | undefined;
  /** Whether the attempt had a slot then, or has acquired one since. */
  readonly holdsSlot: boolean;
}

/** No message needs more steps than there are plans; one that does would step for ever. */
const MAX_STEPS = 10;

/** What one step of a submission came to: its result, or the record that the next step begins with. */
type Stepped =
  | { readonly kind: 'ended'; readonly result: SubmissionResult }
  | { readonly kind: 'again'; readonly seen: JobRecord; readonly holdsSlot: boolean };

/**
 * Takes the attempt of a submit message as far as it can go now.
 *
 * @param first the record as read; absent when there is none
 * @throws Fault SubmissionStuck
 */
export async function stepSubmission(
  ports: SubmissionPorts,
  step: Step,
  first: JobRecord | undefined,
): Promise<SubmissionResult> {
  if (first === undefined) return {};
  let seen = first;
  let { holdsSlot } = step;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    if (holdsSlot && mustNotHold(seen, step.asked.attempt)) {
      await releaseLate(ports, seen, step.asked.attempt);
      holdsSlot = false;
    }
    const stepped = await stepOnce(ports, { ...step, holdsSlot }, seen);
    if (stepped.kind === 'ended') return stepped.result;
    ({ seen, holdsSlot } = stepped);
  }
  throw new Fault('SubmissionStuck', `The submission took ${MAX_STEPS} steps without an end`, seen.jobId);
}

async function stepOnce(ports: SubmissionPorts, step: Step, seen: JobRecord): Promise<Stepped> {
  const { asked, holdsSlot } = step;
  const plan = planSubmission(seen, asked, ports.clock.nowMs(), ports.settleMs);
  // A handler that died between its last write and its last message left something to dispatch.
  if (plan.kind === 'done') return ended(isUnsettled(seen) || hasEndedRun(seen) ? { toDispatch: seen } : {});
  if (plan.kind === 'await') {
    const next = await awaitOthers(ports, seen);
    return next === undefined ? ended({}) : { kind: 'again', seen: next, holdsSlot };
  }
  const type = ports.types.get(seen.jobType);
  const input = await inputOf(ports, seen, needsInput(type, plan.kind));
  const fit = fitOf(seen, type, plan.kind, input);
  if (fit.kind === 'unfit')
    return { kind: 'again', seen: await failUnfit(ports, seen, fit.failure), holdsSlot };
  const after = async (observation: Observation): Promise<Stepped> => ({
    kind: 'again',
    seen: await observe(ports, { asked, seen, planned: plan.kind }, observation),
    holdsSlot,
  });
  switch (plan.kind) {
    case 'later':
      return ended({ againAtMs: plan.atMs });
    case 'begin':
      return fit.kind === 'unavailable'
        ? after({ kind: 'due' })
        : slot(ports, { ...step, seen, input, type: fit.type });
    case 'give_up':
      return after({ kind: plan.why });
    case 'resolve':
      return after(await resolve(ports, seen, fit.kind === 'fits' ? fit.type : undefined));
    case 'terminate':
      await ports.batch.terminate(plan.runId, 'Headgate: the end of the job was asked for');
      return ended({});
    case 'wait_for_slot':
    case 'call':
      if (fit.kind === 'unavailable')
        return ended(await turnAway(ports, step, seen, { what: 'job_type', ...fit }));
      if (plan.kind === 'wait_for_slot') return slot(ports, { ...step, seen, input, type: fit.type });
      return call(ports, { ...step, seen, input, type: fit.type, hasSlot: seen.hasSlot === true });
  }
}

async function inputOf(
  { jobs }: Pick<SubmissionPorts, 'jobs'>,
  seen: JobRecord,
  isNeeded: boolean,
): Promise<Parts['input']> {
  if (seen.input !== APART) return seen.input;
  return isNeeded ? (await jobs.whole(seen)).input : undefined;
}

const ended = (result: SubmissionResult): Stepped => ({ kind: 'ended', result });

async function releaseLate(ports: SubmissionPorts, seen: JobRecord, attempt: number): Promise<void> {
  ports.log.info('slot:leave:late', { jobId: seen.jobId, tenantId: seen.tenantId, attempt });
  await ports.slots.release([{ ...seen, attempt, hasSlot: true }]);
}

/**
 * The attempt acquires a slot, or waits: then a wake-up sends its message again. After a backoff it is the attempt after
 * the one on the record; the write of the intent, or of the wait, is the one that begins it.
 */
async function slot(ports: SubmissionPorts, slotting: Omit<Calling, 'hasSlot'>): Promise<Stepped> {
  const { asked, seen } = slotting;
  const { jobId, tenantId, attempt } = asked;
  const taken = await ports.slots.acquire({ ...seen, attempt }, slotting.gate);
  if (taken.kind === 'given') return call(ports, { ...slotting, hasSlot: taken.hasSlot });
  ports.log.info('slot:take:waits', { jobId, tenantId, attempt, why: taken.obstacle.kind });
  const { kind, job } = await changeJob(ports.jobs, seen, (current) =>
    mayAskForSlot(ports, current, asked) && current.waitReason !== taken.obstacle.kind
      ? advance(current, { kind: 'held', why: taken.obstacle.kind }, contextOf(ports, current))
      : undefined,
  );
  return ended(kind === 'changed' ? { publish: job } : {});
}

function mayAskForSlot(ports: SubmissionPorts, job: JobRecord, asked: SubmitMessage): boolean {
  const { kind } = planSubmission(job, asked, ports.clock.nowMs(), ports.settleMs);
  return kind === 'begin' || kind === 'wait_for_slot';
}

async function failUnfit(ports: SubmissionPorts, seen: JobRecord, failure: Failure): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) =>
    advance(current, { kind: 'refused', failure }, contextOf(ports, current)),
  );
  return job;
}

interface Planned {
  readonly asked: SubmitMessage;
  readonly seen: JobRecord;
  readonly planned: SubmitPlan['kind'];
}

/**
 * Applies an observation only while the record still leads to the same plan. AWS Batch may answer late, and another
 * handler may have opened another call meanwhile: the answer says nothing about that call.
 */
async function observe(
  ports: SubmissionPorts,
  { asked, seen, planned }: Planned,
  observation: Observation,
): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, ports.clock.nowMs(), ports.settleMs);
    const same = plan.kind === planned && current.calls === seen.calls;
    return same ? advance(current, observation, contextOf(ports, current)) : undefined;
  });
  return job;
}

interface Calling extends Step {
  readonly seen: JobRecord;
  /** Absent: it was not needed. */
  readonly input: Parts['input'];
  readonly type: JobType;
  readonly hasSlot: boolean;
}

/** Only the handler whose write opened the call makes the request: a repeated message finds `callOpen` and waits. */
async function call(ports: SubmissionPorts, calling: Calling): Promise<Stepped> {
  const { asked, seen, input, type, weight } = calling;
  // Before the intent: without a ticket there is no call, and what was opened would have to be looked for.
  const ticket = await ports.tickets.sign('ticket', (keyId) => ticketText({ ...asked, keyId }));
  const executor = executorAfter(type, endings(seen));
  const reservation =
    executor === 'lambda'
      ? { kind: 'at' as const, atMs: ports.clock.nowMs() }
      : await ports.limiter.reserve({ tenantId: seen.tenantId, weight });
  if (reservation.kind === 'full') return ended(await waitForTurn(ports, asked, seen, reservation.retryAtMs));
  // Before the reserved moment: so the intents of all messages of a batch are one call to the table.
  const opened = await openCall(ports, calling, executor, reservation.atMs);
  // The job changed meanwhile, and may be over: then its slot is released.
  if (opened.kind === 'unchanged')
    return { kind: 'again', seen: opened.job, holdsSlot: calling.holdsSlot || calling.hasSlot };
  await ports.clock.waitUntil(reservation.atMs);
  const { targets, clock, traceSampling } = ports;
  const { traceparent } = opened.job;
  const parts = {
    targets,
    input,
    ticket,
    nowMs: clock.nowMs(),
    traceparent: traceSampling === undefined ? traceparent : attemptTraceparent(opened.job, traceSampling),
  };
  const outcome =
    executor === 'lambda'
      ? await ports.functions.start(runRequest(opened.job, type, parts))
      : await ports.batch.submit(submitRequest(opened.job, type, weight, parts));
  const facts = { jobId: asked.jobId, tenantId: seen.tenantId, attempt: asked.attempt };
  if (outcome.kind !== 'unavailable')
    ports.log.info(`submission:call:${outcome.kind}`, facts, called(outcome.kind));
  switch (outcome.kind) {
    case 'accepted':
      // The claim of a run on Lambda says so within a second: an own write of it would often meet that one.
      return ended(executor === 'lambda' ? {} : await recordAccepted(ports, opened.job, outcome.runId));
    case 'unknown':
      return ended({ againAtMs: settledAt(opened.job, ports.settleMs) });
    case 'not_accepted':
      await recordAnswer(ports, opened.job, { kind: 'not_accepted', why: outcome.why });
      return ended({ againAtMs: ports.clock.nowMs() + 1000 + ports.random.fraction() * 9000 });
    case 'refused':
      return ended({ toDispatch: await recordAnswer(ports, opened.job, outcome) });
    case 'unavailable':
      return ended(await turnAway(ports, calling, opened.job, outcome));
  }
}

/**
 * Books a turn behind those of the tenant's other jobs that were turned away, so that its message comes back once. What it
 * waits for now is its turn, and no longer a time of its own.
 */
async function waitForTurn(
  ports: SubmissionPorts,
  asked: SubmitMessage,
  seen: JobRecord,
  earliestMs: number,
): Promise<SubmissionResult> {
  const turnAt = await ports.turns.book(seen.tenantId, earliestMs);
  const nowMs = ports.clock.nowMs();
  await changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, nowMs, ports.settleMs);
    if (!MAY_CALL.has(plan.kind)) return undefined;
    const begins = plan.kind === 'begin';
    const begun = begins ? advance(current, { kind: 'due' }, contextOf(ports, current)) : undefined;
    return turnedAway(current, begun, turnAt, nowMs);
  });
  return isFarTurn(turnAt, nowMs) ? {} : { againAtMs: turnAt };
}

const MAY_CALL: ReadonlySet<SubmitPlan['kind']> = new Set(['begin', 'wait_for_slot', 'call']);

function openCall(
  ports: SubmissionPorts,
  { asked, seen, hasSlot }: Calling,
  executor: Executor,
  callAtMs: number,
): Promise<Changed> {
  const fromMs = Math.max(ports.clock.nowMs(), callAtMs);
  const deadlineAt = fromMs + 2 * SUBMIT_TIMEOUT_MS;
  const claimBy = executor === 'lambda' ? fromMs + CLAIM_WITHIN_MS : undefined;
  return changeJob(ports.jobs, seen, (current) => {
    const plan = planSubmission(current, asked, ports.clock.nowMs(), ports.settleMs);
    return MAY_CALL.has(plan.kind)
      ? advance(current, { kind: 'call', deadlineAt, hasSlot, claimBy }, contextOf(ports, current))
      : undefined;
  });
}

/**
 * The job releases its slot while the platform takes none of its kind. If this process dies before the release, reconcile of
 * the gate finds a slot whose attempt is over.
 */
async function turnAway(
  ports: SubmissionPorts,
  { holdsSlot }: Step,
  seen: JobRecord,
  { what, reason }: { readonly what: string; readonly reason: string },
): Promise<SubmissionResult> {
  const { jobId, tenantId, attempt } = seen;
  // The line for an alarm: no job of this kind runs until an operator acts.
  ports.log.error(
    'submission:call:unavailable',
    { jobId, tenantId, attempt, why: what },
    called('unavailable'),
  );
  const { retry } = ports.types.get(seen.jobType) ?? withoutType;
  const around = { retry, nowMs: ports.clock.nowMs(), random: ports.random.fraction() };
  const job = await recordAnswer(ports, seen, unavailableFor(seen, reason, around));
  const given = holdsSlot ? { hasSlot: true as const } : {};
  if (isOver(job, attempt)) await ports.slots.release([{ ...seen, ...given }]);
  return { toDispatch: job };
}

/** A definite no, unless the attempt has a Batch job: then an older request was accepted after all. */
async function recordAnswer(
  ports: SubmissionPorts,
  seen: JobRecord,
  observation: Observation,
): Promise<JobRecord> {
  const { job } = await changeJob(ports.jobs, seen, (current) => {
    const mine =
      current.attempt === seen.attempt && current.calls === seen.calls && current.runId === undefined;
    return mine ? advance(current, observation, contextOf(ports, current)) : undefined;
  });
  return job;
}

/**
 * The Batch job owns the attempt unless another was adopted meanwhile. If the job is to end, its next message
 * terminates the Batch job.
 */
async function recordAccepted(
  ports: SubmissionPorts,
  seen: JobRecord,
  runId: string,
): Promise<SubmissionResult> {
  const { attempt } = seen;
  const { kind, job } = await changeJob(ports.jobs, seen, (current) => {
    const unclaimed = current.attempt === attempt && current.runId === undefined;
    if (!unclaimed) return undefined;
    return advance(current, { kind: 'accepted', runId, order: acceptedOrder }, contextOf(ports, current));
  });
  if (job.runId !== runId) await terminateDuplicate(ports, { jobId: job.jobId, attempt, runId });
  return kind === 'changed' || job.state === 'cancelling' ? { toDispatch: job } : {};
}
