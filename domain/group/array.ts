/**
 * An array: one request for many jobs that differ in their input. It is a group, whose members are made from its items one slice
 * after the other; when each has been, the group is closed, and is over like any other.
 */
import * as z from 'zod';
import { JobTypeId } from '../job/ids.ts';
import { Priority } from '../job/priority.ts';

export const ArrayPart = z.object({
  jobType: JobTypeId,
  /** Of the request: a repeat with another body is a conflict. */
  fingerprint: z.string(),
  idempotencyKey: z.string(),
  /** The priority that its tenant may have, if the request asks for a higher one. */
  clampedPriority: Priority.optional(),
  items: z.int().positive(),
  /** Of so many items it is decided whether there is a job, and each of those has a record. */
  made: z.int().nonnegative(),
  /** No further job is made: each item had its turn, or the array was closed before. */
  isMade: z.literal(true).optional(),
});
export type ArrayPart = z.infer<typeof ArrayPart>;

/** One slice's worth. A message of the submit queue makes so many, while others of its batch wait. */
export const ARRAY_SLICE = 100;

/** The key of the job of an item: a repeat, and every process, makes the same job of it. */
export const itemKey = (arrayId: string, index: number): string => `array:${arrayId}:${index}`;

/** No other group has such a name: who speaks of it before the array is there makes none. */
const ARRAY_ID = /^arr_[a-z2-7]{26}$/;
export const isArrayId = (groupId: string): boolean => ARRAY_ID.test(groupId);

const ITEM_KEY = /^array:(arr_[a-z2-7]{26}):(\d{1,5})$/;

/** @returns the place in its array; undefined for a job that is of none. A redrive has the place of what it runs again */
export function itemIndexOf(job: {
  readonly idempotencyKey: string;
  readonly group?: string | undefined;
}): number | undefined {
  const [, arrayId, index] = ITEM_KEY.exec(job.idempotencyKey) ?? [];
  return arrayId !== undefined && arrayId === job.group ? Number(index) : undefined;
}
