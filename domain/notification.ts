/** What the world is told of a job: the events on the bus, which are also the bodies of the webhooks. */
import { z } from 'zod';
import { isFinal, type JobRecord, JobState } from './job.ts';
import { bytesOf } from './request.ts';

/** `job.accepted` is told once, when the record is made; every other event carries the name of the state entered. */
export function eventType(job: JobRecord): string {
  return job.version === 1 ? 'job.accepted' : `job.${job.state}`;
}

/** What an endpoint may ask for. The bus carries every change of state; the rule in resources/events.yml lets these pass. */
export const WEBHOOK_EVENTS = [
  'job.accepted',
  'job.running',
  'job.retrying',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
  'job.expired',
] as const;

/**
 * The event detail and webhook body. Thin on purpose: ids, state, times and pointers; no input, no secrets.
 * `sequence` grows with every state a job enters, so a receiver can drop what comes late.
 * @see https://www.standardwebhooks.com, payload structure: type, timestamp, data
 */
export const LifecycleEvent = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.object({
    jobId: z.string(),
    tenantId: z.string(),
    jobType: z.string(),
    idempotencyKey: z.string(),
    status: JobState,
    sequence: z.int().positive(),
    attempt: z.int().positive(),
    batchJobId: z.string().optional(),
    createdAt: z.string(),
    startedAt: z.string().optional(),
    finishedAt: z.string().optional(),
    nextAttemptAt: z.string().optional(),
    result: z.json().optional(),
    failure: z.json().optional(),
    metadata: z.record(z.string(), z.json()).optional(),
  }),
});
export type LifecycleEvent = z.infer<typeof LifecycleEvent>;

/** An inline result above this stays in the record and is fetched from there: a webhook body is kept under 20 kB. */
const MAX_INLINE_RESULT_BYTES = 8 * 1024;
/** A worker's complaint may be long; the record has it whole. */
const MAX_MESSAGE_CHARACTERS = 1000;

export function lifecycleEvent(job: JobRecord): LifecycleEvent {
  const { jobId, tenantId, jobType, idempotencyKey, attempt, metadata } = job;
  const times = { startedAt: job.startedAt, finishedAt: job.finishedAt, nextAttemptAt: job.nextAttemptAt };
  return {
    type: eventType(job),
    timestamp: iso(job.stateAt),
    data: {
      jobId,
      tenantId,
      jobType,
      idempotencyKey,
      status: job.state,
      sequence: job.stateVersion,
      attempt,
      ...(job.batchJobId === undefined ? {} : { batchJobId: job.batchJobId }),
      createdAt: iso(job.createdAt),
      ...Object.fromEntries(
        Object.entries(times).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, iso(ms)]])),
      ),
      ...(job.state === 'succeeded' && job.result !== undefined ? { result: toldResult(job.result) } : {}),
      ...(tellsFailure(job) ? { failure: toldFailure(job.failure) } : {}),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

/** The end of a job is owed to its tenant until notify has settled it; whoever meets it unsettled tells it again. */
export function isOwed(job: JobRecord): boolean {
  return isFinal(job.state) && job.settled !== true;
}

function toldResult(result: NonNullable<JobRecord['result']>) {
  if (!('inline' in result)) return result;
  return bytesOf(JSON.stringify(result.inline)) <= MAX_INLINE_RESULT_BYTES ? result : { inRecord: true };
}

function tellsFailure(job: JobRecord): job is JobRecord & { failure: NonNullable<JobRecord['failure']> } {
  return job.failure !== undefined && (job.state === 'failed' || job.state === 'retrying');
}

/** The log stream's name is the operator's business: tenants cannot open it. */
function toldFailure({ class: cls, code, message, exitCode }: NonNullable<JobRecord['failure']>) {
  return {
    class: cls,
    code,
    message: message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed(),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
