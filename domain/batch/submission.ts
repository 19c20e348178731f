/** The plan for a submit message, given the record as it is now; and the request for SubmitJob. */

import { CLAIM_SKEW_MS, hasMoved, isFunctionRun } from '../executor/executor.ts';
import { isBeforeTurn, overdue, waitsForPlatform } from '../job/due.ts';
import { batchJobName, shareIdentifier } from '../job/identity.ts';
import { endings, isFinal, type JobRecord, priorityOf } from '../job/job.ts';
import type { JobType } from '../job/job-type.ts';
import type { Parts } from '../job/parts.ts';
import { schedulingPriority } from '../job/priority.ts';
import { memoryAfter, queueAfter } from '../job/retry.ts';
import type { SubmitMessage } from './messages.ts';
import { TENANT_TAG } from './report.ts';

/** How long SubmitJob may be travelling before we stop listening. */
export const SUBMIT_TIMEOUT_MS = 5000;

export type SubmitPlan =
  /** Nothing is left to do for this attempt: another handler did it, or the attempt is over. */
  | { readonly kind: 'done' }
  /** The wait is over: `runAt` has passed, or the backoff of the attempt before. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'later'; readonly atMs: number }
  /** Look at what the job waits for. */
  | { readonly kind: 'await' }
  /** Acquire a slot at the tenant's gate, or a place in its waiting list; then as `call`. */
  | { readonly kind: 'wait_for_slot' }
  /** Write the intent, then call SubmitJob. */
  | { readonly kind: 'call' }
  /** A call was opened and not answered, and its request can no longer be under way: ask AWS Batch by name. */
  | { readonly kind: 'resolve' }
  /** An end was asked for, and AWS Batch has the job. */
  | { readonly kind: 'terminate'; readonly runId: string }
  /** A time of the job itself has passed. */
  | { readonly kind: 'give_up'; readonly why: 'expire' | 'deadline' };

/** @param settleMs how long after a call's deadline ListJobs is trusted to show the Batch job that the call created */
export function planSubmission(
  job: JobRecord | undefined,
  asked: SubmitMessage,
  nowMs: number,
  settleMs: number,
): SubmitPlan {
  if (job === undefined || isFinal(job.state)) return { kind: 'done' };
  const begins = job.state === 'retrying' ? asked.attempt === job.attempt + 1 : asked.attempt === job.attempt;
  if (!begins) return { kind: 'done' };
  const over = overdue(job, nowMs);
  if (over !== undefined) return { kind: 'give_up', why: over };
  if (isBeforeTurn(job, nowMs)) return { kind: 'later', atMs: job.turnAt };
  switch (job.state) {
    case 'blocked':
      return { kind: 'await' };
    case 'scheduled':
    case 'retrying': {
      const atMs = (job.state === 'scheduled' ? job.eligibleAt : job.nextAttemptAt) ?? nowMs;
      return atMs <= nowMs ? { kind: 'begin' } : { kind: 'later', atMs };
    }
    case 'waiting':
      return waitsForPlatform(job) && job.nextAttemptAt > nowMs
        ? { kind: 'later', atMs: job.nextAttemptAt }
        : { kind: 'wait_for_slot' };
    case 'submitting':
    case 'cancelling':
      return planOpenCall(job, nowMs, settleMs);
    default:
      return { kind: 'done' };
  }
}

function planOpenCall(job: JobRecord, nowMs: number, settleMs: number): SubmitPlan {
  const { state, runId, callOpen } = job;
  // No call of Lambda ends a run: it hears of the wish with its next heartbeat.
  if (isFunctionRun(runId)) return { kind: 'done' };
  if (runId !== undefined) return state === 'cancelling' ? { kind: 'terminate', runId } : { kind: 'done' };
  // Proven absent: a job that should run is submitted again, and a job that should end has ended.
  if (callOpen === false) return state === 'submitting' ? { kind: 'call' } : { kind: 'resolve' };
  const atMs = settledAt(job, settleMs);
  return atMs <= nowMs || isUnclaimable(job) ? { kind: 'resolve' } : { kind: 'later', atMs };
}

/** When an open call that has no answer may be looked into. */
export function settledAt({ claimBy, callDeadlineAt, stateAt }: JobRecord, settleMs: number): number {
  return claimBy === undefined ? (callDeadlineAt ?? stateAt) + settleMs : claimBy + CLAIM_SKEW_MS;
}

/** A job whose end was asked for cannot be claimed, so that its run on Lambda is absent at once. */
const isUnclaimable = ({ state, claimBy }: JobRecord) => state === 'cancelling' && claimBy !== undefined;

/**
 * The request of SubmitJob, with the names of its API. Each value is ours or was checked: tenants never name a
 * command.
 */
export interface SubmitRequest {
  readonly jobName: string;
  readonly jobQueue: string;
  readonly jobDefinition: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeout: { readonly attemptDurationSeconds: number };
  readonly containerOverrides: {
    readonly environment: readonly { readonly name: string; readonly value: string }[];
    readonly resourceRequirements?: { type: 'MEMORY'; value: string }[];
  };
  readonly shareIdentifier: string;
  readonly schedulingPriorityOverride: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly propagateTags: true;
}

export interface Targets {
  /** By the names of `queueOf`: those of Fargate, and one for each set of instances. */
  readonly queues: Readonly<Record<JobType['queue'], string>> & Readonly<Record<string, string>>;
  /** The job definition of a job type, as SubmitJob takes it. */
  definitionOf(jobType: string): string;
  /** The function of a job type whose executor is Lambda. */
  functionOf(jobType: string): string;
}

export interface RequestParts {
  readonly targets: Targets;
  readonly input: Parts['input'];
  readonly ticket: string;
  readonly nowMs: number;
  /** Below which the program's own spans are. */
  readonly traceparent?: string | undefined;
}

/**
 * The container gets ids and a ticket, never the input: SubmitJob takes 30 KiB, and every principal that may describe jobs can
 * read it. The ticket is worth something to a principal that may also invoke `worker-api`, until its container has claimed.
 */
export function submitRequest(
  job: JobRecord,
  type: JobType,
  weight: number,
  { targets, input, ticket, nowMs, traceparent }: RequestParts,
): SubmitRequest {
  const memory = memoryAfter(type.container.size, endings(job));
  return {
    jobName: batchJobName(job.jobId, job.attempt),
    jobQueue: queueIn(targets, queueOf(job, type)),
    jobDefinition: targets.definitionOf(type.id),
    parameters: {
      ...type.parameters?.(type.input.parse(input)),
      batchType: type.id,
      jobId: job.jobId,
      attempt: String(job.attempt),
    },
    timeout: { attemptDurationSeconds: timeoutOf(job, type, nowMs) },
    containerOverrides: {
      environment: [
        { name: 'HEADGATE_TICKET', value: ticket },
        ...(traceparent === undefined ? [] : [{ name: 'TRACEPARENT', value: traceparent }]),
      ],
      ...(memory === undefined ? {} : { resourceRequirements: [{ type: 'MEMORY', value: String(memory) }] }),
    },
    shareIdentifier: shareIdentifier(job.tenantId, weight),
    schedulingPriorityOverride: schedulingPriority[priorityOf(job)],
    tags: { ...job.tags, [TENANT_TAG]: job.tenantId, 'headgate:job': job.jobId },
    propagateTags: true,
  };
}

/** What the function of a job type is invoked with. The input is not in it, for Lambda hands a copy on when an invocation fails. */
export interface RunRequest {
  readonly functionName: string;
  /** Lambda uses no sandbox for two tenants. */
  readonly tenantId: string;
  readonly payload: {
    readonly ticket: string;
    readonly timeoutSeconds: number;
    readonly traceparent?: string | undefined;
  };
}

export function runRequest(
  job: JobRecord,
  type: JobType,
  { targets, nowMs, ticket, traceparent }: Pick<RequestParts, 'targets' | 'nowMs' | 'ticket' | 'traceparent'>,
): RunRequest {
  return {
    functionName: targets.functionOf(type.id),
    tenantId: job.tenantId,
    payload: {
      ticket,
      timeoutSeconds: Math.max(1, secondsLeft(job, type, nowMs)),
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  };
}

/** Always the same for one attempt: a lost submission is looked for in the queue to which it was sent. */
export function queueOf(job: JobRecord, type: JobType): string {
  return type.container.instances?.name ?? queueAfter(type, endings(job));
}

/** @throws Error for instances that the stage does not have; the message returns until a deployment has made them */
export function queueIn({ queues }: Pick<Targets, 'queues'>, name: string): string {
  const queue = Object.hasOwn(queues, name) ? queues[name] : undefined;
  if (queue === undefined)
    throw new Error(`expected a job queue of the instances ${name}, found none: deploy again`);
  return queue;
}

/**
 * AWS Batch accepts no timeout below a minute, so a job may overrun its deadline by less than that; reconcile ends
 * it.
 */
function timeoutOf(job: JobRecord, type: JobType, nowMs: number): number {
  return Math.max(60, secondsLeft(job, type, nowMs));
}

function secondsLeft(job: JobRecord, type: JobType, nowMs: number): number {
  const { default: usual, max } = type.timeoutSeconds;
  const asked = job.timeoutSeconds ?? (hasMoved(type, endings(job)) ? max : usual);
  const left = job.deadlineAt === undefined ? asked : Math.ceil((job.deadlineAt - nowMs) / 1000);
  return Math.min(asked, left);
}
