/**
 * The only way in which a stored job changes: decide on the record that was read, write if it is unchanged, else read
 * and decide again.
 */
import { Fault } from '../../domain/fault.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { lasting } from '../../domain/job/retention.ts';
import type { JobStore } from '../../io/table/jobs.ts';

export type Changed =
  | { readonly kind: 'changed'; readonly job: JobRecord }
  /** The decision was to write nothing; `job` is the record on which it was made. */
  | { readonly kind: 'unchanged'; readonly job: JobRecord };

export interface Decision<Verdict> {
  readonly verdict: Verdict;
  /** Absent: the record stays as it is. */
  readonly next: JobRecord | undefined;
}

/** This many lost writes in a row are a fault of ours; the message goes back to its queue. */
const MAX_WRITES = 8;

/**
 * @param seen the record as read; the condition on its version detects a stale one
 * @param decide pure; it may run several times
 * @returns the verdict of the decision that was written, or of the one to write nothing, with the record it was made on
 * @throws Fault RecordGone, RecordContended
 */
export async function decideJob<Verdict>(
  jobs: Pick<JobStore, 'get' | 'replace'>,
  seen: JobRecord,
  decide: (job: JobRecord) => Decision<Verdict>,
): Promise<Changed & { readonly verdict: Verdict }> {
  const { jobId } = seen;
  let job = seen;
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const { verdict, next: decided } = decide(job);
    if (decided === undefined) return { kind: 'unchanged', job, verdict };
    const next = lasting(decided);
    if ((await jobs.replace(job, next)) === 'written') return { kind: 'changed', job: next, verdict };
    const stored = await jobs.get(jobId);
    if (stored === undefined) throw new Fault('RecordGone', 'The record of this job is gone', jobId);
    job = stored;
  }
  throw new Fault('RecordContended', `The record changed ${MAX_WRITES} times during one change`, jobId);
}

/** The same for a caller that needs to know only whether the record changed. */
export function changeJob(
  jobs: Pick<JobStore, 'get' | 'replace'>,
  seen: JobRecord,
  decide: (job: JobRecord) => JobRecord | undefined,
): Promise<Changed> {
  return decideJob(jobs, seen, (job) => ({ verdict: undefined, next: decide(job) }));
}
