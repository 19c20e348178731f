/**
 * A roll: jobs of one tenant that were recorded together, as one row in the index of due items instead of one each. Most jobs
 * are settled before it is due, and then need no row of their own.
 *
 * A job leaves its roll with the first change of its `dueAt`, is due by itself from then on, and never returns.
 * @see docs/developing/protocol.md, R12
 */
import type { JobRecord } from '../job/job.ts';
import { outlivesRoster } from '../job/retention.ts';

export interface RollName {
  readonly tenantId: string;
  /** Of each of its jobs. */
  readonly createdAt: number;
  readonly jobIds: readonly string[];
}

export interface Roll extends RollName {
  /** Of each of its jobs, as it was recorded. */
  readonly dueAt: number;
}

/** The ids are the key of its item, which DynamoDB limits to 1,024 bytes. */
const MAX_JOBS = 25;
/** A roll costs as many writes as a row of one job. */
const MIN_JOBS = 2;

type Dated = Pick<JobRecord, 'jobId' | 'tenantId' | 'createdAt' | 'dueAt'>;

/** The rolls of jobs that are recorded at one moment, with their jobs. A job alone has none. */
export function rollsOf<Job extends Dated>(jobs: readonly Job[]): readonly { roll: Roll; jobs: Job[] }[] {
  const due = jobs.flatMap((job) => (job.dueAt === undefined ? [] : [{ job, dueAt: job.dueAt }]));
  const alike = Map.groupBy(due, ({ job, dueAt }) => `${job.tenantId} ${job.createdAt} ${dueAt}`);
  return [...alike.values()].flatMap((some) => {
    // Two messages with one key are one job.
    const different = [...new Map(some.map((each) => [each.job.jobId, each])).values()];
    return chunksOf(different).flatMap(([first, ...rest]) => {
      if (first === undefined || rest.length + 1 < MIN_JOBS) return [];
      const { tenantId, createdAt } = first.job;
      const jobIds = [first, ...rest].map(({ job }) => job.jobId);
      const members = some.filter(({ job }) => jobIds.includes(job.jobId)).map(({ job }) => job);
      return [{ roll: { tenantId, createdAt, dueAt: first.dueAt, jobIds }, jobs: members }];
    });
  });
}

function chunksOf<Each>(all: readonly Each[]): Each[][] {
  const count = Math.ceil(all.length / MAX_JOBS);
  return Array.from({ length: count }, (_, i) => all.slice(i * MAX_JOBS, (i + 1) * MAX_JOBS));
}

/**
 * Whether the jobs of a roll have a roster: one row in the list of their tenant's jobs instead of one each. It stays when the roll
 * is removed.
 * @see docs/developing/protocol.md, R13
 */
export const hasRoster = ({ createdAt, dueAt, jobIds }: Roll): boolean =>
  jobIds.length >= MIN_JOBS && !outlivesRoster({ createdAt, dueAt });

/** The record of a job that is on a roll, as it is recorded. */
export const onRoll = <Job extends Pick<JobRecord, 'dueAt'>>(job: Job, roll: Roll): Job => ({
  ...job,
  rolledAt: job.dueAt,
  ...(hasRoster(roll) && { onRoster: true }),
});

/** Whether the job is due by its roll, and not by itself. */
export const isOnRoll = ({ dueAt, rolledAt }: Pick<JobRecord, 'dueAt' | 'rolledAt'>): boolean =>
  dueAt !== undefined && dueAt === rolledAt;

const MINUTE_MS = 60_000;
/** No request is carried out so long after it was made: a function ends after fifteen minutes. */
const LATEST_RECORD_MS = 60 * MINUTE_MS;
const LOOK_AGAIN_MS = 10 * MINUTE_MS;

/**
 * What becomes of a roll whose jobs have been looked at.
 *
 * @param absent how many of its jobs have no record: their messages may be refused, or come back; or a request that is still on
 *   its way may bring a record that relies on this roll
 */
export function afterLook(
  { createdAt }: RollName,
  absent: number,
  nowMs: number,
): { readonly kind: 'close' } | { readonly kind: 'keep'; readonly dueAt: number } {
  if (absent === 0 || nowMs - createdAt > LATEST_RECORD_MS) return { kind: 'close' };
  return { kind: 'keep', dueAt: nowMs + LOOK_AGAIN_MS };
}
