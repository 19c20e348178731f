/** The next record of a job, after a move of the lifecycle table. */
import { released } from '../dependency/release.ts';
import { MAX_PAST_WORDS_CHARACTERS, MAX_WORDS_CHARACTERS, shortened } from '../size.ts';
import { streamOf } from './attempt.ts';
import { soonest } from './due.ts';
import { failureOf, lost } from './failure.ts';
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
import type { JobEnding } from './job-type.ts';
import {
  type EndedWell,
  lifecycle,
  type Observation,
  type Progress,
  type ReportedFailure,
} from './lifecycle.ts';
import { nextAttemptDelaySeconds, retryAllowed } from './retry.ts';

export interface Context {
  readonly nowMs: number;
  readonly policy: EndPolicy;
  /** A number from 0 up to 1, drawn by the caller, for the jitter of the backoff. */
  readonly random: number;
  /** What the attempt has cost; absent where no attempt ends. */
  readonly bill?: ((end: BilledEnd) => Bill | undefined) | undefined;
}

/** The end of an attempt, as far as its cost depends on it. */
export type BilledEnd = NonNullable<End['attempt']> & {
  readonly startingAt: number | undefined;
  readonly tries: EndedWell['ended']['tries'];
  readonly isLost: boolean;
};
interface Bill {
  readonly usdMicro: number;
  readonly billedSeconds: number;
}

export type EndPolicy = Omit<JobEnding, 'exitCodes'>;

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
  if (move === 'ignore' || isCancelledAlready(job, observation) || isStuckAlready(job, observation))
    return undefined;
  const fields = fieldsOf(job, observation, context);
  if (move === 'stay') return put(job, fields, context.nowMs);
  if (move === 'conclude') return conclude(job, fields, observation, context);
  return put(job, { ...fields, state: move }, context.nowMs);
}

/** A second cancel changes nothing; one of a job that is being ended for another reason changes that reason. */
const isCancelledAlready = (job: JobRecord, { kind }: Observation): boolean =>
  kind === 'cancel' && job.state === 'cancelling' && (job.ending ?? 'cancel') === 'cancel';

/** What is known of it is known: a look writes nothing. */
const isStuckAlready = ({ stuck }: JobRecord, seen: Observation): boolean =>
  seen.kind === 'stuck' && stuck?.reason === seen.reason && stuck.said === seen.said;

/** Every write passes here: a final state gets its time, and `dueAt` moves earlier if it must. */
function put<Job extends JobRecord>(job: Job, change: JobChange, nowMs: number): Job {
  const final = change.state !== undefined && isFinal(change.state) ? { finishedAt: nowMs } : {};
  const next = changed(job, { ...change, ...final }, nowMs);
  const dueAt = Math.min(job.dueAt ?? Number.MAX_SAFE_INTEGER, soonest(next, nowMs));
  return { ...next, dueAt };
}

/** What is written besides the state. */
function fieldsOf(job: JobRecord, seen: Observation, { nowMs, policy }: Context): JobChange {
  switch (seen.kind) {
    case 'due':
      return { waitReason: 'ready', ...begun(job) };
    case 'linked':
      return { linked: true };
    case 'released':
    case 'released_early':
      return released(job, seen.kind, nowMs);
    case 'unmet':
    case 'unneeded':
      return { failure: seen.failure };
    case 'held':
      return { ...begun(job), ...held(job, seen.why, nowMs) };
    case 'call':
      return called(job, seen);
    case 'not_accepted':
      return { callOpen: false, callDeadlineAt: undefined, waitReason: seen.why };
    case 'unavailable':
      return job.state === 'cancelling' ? callAnswered : waitForPlatform(job, seen, nowMs);
    case 'refused':
      return { ...callAnswered, waitReason: undefined, nextAttemptAt: undefined, failure: seen.failure };
    case 'claimed':
      return {
        ...sighted(seen),
        stuck: undefined,
        claim: { runId: seen.runId, try: seen.try, nonce: seen.nonce },
        startedAt: job.startedAt ?? nowMs,
        reportedFailure: undefined,
        endsBy: seen.endsBy,
      };
    case 'running':
      return { ...sighted(seen), ...streamOf(seen), stuck: undefined, startedAt: job.startedAt ?? nowMs };
    case 'accepted':
    case 'queued':
    case 'starting':
    case 'ended_badly':
      return sighted(seen);
    case 'overtaken_start':
      return { startingAt: seen.startingAt };
    case 'ended_well':
      return { ...sighted(seen), ...(seen.result === undefined ? {} : { result: seen.result }) };
    case 'unclear':
      return { unclearStatus: seen.batchStatus };
    case 'stuck':
      return stuckFor(job, seen, nowMs);
    case 'absent':
      return { absences: (job.absences ?? 0) + 1 };
    case 'lost':
      return {};
    case 'committed':
      return { result: seen.result };
    case 'progressed':
      return progressed(job, seen.progress, nowMs, policy);
    case 'reported_failure':
      return reported(seen.reportedFailure);
    case 'cancel':
    case 'expire':
    case 'deadline':
      return ending(job, seen.kind);
  }
}

const withoutTurn: JobChange = { turnAt: undefined, turnUntil: undefined };

const called = (job: JobRecord, seen: Extract<Observation, { readonly kind: 'call' }>): JobChange => ({
  ...begun(job),
  callOpen: true,
  calls: job.calls + 1,
  callDeadlineAt: seen.deadlineAt,
  claimBy: seen.claimBy,
  waitReason: undefined,
  queued: undefined,
  ...withoutTurn,
  nextAttemptAt: undefined,
  ...(seen.hasSlot ? { hasSlot: true } : {}),
});

const progressed = (job: JobRecord, progress: Progress, nowMs: number, policy: EndPolicy): JobChange => ({
  progress: { ...progress, ...noteOf(progress.note), at: nowMs },
  ...(policy.publishesProgress ? { progressVersion: job.version + 1 } : {}),
});

const reported = (failure: ReportedFailure): JobChange => ({
  reportedFailure: { ...failure, message: shortened(failure.message, MAX_WORDS_CHARACTERS) },
});

const noteOf = (note: string | undefined) =>
  note === undefined ? {} : { note: shortened(note, MAX_WORDS_CHARACTERS) };

/** Published like a new state: a wait for a slot is news, and so is a new reason for waiting. */
function held(job: JobRecord, why: string, nowMs: number): JobChange {
  return {
    waitReason: why,
    queued: true,
    ...withoutTurn,
    ...(job.waitReason === why ? {} : reasonMarks(job, nowMs)),
  };
}

/** Published like a new state: that it will not start by itself is news, and so is another reason. */
function stuckFor(
  job: JobRecord,
  { reason, said }: Extract<Observation, { kind: 'stuck' }>,
  nowMs: number,
): JobChange {
  const since = job.stuck?.since ?? job.stateAt;
  return {
    stuck: { reason, said, since },
    ...(job.stuck?.reason === reason ? {} : reasonMarks(job, nowMs)),
  };
}

const reasonMarks = (job: JobRecord, nowMs: number) => ({ stateVersion: job.version + 1, stateAt: nowMs });

const callAnswered: JobChange = { callOpen: undefined, callDeadlineAt: undefined };
const silenceBroken: JobChange = { unclearStatus: undefined, absences: undefined };
/** Fields that describe an attempt under way and not one that has ended. */
const attemptOver: JobChange = {
  ...callAnswered,
  claimBy: undefined,
  endsBy: undefined,
  logStream: undefined,
  ...silenceBroken,
  waitReason: undefined,
  failure: undefined,
};

function sighted(seen: {
  readonly runId: string;
  readonly order: Order;
  readonly startingAt?: number | undefined;
}): JobChange {
  return {
    runId: seen.runId,
    order: seen.order,
    ...(seen.startingAt === undefined ? {} : { startingAt: seen.startingAt }),
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
    claimBy: undefined,
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
    startingAt: undefined,
    progress: undefined,
    progressVersion: undefined,
    result: undefined,
    reportedFailure: undefined,
    nextAttemptAt: undefined,
    stuck: undefined,
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
    ...(end.attempt === undefined ? {} : logged(job, seen, { ...end, attempt: end.attempt }, context)),
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
        attempt: { ...withoutTries(seen.ended), runId: seen.runId },
        failure: seen.failure,
        retryable: seen.retryable,
      };
    case 'ended_well': {
      const attempt = { ...withoutTries(seen.ended), runId: seen.runId };
      const committed = (seen.result ?? job.result) !== undefined && job.claim?.runId === seen.runId;
      if (committed || !policy.promisesResult) return { attempt, retryable: false };
      const reason = `${name} ended well but committed no result.`;
      return { attempt, failure: failureOf('platform', 'result_missing', { reason }), retryable: true };
    }
    case 'lost': {
      const attempt = { runId: job.runId, startedAt: job.startedAt, endedAt: nowMs };
      return { attempt, failure: lost(job.runId, name), retryable: true };
    }
    default:
      return { retryable: false };
  }
}

const withoutTries = ({ tries: _, ...ended }: EndedWell['ended']) => ended;

function logged(
  job: JobRecord,
  seen: Observation,
  { attempt, failure }: End & { readonly attempt: NonNullable<End['attempt']> },
  { bill }: Context,
): JobChange {
  const reported = 'ended' in seen ? seen : undefined;
  const startingAt = reported?.startingAt ?? job.startingAt;
  const facts = { startingAt, tries: reported?.ended.tries, isLost: seen.kind === 'lost' };
  const ended: EndedAttempt = {
    ...attempt,
    ...(startingAt === undefined ? {} : { startingAt }),
    attempt: job.attempt,
    ...bill?.({ ...attempt, ...facts }),
    ...(failure === undefined
      ? {}
      : { failure: { ...failure, message: shortened(failure.message, MAX_PAST_WORDS_CHARACTERS) } }),
  };
  return { startedAt: job.startedAt ?? attempt.startedAt, endedAttempts: [...job.endedAttempts, ended] };
}
