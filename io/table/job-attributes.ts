/** A job's record as the table holds it, and as it is read. */

import { isOnRoll } from '../../domain/due/roll.ts';
import { JobRecord } from '../../domain/job/job.ts';
import { anyDueAttributes, dueAttributes } from './due/turns.ts';
import { readRow } from './rows.ts';
import type { Attributes } from './table.ts';

/**
 * The job is in the index of due items while it has a `dueAt`, unless it is on a roll, which is there in its place. It is in the list
 * of its tenant by `createdAt`, unless it is on a roster: then its time has another name, which is in no index.
 */
export function attributesOf(job: JobRecord): Attributes {
  const { jobId, tenantId, dueAt, createdAt, onRoster } = job;
  const row = { kind: 'job', tenantId, dueAt: isOnRoll(job) ? undefined : dueAt } as const;
  const listed = { createdAt, [ROSTERED_AT]: undefined, onRoster: undefined };
  const place = onRoster ? { ...listed, createdAt: undefined, [ROSTERED_AT]: createdAt } : listed;
  return { ...withoutRepetition(job), ...place, ...dueAttributes(jobId, row) };
}

const ROSTERED_AT = 'rosteredAt';

/** What changes in the table from one record to the next. With another `dueAt` the job leaves its roll. */
export function changeOf(seen: JobRecord, next: JobRecord): { from: Attributes; to: Attributes } {
  const from = attributesOf(seen);
  if (seen.dueAt === next.dueAt) return { from, to: attributesOf(next) };
  const to = attributesOf({ ...next, rolledAt: undefined });
  return { from: { ...from, ...anyDueAttributes, rolledAt: 0 }, to };
}

/** @throws RowUnreadable */
export const recordOf = (item: Attributes): JobRecord => readRow(JobRecord, withRepetition(withTime(item)));

function withTime(item: Attributes): Attributes {
  const createdAt = item[ROSTERED_AT];
  return createdAt === undefined ? item : { ...item, createdAt, onRoster: true };
}

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

const isObject = (value: unknown): value is Attributes => typeof value === 'object' && value !== null;
