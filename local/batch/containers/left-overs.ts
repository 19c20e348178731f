/** Tries that an earlier run of this program left running: their host is gone, and so must their processes be. */
import { randomBytes } from 'node:crypto';
import type { Jobs } from '../jobs/jobs.ts';
import type { Lifecycle } from '../jobs/lifecycle.ts';
import { endLeftOver } from './process-identity.ts';

export interface LeftOverParts {
  readonly jobs: Jobs;
  readonly lifecycle: Lifecycle;
  readonly report: (line: string) => void;
}

/** Ends what is left of each such try, which then fails as one whose instance went away. */
export function endLeftOvers({ jobs, lifecycle, report }: LeftOverParts): void {
  for (const job of [...jobs.withStatus('STARTING'), ...jobs.withStatus('RUNNING')]) {
    const ended = (job.placement?.processes ?? []).filter(
      ({ pid, processStart }) => processStart !== undefined && endLeftOver(pid, processStart),
    );
    const news = ended.map(({ pid }) => `; process ${pid} was ended`).join('');
    report(`batch: job ${job.jobId} lost its host${news}`);
    const instanceId = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
    lifecycle.tryEnded(job.jobId, { statusReason: `Host EC2 (instance ${instanceId}) terminated.` });
  }
}
