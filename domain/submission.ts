/** What a submit message asks for, given the record as it is now; and what SubmitJob is asked. */
import { z } from 'zod';
import { batchJobName, JOB_ID, shareIdentifier } from './identity.ts';
import { isFinal, type JobRecord } from './job.ts';
import type { JobType } from './job-type.ts';

/** The submit queue's message. @example { "jobId": "job_…", "attempt": 1 } */
export const SubmitMessage = z.strictObject({ jobId: z.string().regex(JOB_ID), attempt: z.int().positive() });
export type SubmitMessage = z.infer<typeof SubmitMessage>;

/** The message that asks for the job's current attempt. The group lets SQS serve other tenants first while one floods. */
export function submitMessage(job: JobRecord): { body: string; groupId: string } {
  return asked(job, job.attempt);
}

/** The message that asks for the attempt after the one that failed. */
export function nextAttemptMessage(job: JobRecord): { body: string; groupId: string } {
  return asked(job, job.attempt + 1);
}

function asked(job: JobRecord, attempt: number) {
  const message: SubmitMessage = { jobId: job.jobId, attempt };
  return { body: JSON.stringify(message), groupId: job.tenantId };
}

export type SubmitPlan =
  /** Nothing left to do for this attempt: someone else did it, or it is over. */
  | { readonly kind: 'done' }
  /** The backoff of the attempt before is over: begin the next, then plan again. */
  | { readonly kind: 'begin_attempt' }
  | { readonly kind: 'later'; readonly atMs: number }
  /** Write the intent, then call SubmitJob. */
  | { readonly kind: 'call' }
  /** A call was opened and never answered, and can no longer be travelling: ask Batch by name. */
  | { readonly kind: 'resolve' };

/** @param settleMs how long after a call's deadline Batch's listing is trusted to show what the call created */
export function planSubmission(
  job: JobRecord | undefined,
  asked: SubmitMessage,
  nowMs: number,
  settleMs: number,
): SubmitPlan {
  if (job === undefined || isFinal(job.state)) return { kind: 'done' };
  if (job.state === 'retrying' && asked.attempt === job.attempt + 1) {
    const atMs = job.nextAttemptAt ?? nowMs;
    return atMs <= nowMs ? { kind: 'begin_attempt' } : { kind: 'later', atMs };
  }
  if (asked.attempt !== job.attempt) return { kind: 'done' };
  if (job.state === 'waiting') return { kind: 'call' };
  const unanswered =
    (job.state === 'submitting' || job.state === 'cancelling') && job.batchJobId === undefined;
  if (!unanswered) return { kind: 'done' };
  if (job.callOpen === false) return job.state === 'submitting' ? { kind: 'call' } : { kind: 'done' };
  const settledAt = (job.callDeadlineAt ?? job.stateAt) + settleMs;
  return settledAt <= nowMs ? { kind: 'resolve' } : { kind: 'later', atMs: settledAt };
}

/** Batch's SubmitJob, in the words of its API. Every value is ours or was checked: tenants never name a command. */
export interface SubmitRequest {
  readonly jobName: string;
  readonly jobQueue: string;
  readonly jobDefinition: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeout: { readonly attemptDurationSeconds: number };
  readonly shareIdentifier: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly propagateTags: true;
}

export interface Targets {
  readonly queues: Readonly<Record<JobType['queue'], string>>;
  readonly definitions: Readonly<Record<JobType['definition'], string>>;
}

/** The container gets ids, never the input: SubmitJob carries 30 KiB, and whoever may describe jobs may read it all. */
export function submitRequest(job: JobRecord, type: JobType, targets: Targets): SubmitRequest {
  return {
    jobName: batchJobName(job.jobId, job.attempt),
    jobQueue: targets.queues[type.queue],
    jobDefinition: targets.definitions[type.definition],
    parameters: { batchType: type.id, jobId: job.jobId, attempt: String(job.attempt) },
    timeout: { attemptDurationSeconds: job.timeoutSeconds ?? type.timeoutSeconds.default },
    shareIdentifier: shareIdentifier(job.tenantId),
    tags: { ...job.tags, 'headgate:tenant': job.tenantId, 'headgate:job': job.jobId },
    propagateTags: true,
  };
}
