/** What would become of a request: the decisions of admission and of the gate, without a write. */
import { dependencyProblem, nameOfGroup } from '../../domain/dependency/dependency.ts';
import { problem } from '../../domain/errors.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { admit, type Circumstances, newJob } from '../../domain/request/admission.ts';
import type { JobRequest } from '../../domain/request/request.ts';
import type { Trial } from '../../domain/request/trial.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { awaitedBy, fingerprintOf, jobIdOf } from '../job/identity.ts';
import { explainWait, type WaitPorts } from '../resources/explain-wait.ts';

export interface TrialPorts extends WaitPorts {
  readonly jobs: WaitPorts['jobs'] & Pick<JobStore, 'get'>;
}

/** Of a request without a key, whose message would give it one. */
const KEY_TO_COME = 'trial';

/** Which job it is comes before what its tenant may do, as at admission. */
export async function tryOut(
  ports: TrialPorts,
  request: JobRequest,
  circumstances: Circumstances,
): Promise<Trial> {
  const { tenantId, idempotencyKey = KEY_TO_COME, group: groupId } = request;
  const identity = {
    jobId: jobIdOf(tenantId, idempotencyKey),
    idempotencyKey,
    fingerprint: fingerprintOf(request),
  };
  const own = [identity.jobId, ...(groupId === undefined ? [] : [nameOfGroup(groupId)])];
  const impossible = dependencyProblem(own, awaitedBy(request));
  if (impossible !== undefined) return { kind: 'refused', problem: impossible };
  const known = request.idempotencyKey === undefined ? undefined : await ports.jobs.get(identity.jobId);
  if (known !== undefined) return repeated(known, identity.fingerprint);
  const admission = admit(request, circumstances);
  if (admission.kind === 'refused') return admission;
  const group = groupId === undefined ? undefined : await ports.groups.get({ tenantId, groupId });
  if (group?.closedAt !== undefined) {
    const expected = 'Expected a group that takes more jobs, found a sealed one.';
    return { kind: 'refused', problem: problem('group_sealed', '/group', expected) };
  }
  const job = newJob(request, identity, circumstances.nowMs, admission.clampedPriority);
  return {
    kind: 'accepted',
    job,
    clampedPriority: admission.clampedPriority,
    wait: await explainWait(ports, job),
  };
}

function repeated(known: JobRecord, fingerprint: string): Trial {
  if (known.fingerprint === fingerprint) return { kind: 'known', job: known };
  const conflict = 'The key belongs to a job with another body.';
  return { kind: 'refused', problem: problem('idempotency_conflict', '/idempotencyKey', conflict) };
}
