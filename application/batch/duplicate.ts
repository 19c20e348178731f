/** Terminating a duplicate Batch job: a second one of an attempt. */
import { mayEnd, refusing } from '../../domain/job/attempt.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { changeJob } from '../job/change-job.ts';

const REASON = 'Headgate: another Batch job owns this attempt';

/**
 * Terminates a duplicate Batch job, unless it owns the attempt after all. The refusal is written to the record before
 * the termination is asked for: in the other order the duplicate could claim in between, and the owner would be
 * terminated.
 */
export async function endStray(
  ports: { readonly jobs: Pick<JobStore, 'get' | 'replace'>; readonly batch: Pick<BatchPort, 'terminate'> },
  stray: { readonly jobId: string; readonly attempt: number; readonly batchJobId: string },
): Promise<'ended' | 'owner'> {
  const job = await ports.jobs.get(stray.jobId);
  if (job === undefined) return 'owner';
  const marked = await changeJob(ports.jobs, job, (current) => refusing(current, stray));
  if (!mayEnd(marked.job, stray)) return 'owner';
  await ports.batch.terminate(stray.batchJobId, REASON);
  return 'ended';
}
