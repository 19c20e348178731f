/**
 * Why AWS Batch does not start a job that it has: from its own diagnosis, from the tries that it has made, and from the state of the
 * job's queue. A first reason may pass by itself, so nothing is done before a grace, and what was seen is recorded before that:
 * a termination puts its own reason in the place of AWS's.
 * @see AWS Batch user guide, "Jobs stuck in a RUNNABLE status" and "Job queue blocked events"
 */
import type { JobRecord, Stuck, StuckReason } from '../job/job.ts';
import type { JobType } from '../job/job-type.ts';
import { MAX_REASON_CHARACTERS, shortened } from '../size.ts';
import type { BatchJobDetail } from './report.ts';

/** The queue of a job and what feeds it, as AWS Batch describes them. */
export interface QueueFacts {
  readonly name: string;
  readonly state: string;
  readonly status: string;
  readonly environments: readonly EnvironmentFacts[];
}

export interface EnvironmentFacts {
  readonly name: string;
  readonly state: string;
  readonly status: string;
  readonly statusReason?: string | undefined;
  readonly maxVcpus?: number | undefined;
}

export type Diagnosis = Pick<Stuck, 'reason' | 'said'>;

/** Before that a wait is everyday: a machine, its network and its image take minutes. */
export const STUCK_AFTER_MS = 600_000;

/** Whether AWS Batch has had this attempt for so long, without a container, that the reason is worth a question. */
export function maybeStuck(job: JobRecord, nowMs: number): boolean {
  const isWithBatch = job.state === 'submitted' || job.state === 'starting';
  return isWithBatch && nowMs - (job.stuck?.since ?? job.stateAt) >= STUCK_AFTER_MS;
}

const WAITING: ReadonlySet<string> = new Set(['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING']);

/** @param queue absent: it was not described; undefined for a job that does not wait any more */
export function diagnose(detail: BatchJobDetail, queue?: QueueFacts): Diagnosis | undefined {
  if (!WAITING.has(detail.status)) return undefined;
  return byTries(detail) ?? byStatus(detail) ?? byQueue(queue) ?? nothingSaid(queue);
}

/** AWS Batch tries a job again whose image could not be pulled, and between the tries it waits like any other. */
function byTries({ attempts }: BatchJobDetail): Diagnosis | undefined {
  const last = attempts.at(-1);
  const said = [last?.container?.reason, last?.statusReason].find(
    (text) => text !== undefined && IMAGE.test(text),
  );
  return said === undefined ? undefined : diagnosis('image', said);
}

const IMAGE = /CannotPull|pull image|ImageNotFound/i;

/** First match wins; its own texts begin with these codes. */
const CODES: readonly (readonly [says: RegExp, reason: StuckReason])[] = [
  [/^MISCONFIGURATION:(COMPUTE_ENVIRONMENT_MAX_RESOURCE|JOB_RESOURCE_REQUIREMENT)/, 'too_large'],
  [/^MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS/, 'permissions'],
  [/^CAPACITY:/, 'no_capacity'],
  [/^(MISCONFIGURATION|ACTION_REQUIRED|UNDETERMINED)\b/, 'blocked'],
];

function byStatus({ statusReason = '' }: BatchJobDetail): Diagnosis | undefined {
  const found = CODES.find(([says]) => says.test(statusReason));
  return found && diagnosis(found[1], statusReason);
}

function byQueue(queue: QueueFacts | undefined): Diagnosis | undefined {
  if (queue === undefined) return undefined;
  const { name, state, status, environments } = queue;
  if (state !== 'ENABLED') return diagnosis('queue_disabled', `the job queue ${name} is ${state}`);
  if (status !== 'VALID') return diagnosis('environment_invalid', `the job queue ${name} is ${status}`);
  const usable = environments.filter((each) => each.state === 'ENABLED' && each.status === 'VALID');
  if (usable.length > 0) return undefined;
  const [first] = environments;
  const { name: of = 'none', state: its = '', status: their = '', statusReason } = first ?? {};
  const found = `the compute environment ${of} is ${its} and ${their}`;
  return diagnosis('environment_invalid', statusReason === undefined ? found : `${found}: ${statusReason}`);
}

function nothingSaid(queue: QueueFacts | undefined): Diagnosis {
  const vcpus = queue?.environments.map(({ maxVcpus }) => maxVcpus ?? 0) ?? [];
  const most = vcpus.length === 0 ? '' : ` (${vcpus.join(' and ')} vCPUs)`;
  return diagnosis(
    'no_room',
    `AWS Batch gives no reason: MaxvCpus${most} or the account's quota of Fargate is used up, or AWS has no capacity`,
  );
}

const diagnosis = (reason: StuckReason, said: string): Diagnosis => ({
  reason,
  said: shortened(said, MAX_REASON_CHARACTERS),
});

export type StuckAction = 'retry' | 'fail';

/** @returns what to do about a job that has been stuck for the grace of its type; undefined: nothing yet, or ever */
export function actionFor(
  { stuck }: JobRecord,
  policy: JobType['stuck'],
  nowMs: number,
): StuckAction | undefined {
  if (stuck === undefined || policy === undefined) return undefined;
  return nowMs - stuck.since >= policy.afterSeconds * 1000 ? policy.action : undefined;
}

/** What AWS Batch is told, and gives back as the reason of the end: `failure.ts` reads it. */
export function terminationText(action: StuckAction, { reason, said }: Stuck): string {
  const next = action === 'retry' ? 'run again' : 'not run again';
  return shortened(`Headgate: stuck in AWS Batch (${reason}), to be ${next}: ${said}`, 1000);
}
