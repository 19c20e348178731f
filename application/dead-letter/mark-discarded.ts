/** The mark that a failed job never runs again, and what follows for the jobs that hold for it. */
import { type Discarding, discarding } from '../../domain/dead-letter/letter.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { type TellPorts, tellDependantsOf } from '../dependency/tell.ts';
import { decideJob } from '../job/decide-job.ts';

export interface MarkPorts extends TellPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace'>;
  readonly clock: Clock;
}

/** May be repeated after a crash: what was marked before is told again. @throws when not all may have been told */
export async function markDiscarded(
  ports: MarkPorts,
  failed: JobRecord,
  reason: string,
): Promise<{ readonly verdict: Discarding; readonly job: JobRecord }> {
  const nowMs = ports.clock.nowMs();
  const { verdict, job } = await decideJob(ports.jobs, failed, (current) => {
    const verdict = discarding(current, reason, nowMs);
    return { verdict, next: verdict.kind === 'discard' ? verdict.job : undefined };
  });
  if (verdict.kind !== 'refused') await tellDependantsOf(ports, job);
  return { verdict, job };
}
