/** Ending a Batch job that must not do a job's work. */
import { mayEnd, refusing } from '../../domain/job/attempt.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { changeJob } from '../job/change-job.ts';

const REASON = 'Headgate: another Batch job has this attempt';

/**
 * Ends a Batch job unless it turns out to own the attempt. The refusal is on the record before the end is asked for:
 * in the other order the stray could claim in between, and we would end the owner.
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
