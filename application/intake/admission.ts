/**
 * One message of the front queue, step by step: the record that it leaves, or why it cannot be a job.
 *
 * Ids and fingerprints are made of the message alone, so a repeated message finds the record of its first copy.
 */
import { effectiveKeyOf } from '../../domain/dead-letter/dead-letter.ts';
import { dependencyProblem, nameOfGroup } from '../../domain/dependency/dependency.ts';
import { type Problem, problem } from '../../domain/errors.ts';
import type { JobRecord, SignedBy } from '../../domain/job/job.ts';
import { redrivenAs } from '../../domain/job/redrive.ts';
import { refused } from '../../domain/metrics/job-metrics.ts';
import { type Admission, admit, type Circumstances, newJob } from '../../domain/request/admission.ts';
import type { JobRequest, ParsedRequest } from '../../domain/request/request.ts';
import type { UsedBudget } from '../../domain/tenant/budget.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Message } from '../../io/aws/lambda.ts';
import { type TellPorts, tellDependantsOf } from '../dependency/tell.ts';
import { walkGroupAgain } from '../group/again.ts';
import { type ArrayPorts, takeArray } from '../group/array.ts';
import { type JoinPorts, joinGroup } from '../group/join.ts';
import { cancelGroup, type SealPorts, sealGroup } from '../group/seal.ts';
import { changeJob } from '../job/decide-job.ts';
import { awaitedBy } from '../job/identity.ts';
import { type CancelPorts, cancel } from './cancel.ts';
import { type Identified, identify } from './identify.ts';
import { type RecordPorts, record, recordedBefore } from './record.ts';

export interface AdmissionPorts extends CancelPorts, RecordPorts, TellPorts {
  readonly jobs: CancelPorts['jobs'] & RecordPorts['jobs'];
  readonly groups: JoinPorts['groups'] & SealPorts['groups'];
  readonly arrayItems: ArrayPorts['arrayItems'];
  readonly defaults: TenantDefaults;
  readonly bucket: string;
  readonly objectDays: number;
}

/** What is known before a batch of messages is taken. */
export interface KnownOfBatch {
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** How many of their jobs wait for a slot. */
  readonly backlogs: ReadonlyMap<string, number>;
  /** Jobs of one moment can share a roll. */
  readonly nowMs: number;
  /** Of those that have used theirs. */
  readonly budgets: ReadonlyMap<string, UsedBudget>;
  /** Of requests over HTTP by a credential that was signed. */
  readonly signedBy?: SignedBy | undefined;
}

/** The result for a message: why it cannot be a job, a record to dispatch, or nothing to do. */
export type IntakeResult =
  | { readonly kind: 'refused'; readonly problem: Problem }
  | Taken
  | { readonly kind: 'ignored' };

export interface Taken {
  readonly kind: 'taken';
  readonly job: JobRecord;
  /** Whether this message made the record. */
  readonly isNew: boolean;
  /** Whether the message asked for a job that was there before, other than by the letter of a failed one. */
  readonly repeated: boolean;
}

/** @throws when the table does not answer: the message is delivered again */
export async function take(
  ports: AdmissionPorts,
  message: Message,
  parsed: ParsedRequest,
  known: KnownOfBatch,
): Promise<IntakeResult> {
  if (isOfLeaver(parsed, known)) return { kind: 'ignored' };
  switch (parsed.kind) {
    case 'refused':
      return refuse(ports, message, parsed.problem);
    case 'group': {
      const { asked } = parsed;
      const name = { tenantId: asked.tenantId, groupId: asked.group };
      if (asked.action === 'group.cancel') await cancelGroup(ports, name);
      else {
        const { expect, groupTimeoutSeconds: timeoutSeconds } = asked;
        const done = await sealGroup(ports, name, { expect, timeoutSeconds });
        if (done.kind === 'refused') return refuse(ports, message, done.problem);
      }
      return { kind: 'ignored' };
    }
    case 'cancel': {
      const job = await cancel(ports, parsed.cancel);
      return job === undefined ? { kind: 'ignored' } : { kind: 'taken', job, isNew: false, repeated: false };
    }
    case 'array': {
      const { request } = parsed;
      const key = request.idempotencyKey ?? effectiveKeyOf(message);
      const done = await takeArray(ports, request, key, circumstancesOf(ports, known, request.tenantId));
      return done.kind === 'refused' ? refuse(ports, message, done.problem) : { kind: 'ignored' };
    }
    case 'submit': {
      const identified = await identify(ports, message, parsed.request);
      if (identified.kind === 'ignored') return { kind: 'ignored' };
      if (identified.kind === 'conflict') return refuse(ports, message, identified.problem);
      return takeJob(ports, message, { ...identified, request: parsed.request }, known);
    }
  }
}

/** A cancel, or a word about a group, of a tenant that is being erased would leave a row behind. A submission is refused by its policy. */
function isOfLeaver(parsed: ParsedRequest, { tenants }: KnownOfBatch): boolean {
  if (parsed.kind !== 'cancel' && parsed.kind !== 'group') return false;
  const { tenantId } = parsed.kind === 'cancel' ? parsed.cancel : parsed.asked;
  return tenants.get(tenantId)?.erasedBy !== undefined;
}

/** A request that may become a job, and which job that is. */
type Asked = Extract<Identified, { readonly kind: 'job' }> & { readonly request: JobRequest };

async function takeJob(
  ports: AdmissionPorts,
  message: Message,
  { request, identity, parent }: Asked,
  known: KnownOfBatch,
): Promise<IntakeResult> {
  const { nowMs, signedBy } = known;
  const own = [identity.jobId, ...(request.group === undefined ? [] : [nameOfGroup(request.group)])];
  const impossible = dependencyProblem(own, awaitedBy(request));
  if (impossible !== undefined) return refuse(ports, message, impossible);
  const admission = await admittedToGroup(
    ports,
    { request, identity, isRedrive: parent !== undefined },
    admit(request, circumstancesOf(ports, known, request.tenantId)),
  );
  const outcome =
    admission.kind === 'admitted'
      ? await record(
          ports,
          {
            ...newJob(request, identity, nowMs, admission.clampedPriority),
            ...(signedBy && { signedBy }),
          },
          message.id,
        )
      : ((await recordedBefore(ports, identity)) ?? admission);
  if (outcome.kind === 'refused') return refuse(ports, message, outcome.problem);
  if (outcome.kind === 'conflict') {
    const conflict = `The key belongs to ${identity.jobId}, whose message had another body.`;
    return refuse(ports, message, problem('idempotency_conflict', '/idempotencyKey', conflict));
  }
  // The child first: both ids are known before, and after a crash in between the message is delivered again.
  if (parent !== undefined) {
    const { job } = await changeJob(ports.jobs, parent, (current) =>
      redrivenAs(current, identity.jobId, nowMs),
    );
    // Those that hold for the failed job wait for its child from now on. Also after a repeat: the first may have died here.
    await tellDependantsOf(ports, job);
    await walkGroupAgain(ports, job);
  }
  const isNew = outcome.kind === 'recorded';
  return { kind: 'taken', job: outcome.job, isNew, repeated: !isNew && parent === undefined };
}

/**
 * A job joins its group before it has a record, so that no row is without its job for long, and none of a group that is over. A
 * redrive is no member itself: its group follows from the job that it runs again.
 */
async function admittedToGroup(
  ports: AdmissionPorts,
  {
    request: { tenantId, group: groupId },
    identity,
    isRedrive,
  }: Pick<Asked, 'request' | 'identity'> & { readonly isRedrive: boolean },
  admission: Admission,
): Promise<Admission> {
  if (admission.kind === 'refused' || groupId === undefined || isRedrive) return admission;
  // A repeated message finds its record, and a key of another job names no member.
  if ((await ports.jobs.get(identity.jobId)) !== undefined) return admission;
  const why = await joinGroup(ports, { tenantId, groupId }, identity.jobId);
  return why === undefined ? admission : { kind: 'refused', problem: why };
}

/** What admission knows when it judges a request. */
export function circumstancesOf(
  {
    types,
    bucket,
    objectDays,
    defaults,
  }: Pick<AdmissionPorts, 'types' | 'bucket' | 'objectDays' | 'defaults'>,
  { tenants, backlogs, budgets, nowMs }: KnownOfBatch,
  tenantId: string,
): Circumstances {
  return {
    policy: policyOf(tenants.get(tenantId), defaults),
    waiting: backlogs.get(tenantId) ?? 0,
    budget: budgets.get(tenantId),
    types,
    bucket,
    objectDays,
    nowMs,
  };
}

/** Counted and logged by its code, whichever door it came by. */
export function refuse(
  ports: Pick<AdmissionPorts, 'log'>,
  message: Pick<Message, 'id'>,
  why: Problem,
): { readonly kind: 'refused'; readonly problem: Problem } {
  ports.log.info('message:refuse:done', { messageId: message.id, code: why.code }, refused(why.code));
  return { kind: 'refused', problem: why };
}
