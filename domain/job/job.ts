/** The record of one job: its states and every field that the table has for it. */
import * as z from 'zod';
import { AcceptedDependency, OnDependencyFailure } from '../dependency/dependency.ts';
import { JsonObject, JsonValue, ObjectUri } from './ids.ts';
import { Priority } from './priority.ts';

/** The states of a job, each explained in `state-notes.ts`. The last four are final: nothing leaves them. */
export const JobState = z.enum([
  'scheduled',
  'blocked',
  'waiting',
  'submitting',
  'submitted',
  'starting',
  'running',
  'retrying',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
]);
export type JobState = z.infer<typeof JobState>;

const FINAL: ReadonlySet<JobState> = new Set(['succeeded', 'failed', 'cancelled', 'expired']);
export const isFinal = (state: JobState): boolean => FINAL.has(state);

/**
 * A final job has something to dispatch until notify has settled it. Any step that reads it before dispatches it
 * again.
 */
export function isUnsettled(job: JobRecord): boolean {
  return isFinal(job.state) && job.settled !== true;
}

export const FailureClass = z.enum([
  'app_error',
  'timeout',
  'out_of_memory',
  'spot_reclaimed',
  'image_error',
  'unschedulable',
  'throttled',
  'invalid_input',
  'platform',
  'lost',
]);
export type FailureClass = z.infer<typeof FailureClass>;

const EpochMs = z.int().nonnegative();

export const Failure = z.object({
  class: FailureClass,
  code: z.string(),
  /** For the tenant: a sentence without names of accounts, machines or requests. */
  message: z.string(),
  exitCode: z.int().optional(),
  /** For the operator: what AWS said. No tenant reads it. */
  reason: z.string().optional(),
  logStream: z.string().optional(),
  /** Of a job that ended because of another: the job whose end was the first. */
  root: z.string().optional(),
});
export type Failure = z.infer<typeof Failure>;

/**
 * How far AWS Batch has come within one attempt: the number of Batch tries, then the rank of the status within a try.
 */
export const Order = z.object({ tries: z.int().nonnegative(), rank: z.int().nonnegative() });
export type Order = z.infer<typeof Order>;

/** What the worker committed: a small result inline, a large one as an object in the tenant's folder. */
export const Result = z.union([
  z.object({ inline: JsonValue }),
  z.object({
    object: ObjectUri,
    bytes: z.int().nonnegative(),
    sha256: z.string(),
    /** When the bucket may delete the object. */
    expiresAt: EpochMs.optional(),
  }),
]);
export type Result = z.infer<typeof Result>;

/** Why AWS Batch does not start a job that it has. */
export const StuckReason = z.enum([
  'queue_disabled',
  'environment_invalid',
  'too_large',
  'permissions',
  'no_capacity',
  'image',
  'blocked',
  'no_room',
]);
export type StuckReason = z.infer<typeof StuckReason>;

/** `since`: when AWS Batch took the attempt. `said`: in the words of AWS, for the operator. */
export const Stuck = z.object({ reason: StuckReason, since: EpochMs, said: z.string() });
export type Stuck = z.infer<typeof Stuck>;

/** One ended attempt, kept for diagnosis. */
export const EndedAttempt = z.object({
  attempt: z.int().positive(),
  runId: z.string().optional(),
  /** When its image began to be pulled, from which Fargate bills it. */
  startingAt: EpochMs.optional(),
  startedAt: EpochMs.optional(),
  endedAt: EpochMs,
  failure: Failure.optional(),
  logStream: z.string().optional(),
  /** What it cost by list prices, as they were at its end. */
  usdMicro: z.int().nonnegative().optional(),
  billedSeconds: z.number().nonnegative().optional(),
});
export type EndedAttempt = z.infer<typeof EndedAttempt>;

/**
 * In place of a part of the request that is in an item of its own (`parts.ts`). A version that does not know the mark expects an
 * object here, and cannot read the record: otherwise it would run the job without its input.
 */
export const APART = 'apart';
const partOf = <S extends z.ZodType>(part: S) => z.union([z.literal(APART), part]).optional();

/** The signer of a request. `jti` is absent of a key that was sent itself. */
export const SignedBy = z.object({ kid: z.string(), jti: z.string().optional() });
export type SignedBy = z.infer<typeof SignedBy>;

export const JobRecord = z.object({
  jobId: z.string(),
  tenantId: z.string(),
  jobType: z.string(),
  idempotencyKey: z.string(),
  /** Hash of the request: distinguishes a repeated message from another job under the same key. */
  fingerprint: z.string(),
  /** False when the message had none and its message id is used instead. */
  keyGiven: z.literal(false).optional(),
  /** The token that asked for it over HTTP: its key, and its own id. */
  signedBy: SignedBy.optional(),
  // As they were accepted. Only their types are checked here: stricter rules of a later version must not make a
  // record unreadable.
  input: partOf(JsonObject),
  inputRef: z.string().optional(),
  runAt: z.string().optional(),
  delaySeconds: z.int().optional(),
  ttlSeconds: z.int().optional(),
  deadlineSeconds: z.int().optional(),
  timeoutSeconds: z.int().optional(),
  /** The priority in the message. */
  priority: Priority.optional(),
  /** The tenant's ceiling, if the message asked for more. */
  clampedPriority: Priority.optional(),
  concurrencyKey: z.string().optional(),
  /** So many jobs of its concurrency key run at once, whatever the caps of its tenant say of keys: of an array that has such a limit. */
  keyCap: z.int().positive().optional(),
  group: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  metadata: partOf(JsonObject),
  traceparent: z.string().optional(),
  dependsOn: partOf(z.array(AcceptedDependency)),
  onDependencyFailure: OnDependencyFailure.optional(),
  dependencyTimeoutSeconds: z.int().optional(),

  state: JobState,
  /** Raised by one with each write. */
  version: z.int().positive(),
  /** The version at which this state was entered: the webhook's `sequence`, stable while the state lasts. */
  stateVersion: z.int().positive(),
  stateAt: EpochMs,
  waitReason: z.string().optional(),
  /** Since when, and how often in a row, the platform has refused the job; `failure` says why. */
  platformWait: z.object({ refusals: z.int().positive(), since: EpochMs }).optional(),
  attempt: z.int().positive(),
  /** The attempt may have a row in the waiting list. */
  queued: z.literal(true).optional(),
  /** The rate limit had no turn for it: the moment that is booked for it. It does not ask before. */
  turnAt: z.int().optional(),
  /** Until then no message of a job with a booked turn can be missing. */
  turnUntil: z.int().optional(),
  /**
   * The attempt has a slot at its tenant's gate. An attempt of a tenant without caps and without a concurrency key
   * needs none.
   */
  hasSlot: z.literal(true).optional(),

  /** True from the write before SubmitJob until the outcome of the call is a fact. */
  callOpen: z.boolean().optional(),
  /** After this moment the request of the open call can no longer be under way. */
  callDeadlineAt: EpochMs.optional(),
  calls: z.int().nonnegative(),
  /** Of a call of Lambda: after this moment no run may claim the attempt. A call of AWS Batch has none. */
  claimBy: EpochMs.optional(),
  /** Of a run on Lambda: after this moment it cannot be alive. */
  endsBy: EpochMs.optional(),
  runId: z.string().optional(),
  order: Order.optional(),
  /** Of the container at work, as AWS Batch names it; of a job type that shows its logs to tenants. */
  logStream: z.string().optional(),
  /** When AWS Batch reported that the last try of this attempt was starting; on Lambda, when the attempt was claimed. */
  startingAt: EpochMs.optional(),
  /**
   * The Batch job whose container may do the work, the number of the Batch try that claimed, and the hash of the nonce of that
   * container: the first two can be guessed. A claim of a version before has no nonce, and no container holds it any more.
   */
  claim: z.object({ runId: z.string(), try: z.int().positive(), nonce: z.string().optional() }).optional(),
  /** Batch jobs of this attempt that may never claim. */
  refused: z.array(z.string()).optional(),
  nextAttemptAt: EpochMs.optional(),
  /** From `runAt` or `delaySeconds`; `ttlSeconds` counts from here. */
  eligibleAt: EpochMs.optional(),
  /** If no attempt has started by this moment, the job expires. */
  startBy: EpochMs.optional(),
  /** If what the job waits for has not come by this moment, it fails. */
  dependencyTimeoutAt: EpochMs.optional(),
  /** Each job that it waits for knows of it, and none of them waits for it in turn. */
  linked: z.literal(true).optional(),
  /** The whole job, all attempts and waits, must be over by then. */
  deadlineAt: EpochMs.optional(),
  /** Why a job in `cancelling` is being ended. */
  ending: z.enum(['cancel', 'expire', 'deadline']).optional(),
  /** How many times in a row DescribeJobs did not know the Batch job. */
  absences: z.int().positive().optional(),
  /** A status of AWS Batch that Headgate does not know. */
  unclearStatus: z.string().optional(),
  /** Of an attempt that AWS Batch has had for long without starting it. */
  stuck: Stuck.optional(),
  /** When reconcile must look at this job; each record has it until it is settled. */
  dueAt: EpochMs.optional(),
  /** While it is `dueAt`, the job is due by its roll (`domain/due/roll.ts`), and not by itself. */
  rolledAt: EpochMs.optional(),
  /** The list of its tenant's jobs has it by its roster (`domain/due/roll.ts`), and not by itself. */
  onRoster: z.literal(true).optional(),
  settled: z.boolean().optional(),
  /** When the record may be removed, in epoch seconds; of a job that is settled. */
  expiresAt: z.int().optional(),
  /** When its parts may be removed, in epoch seconds; of a job that has such. One that an earlier version recorded does not say. */
  partsUntil: z.int().optional(),

  progress: z
    .object({ done: z.number(), total: z.number().optional(), note: z.string().optional(), at: EpochMs })
    .optional(),
  /**
   * The version at which the progress was reported, and so its `sequence`; absent unless the job type publishes
   * progress.
   */
  progressVersion: z.int().positive().optional(),
  result: Result.optional(),
  /** The worker's report of why this attempt fails; it is classified when AWS Batch reports the end of the attempt. */
  reportedFailure: z.object({ code: z.string(), message: z.string() }).optional(),
  failure: Failure.optional(),
  endedAttempts: z.array(EndedAttempt),

  /** The failed job that this one was redriven from; and the child of a failed job. */
  parent: z.string().optional(),
  redrivenAs: z.string().optional(),
  /** A failed job that must not be redriven. */
  discarded: z.object({ reason: z.string(), at: EpochMs }).optional(),

  createdAt: EpochMs,
  startedAt: EpochMs.optional(),
  finishedAt: EpochMs.optional(),
});
export type JobRecord = z.infer<typeof JobRecord>;

/** It leaves no dead letter: a thousand of them would bury the one of the job that was the cause. */
export function endedByAnother({ failure }: Pick<JobRecord, 'failure'>): boolean {
  return failure?.root !== undefined;
}

export function priorityOf({ priority = 'normal', clampedPriority = priority }: JobRecord): Priority {
  return clampedPriority;
}

/** The failure classes of the attempts that have ended, the latest last; an attempt without a failure counts as one all the same. */
export function endings({ endedAttempts }: Pick<JobRecord, 'endedAttempts'>): FailureClass[] {
  return endedAttempts.map(({ failure }) => failure?.class ?? 'platform');
}

/** No step changes the parts of the request. */
export type JobChange = {
  readonly [K in Exclude<keyof JobRecord, 'input' | 'metadata' | 'dependsOn'>]?: JobRecord[K] | undefined;
};

/** The record after one change: the version is raised by one, and a new state gets its version and time. */
export function changed<Job extends JobRecord>(job: Job, change: JobChange, nowMs: number): Job {
  const version = job.version + 1;
  const entered = change.state !== undefined && change.state !== job.state;
  const merged = {
    ...job,
    ...change,
    version,
    ...(entered ? { stateVersion: version, stateAt: nowMs } : {}),
  };
  // A copy is three times as fast as a deletion, and each step makes several records.
  const kept: Record<string, unknown> = {};
  for (const name in merged) {
    const value = merged[name as keyof typeof merged]; // its own names
    if (value !== undefined) kept[name] = value;
  }
  return kept as Job; // undefined means "remove", and required fields cannot be undefined in a JobChange of a parsed record
}
