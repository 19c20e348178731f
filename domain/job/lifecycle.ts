/**
 * The whole life of a job as one table: (state, observation) → move. `advance.ts` carries a move out.
 *
 * Identity is checked before, in `domain/batch/report.ts`: an observation that reaches this table is about the job's
 * current attempt and the Batch job that owns it.
 */
import type { Failure, JobRecord, JobState, Order, Result, StuckReason } from './job.ts';

export type Observation =
  /** The time for which the job waited has passed. */
  | { readonly kind: 'due' }
  /** It has told each job that it waits for, and is in no circle with them. */
  | { readonly kind: 'linked' }
  /** All that it waited for has come. `released_early`: its `runAt` is still ahead. */
  | { readonly kind: 'released' | 'released_early' }
  /** What it waits for cannot come any more: `unneeded` if that was cancelled, or the job was to run in another case. */
  | { readonly kind: 'unmet' | 'unneeded'; readonly failure: Failure }
  /** Its tenant has no free slot; the attempt, which may begin now, has a row in the waiting list. */
  | { readonly kind: 'held'; readonly why: string }
  /** SubmitJob is about to be called; with `claimBy`, Lambda is. */
  | {
      readonly kind: 'call';
      readonly deadlineAt: number;
      readonly hasSlot: boolean;
      readonly claimBy?: number | undefined;
    }
  | { readonly kind: 'accepted'; readonly runId: string; readonly order: Order }
  /** A fact: throttled, or proven absent after the request could no longer be under way. */
  | { readonly kind: 'not_accepted'; readonly why: string }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** The platform takes no job of this kind until an operator has acted; `reason` is the text of AWS, or ours. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly nextAttemptAt: number }
  | {
      readonly kind: 'queued' | 'starting' | 'running';
      readonly runId: string;
      readonly order: Order;
      /** When the latest try began to start, if a report said so. */
      readonly startingAt?: number | undefined;
      /** Of a container at work whose log its tenant may read. */
      readonly logStream?: string | undefined;
    }
  /** The start of a try, reported after the claim of its container or after its run: its time alone is new. */
  | { readonly kind: 'overtaken_start'; readonly startingAt: number }
  | EndedWell
  | EndedBadly
  /** AWS Batch reports a status that Headgate does not know; a later report may have a known one. */
  | { readonly kind: 'unclear'; readonly batchStatus: string }
  /** AWS Batch has had it for long without starting it; this is why. */
  | { readonly kind: 'stuck'; readonly reason: StuckReason; readonly said: string }
  /** DescribeJobs did not know the Batch job this time. */
  | { readonly kind: 'absent' }
  /** Absent so many times that AWS Batch has forgotten it. */
  | { readonly kind: 'lost' }
  | {
      readonly kind: 'claimed';
      readonly runId: string;
      readonly try: number;
      readonly nonce: string;
      readonly order: Order;
      /** Of a run on Lambda: when it began, and when it is over at the latest. */
      readonly startingAt?: number | undefined;
      readonly endsBy?: number | undefined;
    }
  | { readonly kind: 'committed'; readonly result: Result }
  | { readonly kind: 'progressed'; readonly progress: Progress }
  | { readonly kind: 'reported_failure'; readonly reportedFailure: ReportedFailure }
  | { readonly kind: 'cancel' }
  /** ttlSeconds have passed since the job was eligible, and nothing has started. */
  | { readonly kind: 'expire' }
  /** deadlineSeconds have passed since the job was accepted. */
  | { readonly kind: 'deadline' };

interface EndOfBatchJob {
  readonly runId: string;
  readonly order: Order;
  readonly startingAt?: number | undefined;
  readonly ended: {
    readonly startedAt?: number | undefined;
    readonly endedAt: number;
    readonly logStream?: string | undefined;
    /** Its Batch tries, as far as AWS Batch names their times. */
    readonly tries?:
      | readonly { readonly startedAt?: number | undefined; readonly stoppedAt?: number | undefined }[]
      | undefined;
  };
}
/** `result`: of a run on Lambda, which ends with the write of its result. */
export type EndedWell = EndOfBatchJob & { readonly kind: 'ended_well'; readonly result?: Result | undefined };
export type EndedBadly = EndOfBatchJob & {
  readonly kind: 'ended_badly';
  readonly failure: Failure;
  readonly retryable: boolean;
};

export type Progress = Omit<NonNullable<JobRecord['progress']>, 'at'>;
export type ReportedFailure = NonNullable<JobRecord['reportedFailure']>;
export type ObservationKind = Observation['kind'];

/**
 * `ignore` writes nothing; `stay` writes the observation's fields and keeps the state; `conclude` ends the attempt
 * and derives the next state from result, cancel and retry policy; a state name moves the job there.
 */
export type Move = 'ignore' | 'stay' | 'conclude' | JobState;
type Row = Readonly<Record<ObservationKind, Move>>;

const nothing: Row = {
  due: 'ignore',
  linked: 'ignore',
  released: 'ignore',
  released_early: 'ignore',
  unmet: 'ignore',
  unneeded: 'ignore',
  held: 'ignore',
  call: 'ignore',
  accepted: 'ignore',
  not_accepted: 'ignore',
  refused: 'ignore',
  unavailable: 'ignore',
  queued: 'ignore',
  starting: 'ignore',
  running: 'ignore',
  overtaken_start: 'ignore',
  ended_well: 'ignore',
  ended_badly: 'ignore',
  unclear: 'ignore',
  stuck: 'ignore',
  absent: 'ignore',
  lost: 'ignore',
  claimed: 'ignore',
  committed: 'ignore',
  progressed: 'ignore',
  reported_failure: 'ignore',
  cancel: 'ignore',
  expire: 'ignore',
  deadline: 'ignore',
};

/** The job is not in AWS Batch. */
const beforeBatch: Row = {
  ...nothing,
  due: 'waiting',
  refused: 'failed',
  cancel: 'cancelled',
  expire: 'expired',
  deadline: 'failed',
};

/** AWS Batch goes back from RUNNING to RUNNABLE when it retries, so each of these states can follow each other one. */
const inBatch: Row = {
  ...nothing,
  queued: 'submitted',
  starting: 'starting',
  running: 'running',
  overtaken_start: 'stay',
  ended_well: 'conclude',
  ended_badly: 'conclude',
  unclear: 'stay',
  absent: 'stay',
  lost: 'conclude',
  claimed: 'running',
  committed: 'stay',
  progressed: 'stay',
  reported_failure: 'stay',
  cancel: 'cancelling',
  deadline: 'cancelling',
};

/** The time has come and the attempt begins: in one write with the intent, or with the reason why it waits. */
const begins = { held: 'waiting', call: 'submitting' } as const;

export const lifecycle: Readonly<Record<JobState, Row>> = {
  scheduled: { ...beforeBatch, ...begins },
  // No time releases it, and nothing counts towards its expiry before it is released.
  blocked: {
    ...beforeBatch,
    due: 'ignore',
    expire: 'ignore',
    linked: 'stay',
    released: 'waiting',
    released_early: 'scheduled',
    unmet: 'failed',
    unneeded: 'cancelled',
  },
  waiting: { ...beforeBatch, due: 'ignore', held: 'stay', call: 'submitting', unavailable: 'waiting' },
  submitting: {
    ...inBatch,
    call: 'submitting',
    accepted: 'submitted',
    not_accepted: 'stay',
    refused: 'failed',
    unavailable: 'waiting',
    expire: 'cancelling',
  },
  submitted: { ...inBatch, stuck: 'stay', expire: 'cancelling' },
  starting: { ...inBatch, stuck: 'stay' },
  running: inBatch,
  // An attempt has started, so the job can no longer expire.
  retrying: { ...beforeBatch, ...begins, expire: 'ignore' },
  // Only a report of AWS Batch, or the proven absence of the Batch job, ends this state: until then a container may
  // be running.
  cancelling: {
    ...inBatch,
    queued: 'stay',
    starting: 'stay',
    running: 'stay',
    claimed: 'ignore',
    // It is the tenant's word, and wins over a time that passed: a job that failed could be redriven after its cancel.
    cancel: 'stay',
    deadline: 'ignore',
    accepted: 'stay',
    not_accepted: 'conclude',
    refused: 'conclude',
    unavailable: 'conclude',
  },
  succeeded: nothing,
  failed: nothing,
  cancelled: nothing,
  expired: nothing,
};
