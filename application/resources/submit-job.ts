/** A job from a sender that waits for the answer, by the admission of the front queue. */
import type { JobRecord } from '../../domain/job/job.ts';
import type { ParsedSubmission } from '../../domain/request/request.ts';
import { policyOf } from '../../domain/tenant/policy.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { together } from '../apart.ts';
import { type AdmissionPorts, type IntakeResult, take } from '../intake/admission.ts';
import { backlogCounter, type QuotaPorts } from '../intake/quota.ts';
import { type HandOverPorts, handOver } from '../job/hand-over.ts';
import type { Refused } from './refused.ts';

export interface SubmitJobPorts extends AdmissionPorts, HandOverPorts, QuotaPorts {
  readonly jobs: AdmissionPorts['jobs'] & HandOverPorts['jobs'];
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly gates: Pick<GateStore, 'load'>;
}

export type Submitted =
  | { readonly kind: 'created'; readonly job: JobRecord }
  /** The same request was sent before; this is its job as it is now. */
  | { readonly kind: 'replayed'; readonly job: JobRecord }
  | Refused;

/**
 * After a lost answer the sender repeats its request with the same key, and finds the job of the first one.
 *
 * @returns a function for one request. @param requestId names it in the log; @throws when the table does not answer: the
 *   record may have been made, and the same request may be sent again
 */
export function submitJob(
  ports: SubmitJobPorts,
): (requestId: string, parsed: ParsedSubmission) => Promise<Submitted> {
  const admitted = admission(ports);
  return async (requestId, parsed) => {
    if (parsed.kind === 'refused') return parsed;
    // No attributes: they say which failed job a message runs again, and that is for operators.
    const message = { id: requestId, body: '', attributes: {} };
    const result = await admitted(message, parsed, parsed.request.tenantId);
    if (result.kind === 'refused') return result;
    // Only the letter of a failed job is ignored, and this is none.
    if (result.kind === 'ignored') throw new Error('A request without a letter was taken for a letter');
    if (result.isNew || result.job.version === 1) await handOver(ports, result.job);
    return { kind: result.isNew ? 'created' : 'replayed', job: result.job };
  };
}

/** Admission of one request: the tenant, its gate and how many of its jobs wait, as intake reads them for many. */
export function admission(
  ports: Omit<SubmitJobPorts, keyof HandOverPorts> & Pick<SubmitJobPorts, 'jobs' | 'clock' | 'log'>,
) {
  const countBacklogs = backlogCounter(ports);
  return async (
    message: Parameters<typeof take>[1],
    parsed: ParsedSubmission,
    tenantId: string,
  ): Promise<IntakeResult> => {
    const [tenants, gates] = await together([ports.tenants.load([tenantId]), ports.gates.load([tenantId])]);
    const backlogs = await countBacklogs(
      gates,
      (id) => policyOf(tenants.get(id), ports.defaults)?.waitingQuota,
    );
    return take(ports, message, parsed, { tenants, backlogs });
  };
}
