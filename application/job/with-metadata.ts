/** What an event tells of a job includes its metadata, which may be in an item of its own. */
import type { JobRecord } from '../../domain/job/job.ts';
import { hasMetadata, type WithMetadata } from '../../domain/job/parts.ts';
import type { JobStore } from '../../io/table/jobs.ts';

export async function withMetadata(jobs: Pick<JobStore, 'whole'>, job: JobRecord): Promise<WithMetadata> {
  return hasMetadata(job) ? job : jobs.whole(job);
}
