/**
 * The waiting lists of a tenant: attempts that are eligible and have no slot, in the order in which they get one.
 *
 * Attempts of one job type and concurrency key are a class. What stops one of them stops all, so the first of each class
 * is enough to know whether one of the class can acquire a slot.
 */
import * as z from 'zod';
import { type JobRecord, priorityOf } from '../job/job.ts';
import { headStartMs, Priority } from '../job/priority.ts';
import { holderOf } from './holder.ts';

/** One attempt of one job. The row has what the gate needs, so that a wake-up reads no jobs. */
export const WaitingRow = z.object({
  tenantId: z.string(),
  jobId: z.string(),
  attempt: z.int().positive(),
  jobType: z.string(),
  concurrencyKey: z.string().optional(),
  keyCap: z.int().positive().optional(),
  priority: Priority,
  /** Since when the job is eligible, epoch ms; a later attempt keeps the place of its job. */
  since: z.int(),
});
export type WaitingRow = z.infer<typeof WaitingRow>;

export function rowOf(job: JobRecord): WaitingRow {
  const { tenantId, jobId, attempt, jobType, concurrencyKey, keyCap } = job;
  return {
    tenantId,
    jobId,
    attempt,
    jobType,
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(keyCap === undefined ? {} : { keyCap }),
    priority: priorityOf(job),
    since: job.eligibleAt ?? job.createdAt,
  };
}

/**
 * The time of eligibility less the head start. It contains the attempt, so that a row of an older attempt is never taken
 * for a newer one.
 */
export function placeOf({ since, priority, jobId, attempt }: WaitingRow): string {
  const time = String(Math.max(0, since - headStartMs[priority])).padStart(14, '0');
  return `${time}#${jobId}#${attempt}`;
}

/** Attempts of one job type and concurrency key of a tenant. */
export interface KeyedClass {
  readonly tenantId: string;
  readonly typeTag: number;
  readonly keyTag: number;
}

/** @returns undefined for an attempt without a key: its row is in the list of its type itself */
export function classOf(row: WaitingRow): KeyedClass | undefined {
  const { typeTag, keyTag } = holderOf(row);
  return keyTag === undefined ? undefined : { tenantId: row.tenantId, typeTag, keyTag };
}

export const className = ({ tenantId, typeTag, keyTag }: KeyedClass): string =>
  `${tenantId} ${typeTag} ${keyTag}`;

/**
 * What leads to a class: from the list of its type, at the place of its first row, or from the list of its key, while the
 * key has no room. A class with rows has at least one; one too many leads to the class and goes.
 */
export type Entry = {
  readonly of: KeyedClass;
  /** Another for each time that it is put: an entry is removed only as it was read. */
  readonly token: string;
} & ({ readonly list: 'ready'; readonly place: string } | { readonly list: 'held' });
