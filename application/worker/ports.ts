/** What the calls of containers ask of their surroundings. */
import type { Pricing } from '../../domain/cost/prices.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { LendCredentials } from '../../io/aws/scoped-credentials.ts';
import type { SignedObjects } from '../../io/aws/signed-objects.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { HandOverPorts } from '../job/hand-over.ts';
import type { AskRun } from './run-facts.ts';

export interface WorkerApiPorts extends HandOverPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace' | 'whole'>;
  readonly keys: WorkerKeys;
  readonly objects: SignedObjects;
  readonly lendCredentials: LendCredentials;
  readonly askRun: AskRun;
  readonly types: JobTypes;
  readonly bucket: string;
  /** For so many days an object of a result is there, at least. */
  readonly resultDays: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly pricing: Pricing;
}
