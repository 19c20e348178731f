/** What the submit queue carries: requests for the next step of a job or a group, for a look at a waiting list, to tell dependants, and for a slice of an operation. */
import * as z from 'zod';
import type { Subject } from '../dependency/dependant.ts';
import { groupNamed } from '../dependency/dependency.ts';
import type { GroupName } from '../group/group.ts';
import { isBeforeTurn, MAX_DELAY_MS, waitsForPlatform } from '../job/due.ts';
import { GroupId, JOB_ID, OperationId, TenantId } from '../job/ids.ts';
import type { JobRecord } from '../job/job.ts';

/** Asks for the next step of an attempt. @example { "tenantId": "acme", "jobId": "job_…", "attempt": 1 } */
export const SubmitMessage = z.strictObject({
  tenantId: TenantId,
  jobId: z.string().regex(JOB_ID),
  attempt: z.int().positive(),
});
export type SubmitMessage = z.infer<typeof SubmitMessage>;

/**
 * Asks for a look at a tenant's waiting lists: after a change of its caps, or because an earlier look was not through. The place
 * in `after` was meant by an earlier version.
 */
export const WakeMessage = z.strictObject({ wake: TenantId, after: z.string().max(128).optional() });
export type WakeMessage = z.infer<typeof WakeMessage>;

/** The id of a job, or `group:` and the name of a group. */
const Name = z.union([z.string().regex(JOB_ID), z.templateLiteral(['group:', GroupId])]);

/** Asks to go on telling those that wait for a job or a group: after so many of them another message goes on. */
export const TellMessage = z.strictObject({
  tell: Name,
  tenantId: TenantId,
  /** The last one that was told. */
  after: Name,
});
export type TellMessage = z.infer<typeof TellMessage>;

/** Asks for the next step of a group. */
export const GroupMessage = z.strictObject({ group: GroupId, tenantId: TenantId });
export type GroupMessage = z.infer<typeof GroupMessage>;

/** Asks for the next slice of an operation, if it is as it was when this was sent. */
export const OperationMessage = z.strictObject({ operation: OperationId, version: z.int() });
export type OperationMessage = z.infer<typeof OperationMessage>;

/** What the submit queue carries. */
export const SubmitQueueMessage = z.union([
  SubmitMessage,
  WakeMessage,
  TellMessage,
  GroupMessage,
  OperationMessage,
]);

export interface Asking {
  readonly body: string;
  readonly groupId: string;
  readonly delaySeconds?: number;
}

/**
 * The message for the job's next step, as its record says; none when the next step is not ours or is too far ahead.
 * It may be sent more than once: the submit step reads the record first.
 */
export function nextStepMessage(job: JobRecord, nowMs: number): Asking | undefined {
  if (isBeforeTurn(job, nowMs)) return askingAt(job, job.attempt, job.turnAt, nowMs);
  switch (job.state) {
    case 'waiting':
      return waitsForPlatform(job)
        ? askingAt(job, job.attempt, job.nextAttemptAt, nowMs)
        : asking(job, job.attempt);
    case 'blocked':
    case 'submitting':
    case 'cancelling':
      return asking(job, job.attempt);
    case 'scheduled':
      return askingAt(job, job.attempt, job.eligibleAt ?? nowMs, nowMs);
    case 'retrying':
      return askingAt(job, job.attempt + 1, job.nextAttemptAt ?? nowMs, nowMs);
    default:
      return undefined;
  }
}

function askingAt(job: JobRecord, attempt: number, atMs: number, nowMs: number): Asking | undefined {
  if (atMs - nowMs > MAX_DELAY_MS) return undefined;
  return { ...asking(job, attempt), delaySeconds: Math.max(0, (atMs - nowMs) / 1000) };
}

/** SQS serves message groups fairly, so a flood of one tenant does not delay the others. */
export function asking({ tenantId, jobId }: Pick<JobRecord, 'tenantId' | 'jobId'>, attempt: number): Asking {
  const message: SubmitMessage = { tenantId, jobId, attempt };
  return { body: JSON.stringify(message), groupId: tenantId };
}

export function wakeMessage(tenantId: string): Asking {
  const message: WakeMessage = { wake: tenantId };
  return { body: JSON.stringify(message), groupId: tenantId };
}

export function groupMessage({ tenantId, groupId }: GroupName): Asking {
  const message: GroupMessage = { group: groupId, tenantId };
  return { body: JSON.stringify(message), groupId: tenantId };
}

/** For the next step of what waits: of a job, or of a group. */
export function askingFor({ tenantId, name }: Subject): Asking {
  const groupId = groupNamed(name);
  return groupId === undefined ? asking({ tenantId, jobId: name }, 1) : groupMessage({ tenantId, groupId });
}

export function tellMessage({ tenantId, name }: Subject, after: string): Asking {
  const message = { tell: name, tenantId, after };
  return { body: JSON.stringify(message), groupId: tenantId };
}

export function operationMessage(
  { operationId, version }: { readonly operationId: string; readonly version: number },
  delaySeconds = 0,
): Asking {
  const message: OperationMessage = { operation: operationId, version };
  return { body: JSON.stringify(message), groupId: operationId, delaySeconds };
}
