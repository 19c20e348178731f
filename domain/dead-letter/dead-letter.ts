/**
 * The content of the dead-letter queue: a message that cannot be a job, or a job that failed for good. Both keep the
 * original request as the body and the reason in attributes, so that SQS's own redrive sends what the service sent.
 */
import type { Problem } from '../errors.ts';
import { tenantMessage } from '../job/failure.ts';
import { IdempotencyKey, JOB_ID } from '../job/ids.ts';
import type { WholeJob } from '../job/parts.ts';
import type { JobRequest } from '../request/request.ts';

export interface DeadLetter {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A message of the front queue, as far as its dead letter repeats it. */
export interface RefusedMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The body is unchanged, so that SQS's own redrive sends what the service sent. The attributes say which job the message
 * is, so that a redrive finds the same one: a failed job that came back is still named, and a message without a key
 * carries the key that it would have had.
 */
export function refusedMessage(message: RefusedMessage, why: Problem, nowMs: number): DeadLetter {
  return {
    body: message.body,
    attributes: {
      code: why.code,
      pointer: attributeText(why.pointer === '' ? '/' : why.pointer),
      reason: attributeText(why.message),
      ...identityIn(message),
      refusedAt: new Date(nowMs).toISOString(),
    },
  };
}

/** What the letter of a failed job says of the job, besides why it failed. */
const FAILED_JOB_ATTRIBUTES = [
  'deadLetterOf',
  'class',
  'attempts',
  'firstFailureAt',
  'lastFailureAt',
  'cause',
] as const;

/** SQS takes ten attributes, so the letter of a failed job goes without the ids of the message that brought it back. */
function identityIn({ id, attributes }: RefusedMessage): Readonly<Record<string, string>> {
  if (failedJobIn({ attributes }) === undefined)
    return { messageId: id, effectiveKey: effectiveKeyOf({ id, attributes }) };
  const kept = FAILED_JOB_ATTRIBUTES.flatMap((name) => {
    const text = attributes[name] ?? '';
    return text === '' ? [] : [[name, attributeText(text)] as const];
  });
  return Object.fromEntries(kept);
}

/** The failed job that this message runs again, if it is the letter of one. Attributes are the sender's text, as the body is. */
export function failedJobIn({ attributes }: Pick<RefusedMessage, 'attributes'>): string | undefined {
  const jobId = attributes['deadLetterOf'];
  return jobId !== undefined && JOB_ID.test(jobId) ? jobId : undefined;
}

/**
 * The key of a message whose body names none: the key that a dead letter brought back, else the message id, which
 * redelivery keeps. SQS gives a redriven message another id, so the letter of a failed job whose record is gone has the
 * job's id as its key.
 */
export function effectiveKeyOf({ id, attributes }: Pick<RefusedMessage, 'id' | 'attributes'>): string {
  const brought = IdempotencyKey.safeParse(attributes['effectiveKey']);
  return brought.success ? brought.data : (failedJobIn({ attributes }) ?? id);
}

/**
 * The dead letter of a failed job. `deadLetterOf` makes a redrive a new job: intake finds the failed job by it, and
 * the record of the failed job says whether it was redriven or discarded already. `reason` is the sentence that its tenant
 * is told, `cause` is what AWS said, for the operator alone.
 */
export function failedJob(job: WholeJob): DeadLetter {
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
export function requestOf(job: WholeJob): JobRequest {
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
    group: job.group,
    tags: job.tags,
    metadata: job.metadata,
    traceparent: job.traceparent,
    dependsOn: job.dependsOn,
    onDependencyFailure: job.onDependencyFailure,
    dependencyTimeoutSeconds: job.dependencyTimeoutSeconds,
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
