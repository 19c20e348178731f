/**
 * A job as its reader may see it. The schemas are those of the API's document. A tenant reads sentences of ours; what AWS
 * said, and where a container ran and logged, is for operators.
 */
import * as z from 'zod';
import { AcceptedDependency, OnDependencyFailure } from '../dependency/dependency.ts';
import { tenantMessage } from '../job/failure.ts';
import { JsonObject, JsonValue } from '../job/ids.ts';
import { type Failure, FailureClass, type JobRecord, JobState, priorityOf, SignedBy } from '../job/job.ts';
import type { WholeJob } from '../job/parts.ts';
import { Priority } from '../job/priority.ts';
import { withoutInternals } from '../redaction.ts';
import { MAX_WORDS_CHARACTERS, shortened } from '../size.ts';

export type Audience = 'tenant' | 'operator';

const Time = z.iso.datetime();

export const FailureView = z.object({
  class: FailureClass,
  /** One of the codes of failed jobs, or a code of the handler's own. */
  code: z.string(),
  message: z.string(),
  exitCode: z.int().optional(),
  /** What AWS said. For operators. */
  reason: z.string().optional(),
  /** For operators. */
  logStream: z.string().optional(),
  /** Of a job that ended because of another: the job whose end was the first. */
  root: z.string().optional(),
});
export type FailureView = z.infer<typeof FailureView>;

export const AttemptView = z.object({
  attempt: z.int().positive(),
  startedAt: Time.optional(),
  endedAt: Time,
  failure: FailureView.optional(),
  /** For operators. */
  runId: z.string().optional(),
  /** For operators. */
  logStream: z.string().optional(),
  /** An estimate by list prices, of an attempt that cost something. For operators. */
  usd: z.number().optional(),
  /** What it was billed for. For operators. */
  billedSeconds: z.number().optional(),
});

export const ProgressView = z.object({
  done: z.number(),
  total: z.number().optional(),
  note: z.string().optional(),
  at: Time,
});

/** What a list tells of a job: neither its input nor its result. */
export const JobSummary = z.object({
  id: z.string(),
  tenantId: z.string(),
  jobType: z.string(),
  idempotencyKey: z.string(),
  state: JobState,
  /** Grows with each change of the job. */
  version: z.int().positive(),
  attempt: z.int().positive(),
  priority: Priority,
  createdAt: Time,
  /** Since when it is in its state. */
  stateAt: Time,
  startedAt: Time.optional(),
  finishedAt: Time.optional(),
  /** Of which it is a member. */
  group: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  progress: ProgressView.optional(),
  failure: FailureView.optional(),
  /** The failed job that this one runs again. */
  parent: z.string().optional(),
  /** The job that runs this failed one again. */
  redrivenAs: z.string().optional(),
});
export type JobSummary = z.infer<typeof JobSummary>;

export const JobView = JobSummary.extend({
  input: JsonObject.optional(),
  inputRef: z.string().optional(),
  metadata: JsonObject.optional(),
  concurrencyKey: z.string().optional(),
  /** The jobs that it waits for, as they were named. */
  dependsOn: z.array(AcceptedDependency).optional(),
  onDependencyFailure: OnDependencyFailure.optional(),
  /** If it waits for others longer, it fails. */
  dependencyTimeoutAt: Time.optional(),
  timeoutSeconds: z.int().optional(),
  /** It does not begin before. */
  eligibleAt: Time.optional(),
  /** It expires if it has not begun by then. */
  startBy: Time.optional(),
  deadlineAt: Time.optional(),
  nextAttemptAt: Time.optional(),
  /** A small result is here; a large one is an object. */
  result: z
    .object({
      inline: JsonValue.optional(),
      object: z.string().optional(),
      bytes: z.int().optional(),
      sha256: z.string().optional(),
      /** When the object may be deleted. */
      expiresAt: Time.optional(),
    })
    .optional(),
  /** Of a job that is over and of which all has been told: when its record may be removed, and what is above with it. */
  expiresAt: Time.optional(),
  /** The attempts that have ended. */
  attempts: z.array(AttemptView),
  discardedAt: Time.optional(),
  /** The run that the current attempt has in AWS Batch. For operators. */
  runId: z.string().optional(),
  /** For operators. */
  hasSlot: z.boolean().optional(),
  /** The token that asked for it over HTTP: its key, and its own id. For operators. */
  signedBy: SignedBy.optional(),
});
export type JobView = z.infer<typeof JobView>;

export function summaryOf(job: JobRecord, audience: Audience): JobSummary {
  const { jobId: id, tenantId, jobType, idempotencyKey, state, version, attempt, progress, failure } = job;
  return present({
    id,
    tenantId,
    jobType,
    idempotencyKey,
    state,
    version,
    attempt,
    priority: priorityOf(job),
    createdAt: iso(job.createdAt),
    stateAt: iso(job.stateAt),
    startedAt: maybe(job.startedAt),
    finishedAt: maybe(job.finishedAt),
    group: job.group,
    tags: job.tags,
    progress: progress && progressView(progress),
    failure: failure && failureView(failure, audience),
    parent: job.parent,
    redrivenAs: job.redrivenAs,
  });
}

export function viewOf(job: WholeJob, audience: Audience): JobView {
  const forOperators = audience === 'operator';
  return present({
    ...summaryOf(job, audience),
    input: job.input,
    inputRef: job.inputRef,
    metadata: job.metadata,
    concurrencyKey: job.concurrencyKey,
    dependsOn: job.dependsOn,
    onDependencyFailure: job.onDependencyFailure,
    dependencyTimeoutAt: maybe(job.dependencyTimeoutAt),
    timeoutSeconds: job.timeoutSeconds,
    eligibleAt: maybe(job.eligibleAt),
    startBy: maybe(job.startBy),
    deadlineAt: maybe(job.deadlineAt),
    nextAttemptAt: maybe(job.nextAttemptAt),
    result: job.result && resultView(job.result),
    expiresAt: maybe(job.expiresAt && job.expiresAt * 1000),
    attempts: job.endedAttempts.map((ended) =>
      present({
        attempt: ended.attempt,
        startedAt: maybe(ended.startedAt),
        endedAt: iso(ended.endedAt),
        failure: ended.failure && failureView(ended.failure, audience),
        runId: forOperators ? ended.runId : undefined,
        logStream: forOperators ? ended.logStream : undefined,
        usd: forOperators && ended.usdMicro !== undefined ? ended.usdMicro / 1_000_000 : undefined,
        billedSeconds: forOperators ? ended.billedSeconds : undefined,
      }),
    ),
    discardedAt: maybe(job.discarded?.at),
    runId: forOperators ? job.runId : undefined,
    hasSlot: forOperators ? job.hasSlot : undefined,
    signedBy: forOperators ? job.signedBy : undefined,
  });
}

export function failureView(failure: Failure, audience: Audience): FailureView {
  const { class: cls, code, exitCode, reason, logStream, root } = failure;
  const told = present({ class: cls, code, message: tenantMessage(failure), exitCode, root });
  return audience === 'tenant' ? told : present({ ...told, reason, logStream });
}

function progressView({ done, total, note, at }: NonNullable<JobRecord['progress']>) {
  const told = note === undefined ? undefined : shortened(withoutInternals(note), MAX_WORDS_CHARACTERS);
  return present({ done, total, note: told, at: iso(at) });
}

/** Field by field: a newer version may keep more in a result than tenants are to see. */
function resultView(result: NonNullable<JobRecord['result']>): NonNullable<JobView['result']> {
  if ('inline' in result) return { inline: result.inline };
  const { object, bytes, sha256, expiresAt } = result;
  return present({ object, bytes, sha256, expiresAt: maybe(expiresAt) });
}

const iso = (ms: number): string => new Date(ms).toISOString();
const maybe = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : iso(ms));

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the fields that are undefined: JSON has none. */
function present<T extends object>(fields: T): Present<T> {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Present<T>; // the same fields, less those that are undefined
}
