/** What the calls of containers ask of their surroundings. */
import type { Context } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type JobTypes, withoutType } from '../../domain/job/job-type.ts';
import type { SignedObjects } from '../../io/aws/signed-objects.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { AskRun } from './run-facts.ts';

export interface WorkerApiPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace' | 'whole'>;
  readonly keys: WorkerKeys;
  readonly objects: SignedObjects;
  readonly askRun: AskRun;
  readonly types: JobTypes;
  readonly bucket: string;
  readonly clock: Clock;
  readonly log: Log;
}

export function contextOf(
  { types, clock }: Pick<WorkerApiPorts, 'types' | 'clock'>,
  job: JobRecord,
): Context {
  return { nowMs: clock.nowMs(), random: 0, policy: types.get(job.jobType) ?? withoutType };
}
