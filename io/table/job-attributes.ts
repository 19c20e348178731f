/**
 * A job's record as the table holds it. Attributes keep the names under which they were first stored: during a deployment
 * old and new functions share the table, and a name that only one of them knew would hide a job's state from the other.
 */
import { JobRecord } from '../../domain/job/job.ts';
import { anyDueAttributes, dueAttributes } from './due-turns.ts';
import { readRow } from './rows.ts';
import type { Attributes } from './table.ts';

/** The stored name of a field; in the record, in its claim and in each ended attempt. */
const STORED_NAMES: Readonly<Record<string, string>> = {
  runId: 'batchJobId',
  hasSlot: 'gated',
  reportedFailure: 'complaint',
};
const OUR_NAMES = Object.fromEntries(Object.entries(STORED_NAMES).map(([ours, stored]) => [stored, ours]));

/** The job is in the index of due items exactly while it has a `dueAt`. */
export function attributesOf(job: JobRecord): Attributes {
  const { jobId, tenantId, dueAt } = job;
  return {
    ...renamed(withoutRepetition(job), STORED_NAMES),
    ...dueAttributes(jobId, { kind: 'job', tenantId, dueAt }),
  };
}

/** What changes in the table from one record to the next. */
export function changeOf(seen: JobRecord, next: JobRecord): { from: Attributes; to: Attributes } {
  const from = attributesOf(seen);
  return {
    from: seen.dueAt === next.dueAt ? from : { ...from, ...anyDueAttributes },
    to: attributesOf(next),
  };
}

/** @throws RowUnreadable */
export const recordOf = (item: Attributes): JobRecord =>
  readRow(JobRecord, withRepetition(renamed(item, OUR_NAMES)));

/**
 * The failure of a job that has failed is that of its last attempt. It is stored once, and the attempt has a mark: both
 * together take about 200 bytes, and often a second write unit. An earlier version shows the attempt without its failure, and
 * decides nothing by it, because the job is over.
 */
function withoutRepetition(job: JobRecord): Attributes {
  const last = job.endedAttempts.at(-1);
  const repeats = job.state === 'failed' && JSON.stringify(last?.failure) === JSON.stringify(job.failure);
  if (!repeats || last?.failure === undefined) return job;
  const { failure: _, ...rest } = last;
  return { ...job, endedAttempts: [...job.endedAttempts.slice(0, -1), { ...rest, [FAILS_JOB]: true }] };
}

function withRepetition(item: Attributes): Attributes {
  const { endedAttempts, failure } = item;
  if (!Array.isArray(endedAttempts)) return item;
  const whole = endedAttempts.map((ended) => {
    if (!isObject(ended) || ended[FAILS_JOB] !== true) return ended;
    const { [FAILS_JOB]: _, ...rest } = ended;
    return { ...rest, failure };
  });
  return { ...item, endedAttempts: whole };
}

const FAILS_JOB = 'failsJob';

function renamed(item: Attributes, names: Readonly<Record<string, string>>): Attributes {
  const { claim, endedAttempts } = item;
  return {
    ...withNames(item, names),
    ...(isObject(claim) ? { claim: withNames(claim, names) } : {}),
    ...(Array.isArray(endedAttempts)
      ? { endedAttempts: endedAttempts.map((ended) => (isObject(ended) ? withNames(ended, names) : ended)) }
      : {}),
  };
}

const withNames = (object: Attributes, names: Readonly<Record<string, string>>): Attributes =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]));

const isObject = (value: unknown): value is Attributes => typeof value === 'object' && value !== null;
