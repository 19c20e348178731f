/**
 * Which job a message is. This is decided before anything asks what its tenant may do now: a message that is refused, or
 * taken for a repetition, before its identity is known could take a failed job with it.
 */
import { effectiveKeyOf, failedJobIn } from '../../domain/dead-letter/dead-letter.ts';
import { type Problem, problem } from '../../domain/errors.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { classifyRedrive, type RedriveVerdict } from '../../domain/job/redrive.ts';
import type { Identity } from '../../domain/request/admission.ts';
import type { JobRequest } from '../../domain/request/request.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { childIdOf, fingerprintOf, jobIdOf } from '../job/identity.ts';

export type Identified =
  /** `parent`: the failed job that this one runs again. */
  | { readonly kind: 'job'; readonly identity: Identity; readonly parent?: JobRecord }
  /** A copy of a dead letter of which nothing may run. */
  | { readonly kind: 'ignored' }
  /** It claims to be another job's letter. */
  | { readonly kind: 'conflict'; readonly problem: Problem };

/** @throws when the table does not answer: the message is delivered again */
export async function identify(
  ports: { readonly jobs: Pick<JobStore, 'get'>; readonly log: Log },
  message: Message,
  request: JobRequest,
): Promise<Identified> {
  const parentId = failedJobIn(message);
  const parent = parentId === undefined ? undefined : await ports.jobs.get(parentId);
  // Without a record of the failed job this is a new job.
  if (parent === undefined) return { kind: 'job', identity: identityOf(message, request) };
  const fingerprint = fingerprintOf(request);
  const verdict = await verdictOn(ports.jobs, parent, request.tenantId, fingerprint);
  ports.log.info(`letter:redrive:${verdict.kind}`, { jobId: parent.jobId, messageId: message.id });
  switch (verdict.kind) {
    case 'ignored':
      return { kind: 'ignored' };
    case 'conflict': {
      const conflict = `Expected the request of ${parent.jobId} unchanged; send an edited one as a new job.`;
      return { kind: 'conflict', problem: problem('idempotency_conflict', '', conflict) };
    }
    case 'child': {
      const { jobId, idempotencyKey, keyGiven, keyCap } = parent;
      const identity = {
        jobId: childIdOf(jobId),
        idempotencyKey,
        ...(keyGiven === false ? { keyGiven } : {}),
        ...(keyCap === undefined ? {} : { keyCap }),
        fingerprint,
        parent: jobId,
      };
      return { kind: 'job', identity, parent };
    }
  }
}

/**
 * A job that was discarded after its child was recorded, and before it knew of it, still has that child: the message that made
 * the child has died in between, and is here again.
 */
async function verdictOn(
  jobs: Pick<JobStore, 'get'>,
  parent: JobRecord,
  tenantId: string,
  fingerprint: string,
): Promise<RedriveVerdict> {
  const verdict = classifyRedrive(parent, tenantId, fingerprint);
  if (verdict.kind !== 'ignored' || verdict.why !== 'discarded') return verdict;
  return (await jobs.get(childIdOf(parent.jobId))) === undefined ? verdict : { kind: 'child' };
}

function identityOf(message: Message, request: JobRequest): Identity {
  const idempotencyKey = request.idempotencyKey ?? effectiveKeyOf(message);
  return {
    jobId: jobIdOf(request.tenantId, idempotencyKey),
    idempotencyKey,
    ...(request.idempotencyKey === undefined ? { keyGiven: false as const } : {}),
    fingerprint: fingerprintOf(request),
  };
}
