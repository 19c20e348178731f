/**
 * The content of the dead-letter queue: a message that cannot be a job, or a job that failed for good. Both keep the
 * original request as the body and the reason in attributes, so that SQS's own redrive sends what the service sent.
 */
import type { Problem } from '../errors.ts';
import { tenantMessage } from '../job/failure.ts';
import type { JobRecord } from '../job/job.ts';
import type { JobRequest } from '../request/request.ts';

export interface DeadLetter {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The body is unchanged, so that SQS's own redrive sends what the service sent. A message without a key carries the
 * key that it would have had: a redriven message has another message id, and must not become another job.
 */
export function refusedMessage(
  body: string,
  why: Problem,
  messageId: string,
  effectiveKey: string,
  nowMs: number,
): DeadLetter {
  return {
    body,
    attributes: {
      code: why.code,
      pointer: attributeText(why.pointer === '' ? '/' : why.pointer),
      reason: attributeText(why.message),
      messageId,
      effectiveKey,
      refusedAt: new Date(nowMs).toISOString(),
    },
  };
}

/**
 * The dead letter of a failed job. `deadLetterOf` makes a redrive a new job: intake finds the failed job by it, and
 * the record of the failed job says whether it was redriven or discarded already. `reason` is the sentence that its tenant
 * is told, `cause` is what AWS said, for the operator alone.
 */
export function failedJob(job: JobRecord): DeadLetter {
  const failures = job.endedAttempts.filter(({ failure }) => failure !== undefined);
  const endedAt = job.finishedAt ?? job.stateAt;
  return {
    body: JSON.stringify(requestOf(job)),
    attributes: {
      code: attributeText(job.failure?.code ?? 'batch_failed'),
      class: job.failure?.class ?? 'platform',
      reason: attributeText(job.failure === undefined ? 'The job failed.' : tenantMessage(job.failure)),
      ...(job.failure?.reason === undefined ? {} : { cause: attributeText(job.failure.reason) }),
      attempts: String(job.attempt),
      firstFailureAt: new Date(failures[0]?.endedAt ?? endedAt).toISOString(),
      lastFailureAt: new Date(failures.at(-1)?.endedAt ?? endedAt).toISOString(),
      deadLetterOf: job.jobId,
    },
  };
}

/** The request as it was accepted; its fingerprint is the record's. */
export function requestOf(job: JobRecord): JobRequest {
  const fields: Record<keyof JobRequest, unknown> = {
    specVersion: '1',
    action: undefined,
    tenantId: job.tenantId,
    jobType: job.jobType,
    idempotencyKey: job.keyGiven === false ? undefined : job.idempotencyKey,
    input: job.input,
    inputRef: job.inputRef,
    runAt: job.runAt,
    delaySeconds: job.delaySeconds,
    ttlSeconds: job.ttlSeconds,
    deadlineSeconds: job.deadlineSeconds,
    timeoutSeconds: job.timeoutSeconds,
    priority: job.priority,
    concurrencyKey: job.concurrencyKey,
    tags: job.tags,
    metadata: job.metadata,
    traceparent: job.traceparent,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JobRequest; // each field was parsed by JobRequest when the job was accepted
}

/** SQS refuses a whole message for one control character in an attribute, and field names come from the sender. */
function attributeText(text: string): string {
  return [...text]
    .map((char) => (char >= ' ' && char <= '~' ? char : '?'))
    .join('')
    .slice(0, 512);
}
