/**
 * The whole life of a job as one table: (state, observation) → move.
 *
 * Identity comes first and elsewhere (`sighting.ts`): an observation that reaches this table is about the job's
 * current attempt and the Batch job that has authority over it.
 */
import { batchJobName } from './identity.ts';
import {
  changed,
  type Failure,
  isFinal,
  type JobChange,
  type JobRecord,
  type JobState,
  type Order,
  type Result,
} from './job.ts';
import type { RetryPolicy } from './job-type.ts';
import { nextAttemptDelaySeconds, retryAllowed } from './retry.ts';

export type Observation =
  /** The time or dependency the job waited for has come. */
  | { readonly kind: 'due' }
  /** SubmitJob is about to be called. */
  | { readonly kind: 'call'; readonly deadlineAt: number; readonly settleMs: number }
  | { readonly kind: 'accepted'; readonly batchJobId: string; readonly order: Order }
  /** A fact, not a doubt: throttled, or proven absent after the call could no longer be travelling. */
  | { readonly kind: 'not_accepted'; readonly why: string }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'queued' | 'starting' | 'running'; readonly batchJobId: string; readonly order: Order }
  | { readonly kind: 'ended_well'; readonly batchJobId: string; readonly order: Order; readonly ended: Ended }
  | {
      readonly kind: 'ended_badly';
      readonly batchJobId: string;
      readonly order: Order;
      readonly ended: Ended;
      readonly failure: Failure;
      readonly retryable: boolean;
    }
  | { readonly kind: 'claimed'; readonly batchJobId: string; readonly try: number; readonly order: Order }
  | { readonly kind: 'committed'; readonly result: Result }
  | { readonly kind: 'progressed'; readonly progress: Progress }
  | { readonly kind: 'complained'; readonly complaint: Complaint }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'expire' };

export type Progress = Omit<NonNullable<JobRecord['progress']>, 'at'>;
export type Complaint = NonNullable<JobRecord['complaint']>;

interface Ended {
  readonly startedAt?: number | undefined;
  readonly endedAt: number;
}

export type ObservationKind = Observation['kind'];

/**
 * `ignore` writes nothing; `stay` writes the observation's fields and keeps the state; `conclude` ends the attempt
 * and finds the next state from result, cancel and retry budget; a state name moves there.
 */
export type Move = 'ignore' | 'stay' | 'conclude' | JobState;
type Row = Readonly<Record<ObservationKind, Move>>;

const nothing: Row = {
  due: 'ignore',
  call: 'ignore',
  accepted: 'ignore',
  not_accepted: 'ignore',
  refused: 'ignore',
  queued: 'ignore',
  starting: 'ignore',
  running: 'ignore',
  ended_well: 'ignore',
  ended_badly: 'ignore',
  claimed: 'ignore',
  committed: 'ignore',
  progressed: 'ignore',
  complained: 'ignore',
  cancel: 'ignore',
  expire: 'ignore',
};

/** Batch may go back from RUNNING to RUNNABLE by its own retries, so every live state reaches every other. */
const inBatch: Row = {
  ...nothing,
  queued: 'submitted',
  starting: 'starting',
  running: 'running',
  ended_well: 'conclude',
  ended_badly: 'conclude',
  claimed: 'running',
  committed: 'stay',
  progressed: 'stay',
  complained: 'stay',
  cancel: 'cancelling',
};

const beforeBatch: Row = {
  ...nothing,
  due: 'waiting',
  refused: 'failed',
  cancel: 'cancelled',
  expire: 'expired',
};

export const lifecycle: Readonly<Record<JobState, Row>> = {
  scheduled: beforeBatch,
  blocked: beforeBatch,
  waiting: { ...beforeBatch, due: 'ignore', call: 'submitting' },
  submitting: {
    ...inBatch,
    call: 'submitting',
    accepted: 'submitted',
    not_accepted: 'stay',
    refused: 'failed',
  },
  submitted: inBatch,
  starting: inBatch,
  running: inBatch,
  retrying: beforeBatch,
  cancelling: {
    ...inBatch,
    queued: 'stay',
    starting: 'stay',
    running: 'stay',
    claimed: 'ignore',
    cancel: 'ignore',
    accepted: 'stay',
    not_accepted: 'cancelled',
    refused: 'cancelled',
  },
  succeeded: nothing,
  failed: nothing,
  cancelled: nothing,
  expired: nothing,
};

export interface Context {
  readonly nowMs: number;
  readonly policy: Policy;
  /** A number from 0 up to 1, drawn by the caller, for the jitter of the backoff. */
  readonly chance: number;
}
export interface Policy {
  readonly retry: RetryPolicy;
  readonly promisesResult: boolean;
}

/**
 * The record after an observation, or undefined when the table ignores it.
 * The caller writes it on the condition that the version it read is still the stored one.
 */
export function advance(job: JobRecord, observation: Observation, context: Context): JobRecord | undefined {
  const move = lifecycle[job.state][observation.kind];
  if (move === 'ignore') return undefined;
  const fields = fieldsOf(job, observation, context);
  if (move === 'stay') return changed(job, fields, context.nowMs);
  if (move === 'conclude') return conclude({ ...job, ...defined(fields) }, observation, context, job);
  const final = isFinal(move) ? { finishedAt: context.nowMs } : {};
  return changed(job, { ...fields, ...final, state: move }, context.nowMs);
}

/** What each observation writes besides the state. */
function fieldsOf(job: JobRecord, seen: Observation, { nowMs }: Context): JobChange {
  switch (seen.kind) {
    case 'due':
      return job.state === 'retrying' ? nextAttempt(job) : { waitReason: 'ready' };
    case 'call':
      return {
        callOpen: true,
        calls: job.calls + 1,
        callDeadlineAt: seen.deadlineAt,
        waitReason: undefined,
        dueAt: Math.min(job.dueAt ?? Number.MAX_SAFE_INTEGER, seen.deadlineAt + seen.settleMs),
      };
    case 'not_accepted':
      return { callOpen: false, callDeadlineAt: undefined, waitReason: seen.why };
    case 'refused':
      return { callOpen: undefined, callDeadlineAt: undefined, failure: seen.failure };
    case 'claimed':
      return {
        ...sighted(seen),
        claim: { batchJobId: seen.batchJobId, try: seen.try },
        startedAt: job.startedAt ?? nowMs,
        complaint: undefined,
      };
    case 'running':
      return { ...sighted(seen), startedAt: job.startedAt ?? nowMs };
    case 'accepted':
    case 'queued':
    case 'starting':
    case 'ended_well':
    case 'ended_badly':
      return sighted(seen);
    case 'committed':
      return { result: seen.result };
    case 'progressed':
      return { progress: { ...seen.progress, at: nowMs } };
    case 'complained':
      return { complaint: seen.complaint };
    case 'cancel':
    case 'expire':
      return { waitReason: undefined };
  }
}

function sighted(seen: { batchJobId: string; order: Order }): JobChange {
  return { batchJobId: seen.batchJobId, order: seen.order, callOpen: undefined, callDeadlineAt: undefined };
}

/** Attempt k+1 starts clean: nothing of attempt k's identity may speak for it. */
function nextAttempt(job: JobRecord): JobChange {
  return {
    attempt: job.attempt + 1,
    waitReason: 'ready',
    batchJobId: undefined,
    claim: undefined,
    refused: undefined,
    order: undefined,
    progress: undefined,
    result: undefined,
    complaint: undefined,
    nextAttemptAt: undefined,
  };
}

function conclude(job: JobRecord, seen: Observation, context: Context, before: JobRecord): JobRecord {
  if (seen.kind !== 'ended_well' && seen.kind !== 'ended_badly')
    throw new Error(`${seen.kind} does not end an attempt`);
  const { nowMs, policy } = context;
  const ending = endingOf(job, seen, policy);
  const endedAttempt = {
    attempt: job.attempt,
    batchJobId: seen.batchJobId,
    startedAt: seen.ended.startedAt,
    endedAt: seen.ended.endedAt,
    failure: ending.failure,
  };
  const change: JobChange = {
    batchJobId: job.batchJobId,
    order: job.order,
    startedAt: job.startedAt ?? seen.ended.startedAt,
    callOpen: undefined,
    callDeadlineAt: undefined,
    endedAttempts: [...job.endedAttempts, endedAttempt],
  };
  if (ending.failure === undefined)
    return changed(before, { ...change, state: 'succeeded', finishedAt: nowMs }, nowMs);
  if (before.state === 'cancelling')
    return changed(before, { ...change, state: 'cancelled', finishedAt: nowMs }, nowMs);
  if (ending.retryable && retryAllowed(policy.retry, ending.failure.class, job.attempt)) {
    const nextAttemptAt = nowMs + nextAttemptDelaySeconds(policy.retry, job.attempt, context.chance) * 1000;
    const dueAt = Math.min(job.dueAt ?? nextAttemptAt, nextAttemptAt);
    return changed(
      before,
      { ...change, state: 'retrying', nextAttemptAt, dueAt, failure: ending.failure },
      nowMs,
    );
  }
  return changed(before, { ...change, state: 'failed', finishedAt: nowMs, failure: ending.failure }, nowMs);
}

type EndedObservation = Extract<Observation, { kind: 'ended_well' | 'ended_badly' }>;

function endingOf(
  job: JobRecord,
  seen: EndedObservation,
  policy: Policy,
): { failure?: Failure; retryable: boolean } {
  if (seen.kind === 'ended_badly') return { failure: seen.failure, retryable: seen.retryable };
  const committed = job.result !== undefined && job.claim?.batchJobId === seen.batchJobId;
  if (committed || !policy.promisesResult) return { retryable: false };
  const message = `${batchJobName(job.jobId, job.attempt)} ended well but committed no result.`;
  return { failure: { class: 'platform', code: 'result_missing', message }, retryable: true };
}

function defined(change: JobChange): Partial<JobRecord> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
