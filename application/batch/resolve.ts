/** What became of a call without an answer. */
import { queueIn, queueOf, type Targets } from '../../domain/batch/submission.ts';
import { acceptedOrder } from '../../domain/job/attempt.ts';
import { batchJobName } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobType } from '../../domain/job/job-type.ts';
import type { Observation } from '../../domain/job/lifecycle.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { Log } from '../../io/process/log.ts';
import { together } from '../apart.ts';

export interface ResolvePorts {
  readonly batch: Pick<BatchPort, 'listByName'>;
  readonly targets: Targets;
  readonly log: Log;
}

/**
 * When no request can be under way any more: AWS Batch is asked for the attempt's Batch job by name. Lambda cannot be asked, and need not
 * be: a run that has not claimed by now never will.
 */
export async function resolve(
  ports: ResolvePorts,
  job: JobRecord,
  type: JobType | undefined,
): Promise<Observation> {
  const { jobId, attempt } = job;
  if (job.claimBy !== undefined) {
    ports.log.info('submission:resolve:unclaimed', { jobId, attempt });
    return { kind: 'not_accepted', why: 'not_claimed' };
  }
  const { queues } = ports.targets;
  // Without its job type nothing says to which queue it went.
  const places = type === undefined ? Object.values(queues) : [queueIn(ports.targets, queueOf(job, type))];
  const name = batchJobName(jobId, attempt);
  const ids = (await together(places.map((place) => ports.batch.listByName(place, name)))).flat();
  const found = ids.find((id) => !job.refused?.includes(id));
  ports.log.info(`submission:resolve:${found === undefined ? 'absent' : 'found'}`, {
    jobId,
    attempt,
    runId: found,
  });
  if (found === undefined) return { kind: 'not_accepted', why: 'absent_in_batch' };
  return { kind: 'accepted', runId: found, order: acceptedOrder };
}
