/**
 * The only way in which a stored job changes: decide on the record that was read, write if it is unchanged, else read
 * and decide again.
 */
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobStore } from '../../io/table/jobs.ts';

export type Changed =
  | { readonly kind: 'changed'; readonly job: JobRecord }
  /** The decision was to write nothing; `job` is the record on which it was made. */
  | { readonly kind: 'unchanged'; readonly job: JobRecord };

/** This many lost writes in a row are a fault of ours; the message goes back to its queue. */
const MAX_TURNS = 8;

/**
 * @param seen the record as read; the condition on its version detects a stale one
 * @param decide pure; the next record, or undefined to leave it
 * @throws when the record is gone, or changes again and again
 */
export async function changeJob(
  jobs: Pick<JobStore, 'get' | 'replace'>,
  seen: JobRecord,
  decide: (job: JobRecord) => JobRecord | undefined,
): Promise<Changed> {
  let job = seen;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const next = decide(job);
    if (next === undefined) return { kind: 'unchanged', job };
    if ((await jobs.replace(job, next)) === 'written') return { kind: 'changed', job: next };
    const stored = await jobs.get(job.jobId);
    if (stored === undefined) throw new Error('The record of this job is gone');
    job = stored;
  }
  throw new Error(`The record changed ${MAX_TURNS} times while it was being changed`);
}
