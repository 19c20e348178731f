/** A trial of a message: the decisions of intake and of the gate, without a write. */
import type { JobTypes } from '../../domain/job/job-type.ts';
import { admit, newJob } from '../../domain/request/admission.ts';
import { type JobRequest, parseRequest } from '../../domain/request/request.ts';
import { decide, obstacleText } from '../../domain/tenant/gate.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { fingerprintOf, jobIdOf } from '../job/identity.ts';
import { readAccount } from './tenant-admin.ts';

export interface TrialPorts {
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly gates: Pick<GateStore, 'load'>;
  readonly waiting: Pick<WaitingStore, 'count'>;
  readonly jobs: Pick<JobStore, 'get'>;
  readonly clock: Clock;
  /** Of the stage; 0 is none. */
  readonly defaultCap: number;
}

/** The defaults of a stage are its parameters; a trial uses the template's unless options say otherwise. */
const defaults: TenantDefaults = {
  admitUnknown: false,
  cap: 0,
  waitingQuota: 100_000,
  priorityCeiling: 'urgent',
  abovePriorityCeiling: 'clamp',
};

const OBJECT_DAYS = 30;

/** @returns one sentence */
export async function trial(
  ports: TrialPorts,
  body: string,
  bucket: string | undefined,
  types: JobTypes,
): Promise<string> {
  const parsed = parseRequest(body.trim());
  if (parsed.kind === 'refused') return refused(parsed.problem);
  if (parsed.kind === 'cancel') return 'It would cancel a job.';
  const { request } = parsed;
  const identity = {
    jobId: jobIdOf(request.tenantId, request.idempotencyKey ?? 'trial'),
    idempotencyKey: 'trial',
    fingerprint: fingerprintOf(request),
  };
  // As intake does: which job it is comes before what the tenant may do.
  const known = request.idempotencyKey === undefined ? undefined : await ports.jobs.get(identity.jobId);
  if (known !== undefined)
    return known.fingerprint === identity.fingerprint
      ? `It is ${known.jobId} already, which is ${known.state}.`
      : 'It would be refused: idempotency_conflict, the key belongs to a job with another body.';
  const { tenant, gate } = await readAccount(ports, request.tenantId);
  const admission = admit(request, {
    policy: policyOf(tenant, defaults),
    waiting: gate === undefined ? 0 : await ports.waiting.count(request.tenantId),
    types,
    bucket: bucket ?? bucketNamedIn(request),
    objectDays: OBJECT_DAYS,
    nowMs: ports.clock.nowMs(),
  });
  if (admission.kind === 'refused') return refused(admission.problem);
  const job = newJob(request, identity, ports.clock.nowMs(), admission.clampedPriority);
  const lowered =
    admission.clampedPriority === undefined ? '' : ` with priority ${admission.clampedPriority}`;
  if (job.state === 'scheduled')
    return `It would be accepted${lowered}, and not run before ${new Date(job.eligibleAt ?? 0).toISOString()}.`;
  const [entry] = decide(gate, ports.defaultCap, [job]);
  return entry?.kind === 'waits'
    ? `It would be accepted${lowered}, and wait: ${obstacleText(entry.obstacle)}.`
    : `It would be accepted${lowered}, and go to AWS Batch at once.`;
}

function refused({ code, pointer, message }: { code: string; pointer: string; message: string }): string {
  return `It would be refused: ${code}${pointer === '' ? '' : ` at ${pointer}`}. ${message}`;
}

/** Without an option the first bucket that the message names is taken for the stack's. */
function bucketNamedIn(request: JobRequest): string {
  return (
    /s3:\/\/([^/"]+)\//.exec(JSON.stringify({ input: request.input, inputRef: request.inputRef }))?.[1] ?? ''
  );
}
