/** Terminating a duplicate Batch job: a second one of an attempt. */
import { mayEnd, refusing } from '../../domain/job/attempt.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { changeJob } from '../job/decide-job.ts';

const REASON = 'Headgate: another Batch job owns this attempt';

/**
 * Terminates a duplicate Batch job, unless it owns the attempt after all. The refusal is written to the record before
 * the termination is asked for: in the other order the duplicate could claim in between, and the owner would be
 * terminated.
 */
export async function terminateDuplicate(
  ports: { readonly jobs: Pick<JobStore, 'get' | 'replace'>; readonly batch: Pick<BatchPort, 'terminate'> },
  duplicate: { readonly jobId: string; readonly attempt: number; readonly runId: string },
): Promise<'ended' | 'owner'> {
  const job = await ports.jobs.get(duplicate.jobId);
  if (job === undefined) return 'owner';
  const marked = await changeJob(ports.jobs, job, (current) => refusing(current, duplicate));
  if (!mayEnd(marked.job, duplicate)) return 'owner';
  await ports.batch.terminate(duplicate.runId, REASON);
  return 'ended';
}
