/**
 * One message of the front queue, step by step: the record that it leaves, or why it cannot be a job.
 *
 * Ids and fingerprints are made of the message alone, so a repeated message finds the record of its first copy.
 */
import { type DeadLetter, refusedMessage } from '../../domain/dead-letter/dead-letter.ts';
import { type Problem, problem } from '../../domain/errors.ts';
import { advance } from '../../domain/job/advance.ts';
import { IdempotencyKey } from '../../domain/job/ids.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Priority } from '../../domain/job/priority.ts';
import { judgeRedrive, redrivenAs } from '../../domain/job/redrive.ts';
import { binds, type Tombstone, tombstoneFor } from '../../domain/job/tombstone.ts';
import { admit, type Circumstances, type Identity, newJob } from '../../domain/request/admission.ts';
import type { CancelRequest, JobRequest, ParsedRequest } from '../../domain/request/request.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { contextOf } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { childIdOf, fingerprintOf, jobIdOf } from '../job/identity.ts';

export interface AdmissionPorts {
  readonly jobs: Pick<JobStore, 'create' | 'createOver' | 'leaveTombstone' | 'get' | 'replace'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly types: JobTypes;
  readonly defaults: TenantDefaults;
  readonly bucket: string;
}

/** The tenants of a batch of messages. */
export interface Known {
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** How many of their jobs wait for a slot. */
  readonly backlogs: ReadonlyMap<string, number>;
}

/** The result for a message: a dead letter, a record to dispatch, or nothing to send. */
export type IntakeResult =
  | { readonly kind: 'refused'; readonly letter: DeadLetter }
  | { readonly kind: 'taken'; readonly job: JobRecord }
  | { readonly kind: 'ignored' };

/** @throws when the table does not answer: the message is delivered again */
export async function take(
  ports: AdmissionPorts,
  message: Message,
  parsed: ParsedRequest,
  known: Known,
): Promise<IntakeResult> {
  switch (parsed.kind) {
    case 'refused':
      return refuse(ports, message, parsed.problem);
    case 'cancel':
      return cancel(ports, parsed.cancel);
    case 'submit': {
      const { request } = parsed;
      const admission = admit(request, circumstancesOf(ports, known, request.tenantId));
      if (admission.kind === 'refused') return refuseUnlessKnown(ports, message, request, admission.problem);
      const asking: Asking = { message, request, clampedPriority: admission.clampedPriority };
      const parentId = message.attributes['deadLetterOf'];
      return parentId === undefined
        ? record(ports, asking, identityOf(message, request))
        : redrive(ports, asking, parentId);
    }
  }
}

function circumstancesOf(
  { types, bucket, defaults, clock }: AdmissionPorts,
  { tenants, backlogs }: Known,
  tenantId: string,
): Circumstances {
  return {
    policy: policyOf(tenants.get(tenantId), defaults),
    waiting: backlogs.get(tenantId) ?? 0,
    types,
    bucket,
    nowMs: clock.nowMs(),
  };
}

/** A full waiting list refuses new jobs. A repeated message is not a new job. */
async function refuseUnlessKnown(
  ports: AdmissionPorts,
  message: Message,
  request: JobRequest,
  problem: Problem,
): Promise<IntakeResult> {
  const identity = identityOf(message, request);
  const known = problem.code === 'quota_waiting' ? await ports.jobs.get(identity.jobId) : undefined;
  return known?.fingerprint === identity.fingerprint
    ? { kind: 'taken', job: known }
    : refuse(ports, message, problem);
}

/** The key that a dead letter carries, else the message's own id, which a redelivery keeps. */
function effectiveKey(message: Message): string {
  // An attribute is untrusted text, like the body.
  const brought = IdempotencyKey.safeParse(message.attributes['effectiveKey']);
  return brought.success ? brought.data : message.id;
}

function identityOf(message: Message, request: JobRequest): Identity {
  const idempotencyKey = request.idempotencyKey ?? effectiveKey(message);
  return {
    jobId: jobIdOf(request.tenantId, idempotencyKey),
    idempotencyKey,
    ...(request.idempotencyKey === undefined ? { keyGiven: false as const } : {}),
    fingerprint: fingerprintOf(request),
  };
}

/** A request that may become a job. */
interface Asking {
  readonly message: Message;
  readonly request: JobRequest;
  readonly clampedPriority: Priority | undefined;
}

async function record(ports: AdmissionPorts, asking: Asking, identity: Identity): Promise<IntakeResult> {
  const { message, request, clampedPriority } = asking;
  const { jobId } = identity;
  const job = newJob(request, identity, ports.clock.nowMs(), clampedPriority);
  const created = await ports.jobs.create(job);
  ports.log.info(`job:record:${created.kind}`, { jobId, tenantId: job.tenantId, messageId: message.id });
  if (created.kind === 'tombstone') return recordOver(ports, job, created.tombstone);
  if (created.kind === 'exists' && created.job.fingerprint !== job.fingerprint) {
    const conflict = `The key belongs to ${jobId}, whose message had another body.`;
    return refuse(ports, message, problem('idempotency_conflict', '/idempotencyKey', conflict));
  }
  return { kind: 'taken', job: created.kind === 'exists' ? created.job : job };
}

/** A cancel arrived first: the job is recorded as cancelled, so that its tenant is notified. */
async function recordOver(
  ports: AdmissionPorts,
  job: JobRecord,
  tombstone: Tombstone,
): Promise<IntakeResult> {
  const nowMs = ports.clock.nowMs();
  const cancelled =
    binds(tombstone, job.tenantId, nowMs) && advance(job, { kind: 'cancel' }, contextOf(ports, job));
  const stored = cancelled || job;
  // Lost: another copy of this message was faster, and its handler dispatches the job.
  if ((await ports.jobs.createOver(tombstone, stored)) === 'lost') return { kind: 'ignored' };
  return { kind: 'taken', job: stored };
}

/** A redriven dead letter, by our own redrive or by SQS's. */
async function redrive(ports: AdmissionPorts, asking: Asking, parentId: string): Promise<IntakeResult> {
  const { message, request } = asking;
  const parent = await ports.jobs.get(parentId);
  // The record of the failed job is gone, so this is a new job.
  if (parent === undefined) return record(ports, asking, identityOf(message, request));
  const fingerprint = fingerprintOf(request);
  const verdict = judgeRedrive(parent, request.tenantId, fingerprint);
  ports.log.info(`letter:redrive:${verdict.kind}`, { jobId: parentId, messageId: message.id });
  if (verdict.kind === 'ignored') return { kind: 'ignored' };
  if (verdict.kind === 'conflict') {
    const conflict = `Expected the request of ${parentId} unchanged; send an edited one as a new job.`;
    return refuse(ports, message, problem('idempotency_conflict', '', conflict));
  }
  const jobId = childIdOf(parentId);
  const { idempotencyKey, keyGiven } = parent;
  const identity = {
    jobId,
    idempotencyKey,
    ...(keyGiven === false ? { keyGiven } : {}),
    fingerprint,
    parent: parentId,
  };
  const outcome = await record(ports, asking, identity);
  // The child first: both ids are known before, and after a crash in between the message is delivered again.
  await changeJob(ports.jobs, parent, (current) => redrivenAs(current, jobId, ports.clock.nowMs()));
  return outcome;
}

/** A repeated cancel has no effect, nor has a cancel of a final job. */
async function cancel(ports: AdmissionPorts, asked: CancelRequest): Promise<IntakeResult> {
  const { tenantId } = asked;
  const jobId = asked.jobId ?? jobIdOf(tenantId, asked.idempotencyKey ?? '');
  const job = (await ports.jobs.get(jobId)) ?? (await tombstoneOrJob(ports, jobId, tenantId));
  // A cancel of another tenant's job is treated as one of an unknown job.
  if (job === undefined || job.tenantId !== tenantId) {
    ports.log.info('job:cancel:unknown', { jobId, tenantId });
    return { kind: 'ignored' };
  }
  const changed = await changeJob(ports.jobs, job, (current) =>
    advance(current, { kind: 'cancel' }, contextOf(ports, current)),
  );
  ports.log.info(`job:cancel:${changed.kind}`, { jobId, tenantId, to: changed.job.state });
  return { kind: 'taken', job: changed.job };
}

async function tombstoneOrJob(
  ports: AdmissionPorts,
  jobId: string,
  tenantId: string,
): Promise<JobRecord | undefined> {
  const left = await ports.jobs.leaveTombstone(tombstoneFor(jobId, tenantId, ports.clock.nowMs()));
  return left === 'written' ? undefined : ports.jobs.get(jobId);
}

function refuse(ports: AdmissionPorts, message: Message, why: Problem): IntakeResult {
  ports.log.info('message:refuse:done', { messageId: message.id, code: why.code });
  const letter = refusedMessage(message.body, why, message.id, effectiveKey(message), ports.clock.nowMs());
  return { kind: 'refused', letter };
}
