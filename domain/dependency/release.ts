/** What a record gets when all that its job waited for has come. */
import type { JobChange, JobRecord } from '../job/job.ts';

/** What its sender allows for its start counts from here: before, nothing could start it. */
export function released(job: JobRecord, kind: 'released' | 'released_early', nowMs: number): JobChange {
  const { ttlSeconds, eligibleAt = nowMs } = job;
  const fromMs = kind === 'released' ? nowMs : eligibleAt;
  return {
    ...(kind === 'released' ? { waitReason: 'ready' } : {}),
    ...(ttlSeconds === undefined ? {} : { startBy: fromMs + ttlSeconds * 1000 }),
  };
}
