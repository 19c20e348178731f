/** Jobs that are recorded at one moment share rolls, so that each needs no row of its own: neither in the index of due items, nor in the list of its tenant. */

import { onRoll, rollsOf } from '../../domain/due/roll.ts';
import { Fault } from '../../domain/fault.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import type { Batched } from '../../io/table/batching.ts';
import type { RollStore } from '../../io/table/due/rolls.ts';
import type { Created, JobStore } from '../../io/table/jobs.ts';

export interface RecordTogetherPorts {
  readonly jobs: Pick<JobStore, 'create'>;
  readonly rolls: Pick<RollStore, 'put'>;
  readonly batched: Batched;
}

/**
 * Records a job, and before it the roll of all that are asked for at this moment: no record is in the table without what
 * brings reconcile to it, and what its tenant's list has of it.
 */
export function recordingTogether({ jobs, rolls, batched }: RecordTogetherPorts): JobStore['create'] {
  const recordOne = batched<WholeJob, Promise<Created>>(async (asked) => {
    const after = new Map<WholeJob, Promise<Created>>();
    for (const { roll, jobs: members } of rollsOf(asked)) {
      const put = rolls.put(roll);
      for (const job of members)
        after.set(
          job,
          put.then(() => jobs.create(onRoll(job, roll))),
        );
    }
    const created = new Map(asked.map((job) => [job, after.get(job) ?? jobs.create(job)]));
    // What fails for one job is thrown to the one that asked for it.
    await Promise.allSettled(created.values());
    return created;
  });
  return async (job) => {
    const created = await recordOne(job);
    if (created === undefined) throw new Fault('Unanswered', 'No answer for a new record', job.jobId);
    return created;
  };
}
