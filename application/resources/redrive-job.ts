/** A failed job once more, by the one child that it may have. */
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { discarding } from '../../domain/dead-letter/letter.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { parseRequest } from '../../domain/request/request.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { decideJob } from '../job/decide-job.ts';
import { handOver } from '../job/hand-over.ts';
import { type Refused, stateConflict } from './refused.ts';
import { admission, type SubmitJobPorts, type Submitted } from './submit-job.ts';

/**
 * The letter of the job is admitted as if it came back from the dead-letter queue, so both ways lead to the same child, and a
 * repeat finds it. The letter itself stays in its queue, and has no further effect.
 */
export function redriveJob(
  ports: SubmitJobPorts,
): (requestId: string, failed: JobRecord) => Promise<Submitted> {
  const admitted = admission(ports);
  return async (requestId, failed) => {
    const { body, attributes } = failedJob(await ports.jobs.whole(failed));
    const parsed = parseRequest(body);
    if (parsed.kind === 'refused') return parsed;
    if (failed.state !== 'failed' || parsed.kind === 'cancel') return conflictOf(failed);
    const result = await admitted({ id: requestId, body, attributes }, parsed, failed.tenantId);
    if (result.kind === 'refused') return result;
    if (result.kind === 'ignored') return conflictOf(failed);
    if (result.isNew || result.job.version === 1) await handOver(ports, result.job);
    return { kind: result.isNew ? 'created' : 'replayed', job: result.job };
  };
}

function conflictOf({ state, discarded }: JobRecord): Refused {
  const found = discarded === undefined ? state : 'discarded';
  return stateConflict(`Expected a failed job, found one that is ${found}.`);
}

/** Marks a failed job, so that no copy of its letter runs it again. A repeat changes nothing. */
export async function discardJob(
  ports: { readonly jobs: Pick<JobStore, 'get' | 'replace'>; readonly clock: { nowMs(): number } },
  failed: JobRecord,
  reason: string,
): Promise<{ readonly kind: 'discarded'; readonly job: JobRecord } | Refused> {
  const nowMs = ports.clock.nowMs();
  const { verdict, job } = await decideJob(ports.jobs, failed, (current) => {
    const verdict = discarding(current, reason, nowMs);
    return { verdict, next: verdict.kind === 'discard' ? verdict.job : undefined };
  });
  return verdict.kind === 'refused' ? stateConflict(verdict.why) : { kind: 'discarded', job };
}
