/** Jobs from a sender that waits for the answer, by the admission of the front queue. */
import type { JobRecord, SignedBy } from '../../domain/job/job.ts';
import type { ParsedSubmission } from '../../domain/request/request.ts';
import { policyOf } from '../../domain/tenant/policy.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { apart, together } from '../apart.ts';
import {
  type AdmissionPorts,
  type IntakeResult,
  type KnownOfBatch,
  refuse,
  take,
} from '../intake/admission.ts';
import { backlogCounter, type QuotaPorts, usedBudgets } from '../intake/quota.ts';
import { type RecordTogetherPorts, recordingTogether } from '../intake/record-together.ts';
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
): (requestId: string, parsed: ParsedSubmission, signedBy?: SignedBy) => Promise<Submitted> {
  const known = knownOfTenant(ports);
  return async (requestId, parsed, signedBy) => {
    if (parsed.kind === 'refused') return refuse(ports, { id: requestId }, parsed.problem);
    const facts = { ...(await known(parsed.request.tenantId)), signedBy };
    const submitted = submittedOf(await take(ports, withoutLetter(requestId), parsed, facts));
    await handOver(ports, toHandOver([submitted]));
    return submitted;
  };
}

export interface SubmitJobsPorts extends SubmitJobPorts, RecordTogetherPorts {
  readonly jobs: SubmitJobPorts['jobs'] & RecordTogetherPorts['jobs'];
}

/** `unknown`: the table did not answer for this one, and the same request may be sent again. */
export type SubmittedOfBatch = Submitted | { readonly kind: 'unknown'; readonly error: unknown };

/**
 * Requests of one tenant, each with an answer of its own. As for a batch of messages its tenant is read once, new records share
 * rolls, and what they ask for is sent together.
 *
 * @returns a function that never throws for one of them; it throws when the tenant cannot be read, and then nothing was done
 */
export function submitJobs(
  ports: SubmitJobsPorts,
): (
  requestId: string,
  tenantId: string,
  requests: readonly ParsedSubmission[],
  signedBy?: SignedBy,
) => Promise<readonly SubmittedOfBatch[]> {
  const known = knownOfTenant(ports);
  const recording = { ...ports, jobs: { ...ports.jobs, create: recordingTogether(ports) } };
  return async (requestId, tenantId, requests, signedBy) => {
    const facts = { ...(await known(tenantId)), signedBy };
    const { done, failed } = await apart(
      requests.map((parsed, i) => ({ parsed, i })),
      async ({ parsed, i }): Promise<Submitted> =>
        parsed.kind === 'refused'
          ? refuse(ports, { id: `${requestId} ${i}` }, parsed.problem)
          : submittedOf(await take(recording, withoutLetter(`${requestId} ${i}`), parsed, facts)),
    );
    for (const { item, error } of failed)
      ports.log.error('message:handle:failed', { messageId: `${requestId} ${item.i}`, error });
    const answers = new Map<number, SubmittedOfBatch>([
      ...done.map(({ item, result }) => [item.i, result] as const),
      ...failed.map(({ item, error }) => [item.i, { kind: 'unknown', error }] as const),
    ]);
    await handOver(ports, toHandOver(done.map(({ result }) => result)));
    return requests.map((_, i) => answers.get(i) ?? { kind: 'unknown', error: undefined });
  };
}

/** Admission of one letter: the tenant, its gate and how many of its jobs wait, as intake reads them for many. */
export function admission(
  ports: Omit<SubmitJobPorts, keyof HandOverPorts> &
    Pick<SubmitJobPorts, 'jobs' | 'clock' | 'log' | 'submitQueue'>,
) {
  const known = knownOfTenant(ports);
  return async (message: Message, parsed: ParsedSubmission, tenantId: string): Promise<IntakeResult> =>
    take(ports, message, parsed, await known(tenantId));
}

export function knownOfTenant(
  ports: Pick<SubmitJobPorts, 'tenants' | 'gates' | 'defaults' | 'clock' | 'log' | 'waiting'>,
): (tenantId: string) => Promise<KnownOfBatch> {
  const countBacklogs = backlogCounter(ports);
  return async (tenantId) => {
    const [tenants, gates] = await together([ports.tenants.load([tenantId]), ports.gates.load([tenantId])]);
    const backlogs = await countBacklogs(
      gates,
      (id) => policyOf(tenants.get(id), ports.defaults)?.waitingQuota,
    );
    return { tenants, backlogs, budgets: usedBudgets(gates), nowMs: ports.clock.nowMs() };
  };
}

/** No attributes: they say which failed job a message runs again, and that is for operators. */
const withoutLetter = (id: string): Message => ({ id, body: '', attributes: {} });

function submittedOf(result: IntakeResult): Submitted {
  if (result.kind === 'refused') return result;
  // Only the letter of a failed job is ignored, and this is none.
  if (result.kind === 'ignored') throw new Error('A request without a letter was taken for a letter');
  return { kind: result.isNew ? 'created' : 'replayed', job: result.job };
}

/** A repeat of a request whose process has died before it sent anything. */
function toHandOver(submitted: readonly Submitted[]): JobRecord[] {
  const jobs = submitted.flatMap((one) =>
    one.kind !== 'refused' && (one.kind === 'created' || one.job.version === 1) ? [one.job] : [],
  );
  // Two requests with one key are one job.
  return [...new Map(jobs.map((job) => [job.jobId, job])).values()];
}
