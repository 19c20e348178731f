/** The next record of a job, after a move of the lifecycle table. */
import { MAX_PAST_WORDS_CHARACTERS, MAX_WORDS_CHARACTERS, shortened } from '../size.ts';
import { soonest } from './due.ts';
import { failureOf } from './failure.ts';
import { batchJobName } from './identity.ts';
import {
  changed,
  type EndedAttempt,
  endings,
  type Failure,
  isFinal,
  type JobChange,
  type JobRecord,
  type JobState,
  type Order,
} from './job.ts';
import type { RetryPolicy } from './job-type.ts';
import { lifecycle, type Observation } from './lifecycle.ts';
import { nextAttemptDelaySeconds, retryAllowed } from './retry.ts';

export interface Context {
  readonly nowMs: number;
  readonly policy: EndPolicy;
  /** A number from 0 up to 1, drawn by the caller, for the jitter of the backoff. */
  readonly random: number;
}
export interface EndPolicy {
  readonly retry: RetryPolicy;
  readonly promisesResult: boolean;
  readonly publishesProgress?: boolean;
}

/**
 * The record after an observation, or undefined when the table ignores it. The caller writes it on the condition that
 * the stored version is still the one that it read.
 */
export function advance<Job extends JobRecord>(
  job: Job,
  observation: Observation,
  context: Context,
): Job | undefined {
  const move = lifecycle[job.state][observation.kind];
  if (move === 'ignore' || isCancelledAlready(job, observation)) return undefined;
  const fields = fieldsOf(job, observation, context);
  if (move === 'stay') return put(job, fields, context.nowMs);
  if (move === 'conclude') return conclude(job, fields, observation, context);
  return put(job, { ...fields, state: move }, context.nowMs);
}

/** A second cancel changes nothing; one of a job that is being ended for another reason changes that reason. */
function isCancelledAlready(job: JobRecord, { kind }: Observation): boolean {
  return kind === 'cancel' && job.state === 'cancelling' && (job.ending ?? 'cancel') === 'cancel';
}

/** Every write passes here: a final state gets its time, and `dueAt` moves earlier if it must. */
function put<Job extends JobRecord>(job: Job, change: JobChange, nowMs: number): Job {
  const final = change.state !== undefined && isFinal(change.state) ? { finishedAt: nowMs } : {};
  const next = changed(job, { ...change, ...final }, nowMs);
  const dueAt = Math.min(job.dueAt ?? Number.MAX_SAFE_INTEGER, soonest(next, nowMs));
  return { ...next, dueAt };
}

/** The fields that each observation writes besides the state. */
function fieldsOf(job: JobRecord, seen: Observation, { nowMs, policy }: Context): JobChange {
  switch (seen.kind) {
    case 'due':
      return { waitReason: 'ready', ...begun(job) };
    case 'held':
      return { ...begun(job), ...held(job, seen.why, nowMs) };
    case 'call':
      return {
        ...begun(job),
        callOpen: true,
        calls: job.calls + 1,
        callDeadlineAt: seen.deadlineAt,
        waitReason: undefined,
        queued: undefined,
        turnUntil: undefined,
        nextAttemptAt: undefined,
        ...(seen.hasSlot ? { hasSlot: true } : {}),
      };
    case 'not_accepted':
      return { callOpen: false, callDeadlineAt: undefined, waitReason: seen.why };
    case 'unavailable':
      return job.state === 'cancelling' ? callAnswered : waitForPlatform(job, seen, nowMs);
    case 'refused':
      return { ...callAnswered, waitReason: undefined, nextAttemptAt: undefined, failure: seen.failure };
    case 'claimed':
      return {
        ...sighted(seen),
        claim: { runId: seen.runId, try: seen.try, nonce: seen.nonce },
        startedAt: job.startedAt ?? nowMs,
        reportedFailure: undefined,
      };
    case 'running':
      return { ...sighted(seen), startedAt: job.startedAt ?? nowMs };
    case 'accepted':
    case 'queued':
    case 'starting':
    case 'ended_well':
    case 'ended_badly':
      return sighted(seen);
    case 'unclear':
      return { unclearStatus: seen.batchStatus };
    case 'absent':
      return { absences: (job.absences ?? 0) + 1 };
    case 'lost':
      return {};
    case 'committed':
      return { result: seen.result };
    case 'progressed':
      return {
        progress: { ...seen.progress, ...noteOf(seen.progress.note), at: nowMs },
        ...(policy.publishesProgress ? { progressVersion: job.version + 1 } : {}),
      };
    case 'reported_failure':
      return {
        reportedFailure: {
          ...seen.reportedFailure,
          message: shortened(seen.reportedFailure.message, MAX_WORDS_CHARACTERS),
        },
      };
    case 'cancel':
    case 'expire':
    case 'deadline':
      return ending(job, seen.kind);
  }
}

const noteOf = (note: string | undefined) =>
  note === undefined ? {} : { note: shortened(note, MAX_WORDS_CHARACTERS) };

/** Published like a new state: a wait for a slot is news, and so is a new reason for waiting. */
function held(job: JobRecord, why: string, nowMs: number): JobChange {
  return {
    waitReason: why,
    queued: true,
    turnUntil: undefined,
    ...(job.waitReason === why ? {} : reasonMarks(job, nowMs)),
  };
}

const reasonMarks = (job: JobRecord, nowMs: number) => ({ stateVersion: job.version + 1, stateAt: nowMs });

const callAnswered: JobChange = { callOpen: undefined, callDeadlineAt: undefined };
const silenceBroken: JobChange = { unclearStatus: undefined, absences: undefined };
/** Fields that describe an attempt under way and not one that has ended. */
const attemptOver: JobChange = {
  ...callAnswered,
  ...silenceBroken,
  waitReason: undefined,
  failure: undefined,
};

function sighted(seen: { runId: string; order: Order }): JobChange {
  return {
    runId: seen.runId,
    order: seen.order,
    ...callAnswered,
    ...silenceBroken,
    platformWait: undefined,
  };
}

/**
 * The attempt is given up, and its slot with it: the next one waits outside of its tenant's gate until the time of its
 * next call. With the number of the old attempt a late release of the slot could take the new one's.
 */
function waitForPlatform(
  job: JobRecord,
  { reason, nextAttemptAt }: { reason: string; nextAttemptAt: number },
  nowMs: number,
): JobChange {
  const { refusals, since } = job.platformWait ?? { refusals: 0, since: nowMs };
  return {
    ...nextAttempt(job),
    ...callAnswered,
    ...reasonMarks(job, nowMs),
    queued: undefined,
    waitReason: 'platform_unavailable',
    nextAttemptAt,
    failure: failureOf('platform', 'platform_unavailable', { reason }),
    platformWait: { refusals: refusals + 1, since },
  };
}

/** After a backoff it is the next attempt that begins. */
const begun = (job: JobRecord): JobChange => (job.state === 'retrying' ? nextAttempt(job) : {});

/** Attempt k+1 starts clean: no report, claim or result of attempt k may count for it. */
function nextAttempt(job: JobRecord): JobChange {
  return {
    attempt: job.attempt + 1,
    waitReason: 'ready',
    hasSlot: undefined,
    runId: undefined,
    claim: undefined,
    refused: undefined,
    order: undefined,
    progress: undefined,
    progressVersion: undefined,
    result: undefined,
    reportedFailure: undefined,
    nextAttemptAt: undefined,
  };
}

/** A job that the platform refused until its deadline failed for that refusal, not for its own duration. */
function deadlineExceeded({ platformWait, failure }: JobRecord): Failure {
  return platformWait === undefined
    ? failureOf('timeout', 'deadline_exceeded')
    : failureOf('platform', 'deadline_exceeded', { reason: failure?.reason });
}

/**
 * Why the job is being ended. A job outside of AWS Batch is over with this write, a job inside when AWS Batch has
 * ended it.
 */
function ending(job: JobRecord, why: NonNullable<JobRecord['ending']>): JobChange {
  const move = lifecycle[job.state][why];
  const over = move !== 'cancelling' && move !== 'stay';
  return {
    waitReason: undefined,
    nextAttemptAt: undefined,
    ...(over ? {} : { ending: why }),
    ...(over && why === 'deadline' ? { failure: deadlineExceeded(job) } : {}),
  };
}

const endStates: Readonly<Record<NonNullable<JobRecord['ending']>, JobState>> = {
  cancel: 'cancelled',
  expire: 'expired',
  deadline: 'failed',
};

/**
 * The attempt is over. In this order decide: a committed result, even if an end was asked for; the end that was asked
 * for; the retry policy.
 */
function conclude<Job extends JobRecord>(
  job: Job,
  fields: JobChange,
  seen: Observation,
  context: Context,
): Job {
  const { nowMs, policy } = context;
  const end = endOf(job, seen, context);
  const change = {
    ...fields,
    ...attemptOver,
    ...(end.attempt === undefined ? {} : logged(job, end.attempt, end.failure)),
  };
  if (end.failure === undefined && end.attempt !== undefined)
    return put(job, { ...change, state: 'succeeded' }, nowMs);
  if (job.state === 'cancelling') {
    const why = job.ending ?? 'cancel';
    const failure = why === 'deadline' ? deadlineExceeded(job) : undefined;
    return put(job, { ...change, failure, state: endStates[why] }, nowMs);
  }
  const failures = [...endings(job), end.failure?.class ?? 'platform'];
  const nextAttemptAt = nowMs + nextAttemptDelaySeconds(policy.retry, failures, context.random) * 1000;
  const inTime = job.deadlineAt === undefined || nextAttemptAt < job.deadlineAt;
  if (end.retryable && inTime && retryAllowed(policy.retry, failures)) {
    return put(job, { ...change, failure: end.failure, state: 'retrying', nextAttemptAt }, nowMs);
  }
  const failure = endedByDeadline(job, end, nowMs) ? deadlineExceeded(job) : end.failure;
  return put(job, { ...change, failure, state: 'failed' }, nowMs);
}

/**
 * The timeout that AWS Batch is given is cut to the time that the deadline leaves, so AWS Batch and reconcile race to
 * end the attempt. The tenant reads the same cause whichever of them wins.
 */
function endedByDeadline({ deadlineAt }: JobRecord, { attempt, failure }: End, nowMs: number): boolean {
  return (
    failure?.code === 'timed_out' && deadlineAt !== undefined && deadlineAt <= (attempt?.endedAt ?? nowMs)
  );
}

interface End {
  /** Absent when the attempt never had a Batch job. */
  readonly attempt?: Pick<EndedAttempt, 'runId' | 'startedAt' | 'endedAt' | 'logStream'>;
  readonly failure?: Failure;
  readonly retryable: boolean;
}

function endOf(job: JobRecord, seen: Observation, { policy, nowMs }: Context): End {
  const name = batchJobName(job.jobId, job.attempt);
  switch (seen.kind) {
    case 'ended_badly':
      return {
        attempt: { ...seen.ended, runId: seen.runId },
        failure: seen.failure,
        retryable: seen.retryable,
      };
    case 'ended_well': {
      const attempt = { ...seen.ended, runId: seen.runId };
      const committed = job.result !== undefined && job.claim?.runId === seen.runId;
      if (committed || !policy.promisesResult) return { attempt, retryable: false };
      const reason = `${name} ended well but committed no result.`;
      return { attempt, failure: failureOf('platform', 'result_missing', { reason }), retryable: true };
    }
    case 'lost': {
      const reason = `AWS Batch no longer knows ${name}, and its end was not reported.`;
      const attempt = { runId: job.runId, startedAt: job.startedAt, endedAt: nowMs };
      return { attempt, failure: failureOf('lost', 'batch_forgot', { reason }), retryable: true };
    }
    default:
      return { retryable: false };
  }
}

function logged(
  job: JobRecord,
  attempt: NonNullable<End['attempt']>,
  failure: Failure | undefined,
): JobChange {
  const ended: EndedAttempt = {
    ...attempt,
    attempt: job.attempt,
    ...(failure === undefined
      ? {}
      : { failure: { ...failure, message: shortened(failure.message, MAX_PAST_WORDS_CHARACTERS) } }),
  };
  return { startedAt: job.startedAt ?? attempt.startedAt, endedAttempts: [...job.endedAttempts, ended] };
}
