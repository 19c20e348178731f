/** The end of a job that exists. */
import { isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { type CancelPorts, cancel } from '../intake/cancel.ts';
import { type HandOverPorts, handOver } from '../job/hand-over.ts';

export type CancelJobPorts = CancelPorts & HandOverPorts;

/**
 * A repeat changes nothing.
 *
 * @param job that the caller reaches. A cancel by an id that has no record would leave a tombstone under a name of the
 *   caller's choice, so over this door there is none
 * @returns the job, or the newest of its redrives, with the end that was asked for: `cancelling` or a final state
 */
export async function cancelJob(
  ports: CancelJobPorts,
  { jobId, tenantId }: JobRecord,
): Promise<JobRecord | undefined> {
  const ended = await cancel(ports, { specVersion: '1', action: 'job.cancel', tenantId, jobId });
  if (ended !== undefined && (!isFinal(ended.state) || isUnsettled(ended))) await handOver(ports, [ended]);
  return ended;
}
