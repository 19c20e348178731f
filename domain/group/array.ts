/**
 * An array: one request for many jobs that differ in their input. It is a group, whose members are made from its items one slice
 * after the other; when each has been, the group is closed, and is over like any other.
 */
import * as z from 'zod';
import { JobTypeId, ObjectUri } from '../job/ids.ts';
import { Priority } from '../job/priority.ts';
import { Lines } from './lines.ts';

const ArrayFailure = z.object({
  code: z.enum([
    'array_empty',
    'array_too_large',
    'array_items_missing',
    'array_failures',
    'quota_waiting',
    'tenant_unknown',
  ]),
  /** For the tenant. */
  message: z.string(),
});
export type ArrayFailure = z.infer<typeof ArrayFailure>;

export const ArrayPart = z.object({
  jobType: JobTypeId,
  /** Of the request: a repeat with another body is a conflict. */
  fingerprint: z.string(),
  idempotencyKey: z.string(),
  /** The priority that its tenant may have, if the request asks for a higher one. */
  clampedPriority: Priority.optional(),
  /** 0: they are the lines of an object that was not read yet, or could not be. */
  items: z.int().nonnegative(),
  /** Of so many items it is decided whether there is a job, and each of those has a record. */
  made: z.int().nonnegative(),
  /** No further job is made: each item had its turn, or the array was closed before. */
  isMade: z.literal(true).optional(),
  /** Its items are the lines of this object. */
  itemsRef: ObjectUri.optional(),
  /** Where they are; absent until the object was read. */
  lines: Lines.optional(),
  /** So many of its jobs run at once. */
  concurrency: z.int().positive().optional(),
  /** When more of its items have failed, the others are cancelled. */
  maxFailed: z.int().nonnegative().optional(),
  /** Why it makes no more jobs, or why they are cancelled. */
  failure: ArrayFailure.optional(),
});
export type ArrayPart = z.infer<typeof ArrayPart>;

/** Whether its items were not counted yet. */
export const isUnread = ({ itemsRef, lines, isMade }: ArrayPart): boolean =>
  itemsRef !== undefined && lines === undefined && isMade !== true;

/** One slice's worth. A message of the submit queue makes so many, while others of its batch wait. */
export const ARRAY_SLICE = 100;

/** What one message may carry; more come from an object of the bucket. */
export const MAX_INLINE_ITEMS = 1000;
/** Their places and the marks of those that failed fit into items of the table, and their manifest into the memory of a function. */
export const MAX_ITEMS = 10_000;
/** Each mark of a failed item is a few bytes, and all of them are written with each. */
export const MAX_FAILED = 1000;
/** What a gate can hold. */
export const MAX_CONCURRENCY = 1000;

/** Jobs of an array with a limit share this key, which is their own. */
export const arrayKey = (arrayId: string): string => `array:${arrayId}`;

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
