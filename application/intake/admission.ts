/**
 * One message of the front queue, step by step: the record that it leaves, or why it cannot be a job.
 *
 * Ids and fingerprints are made of the message alone, so a repeated message finds the record of its first copy.
 */
import { type Problem, problem } from '../../domain/errors.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { redrivenAs } from '../../domain/job/redrive.ts';
import { admit, type Circumstances, newJob } from '../../domain/request/admission.ts';
import type { JobRequest, ParsedRequest } from '../../domain/request/request.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Message } from '../../io/aws/lambda.ts';
import { changeJob } from '../job/decide-job.ts';
import { type CancelPorts, cancel } from './cancel.ts';
import { type Identified, identify } from './identify.ts';
import { type RecordPorts, record, recordedBefore } from './record.ts';

export interface AdmissionPorts extends CancelPorts, RecordPorts {
  readonly jobs: CancelPorts['jobs'] & RecordPorts['jobs'];
  readonly defaults: TenantDefaults;
  readonly bucket: string;
  readonly objectDays: number;
}

/** The tenants of a batch of messages. */
export interface TenantsOfBatch {
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** How many of their jobs wait for a slot. */
  readonly backlogs: ReadonlyMap<string, number>;
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
  known: TenantsOfBatch,
): Promise<IntakeResult> {
  switch (parsed.kind) {
    case 'refused':
      return refuse(ports, message, parsed.problem);
    case 'cancel': {
      const job = await cancel(ports, parsed.cancel);
      return job === undefined ? { kind: 'ignored' } : { kind: 'taken', job, isNew: false, repeated: false };
    }
    case 'submit': {
      const identified = await identify(ports, message, parsed.request);
      if (identified.kind === 'ignored') return { kind: 'ignored' };
      if (identified.kind === 'conflict') return refuse(ports, message, identified.problem);
      return takeJob(ports, message, { ...identified, request: parsed.request }, known);
    }
  }
}

/** A request that may become a job, and which job that is. */
type Asked = Extract<Identified, { readonly kind: 'job' }> & { readonly request: JobRequest };

async function takeJob(
  ports: AdmissionPorts,
  message: Message,
  { request, identity, parent }: Asked,
  known: TenantsOfBatch,
): Promise<IntakeResult> {
  const nowMs = ports.clock.nowMs();
  const admission = admit(request, circumstancesOf(ports, known, request.tenantId));
  const outcome =
    admission.kind === 'admitted'
      ? await record(ports, newJob(request, identity, nowMs, admission.clampedPriority), message.id)
      : ((await recordedBefore(ports, identity)) ?? admission);
  if (outcome.kind === 'refused') return refuse(ports, message, outcome.problem);
  if (outcome.kind === 'conflict') {
    const conflict = `The key belongs to ${identity.jobId}, whose message had another body.`;
    return refuse(ports, message, problem('idempotency_conflict', '/idempotencyKey', conflict));
  }
  // The child first: both ids are known before, and after a crash in between the message is delivered again.
  if (parent !== undefined)
    await changeJob(ports.jobs, parent, (current) => redrivenAs(current, identity.jobId, nowMs));
  const isNew = outcome.kind === 'recorded';
  return { kind: 'taken', job: outcome.job, isNew, repeated: !isNew && parent === undefined };
}

function circumstancesOf(
  { types, bucket, objectDays, defaults, clock }: AdmissionPorts,
  { tenants, backlogs }: TenantsOfBatch,
  tenantId: string,
): Circumstances {
  return {
    policy: policyOf(tenants.get(tenantId), defaults),
    waiting: backlogs.get(tenantId) ?? 0,
    types,
    bucket,
    objectDays,
    nowMs: clock.nowMs(),
  };
}

function refuse(ports: AdmissionPorts, message: Message, why: Problem): IntakeResult {
  ports.log.info('message:refuse:done', { messageId: message.id, code: why.code });
  return { kind: 'refused', problem: why };
}
