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
  return { ...renamed(job, STORED_NAMES), ...dueAttributes(jobId, { kind: 'job', tenantId, dueAt }) };
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
export const recordOf = (item: Attributes): JobRecord => readRow(JobRecord, renamed(item, OUR_NAMES));

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
