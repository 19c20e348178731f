/**
 * How a tenant is erased, step by step, so that a process that dies leaves a place to go on from.
 *
 * Its jobs end first. Then all that it has is removed, pass after pass, until a pass finds nothing that began when no process
 * could have anything of the tenant in hand any more. Its record, which keeps it closed, goes last.
 */
import * as z from 'zod';

const Pass = {
  /** When all its jobs were over. */
  overAt: z.int(),
  /** When this pass began; it is due then. */
  beganAt: z.int(),
  /** What the pass has found so far: rows and objects. */
  found: z.int(),
};

export const ErasureStep = z.discriminatedUnion('step', [
  z.object({
    step: z.literal('jobs'),
    /** The last job that this walk has looked at; absent: it begins with the newest. */
    after: z.object({ jobId: z.string(), createdAt: z.int() }).optional(),
    /** A walk begins with the newest job that was open in the one before. */
    untilMs: z.int().optional(),
    /** How many were open in this walk, and when the newest of them was made. */
    open: z.int(),
    newestOpenAt: z.int().optional(),
  }),
  z.object({
    step: z.literal('rows'),
    after: z.object({ pk: z.string(), sk: z.string() }).optional(),
    ...Pass,
  }),
  z.object({ step: z.literal('objects'), ...Pass }),
  z.object({ step: z.literal('record') }),
]);
export type ErasureStep = z.infer<typeof ErasureStep>;
export type StepOf<Name extends ErasureStep['step']> = Extract<ErasureStep, { readonly step: Name }>;

export interface NextStep {
  readonly next: ErasureStep;
  readonly waitMs: number;
}

export const FIRST_STEP: StepOf<'jobs'> = { step: 'jobs', open: 0 };

/** Longer than a signed URL for an object is good for, than a key is remembered, and than any message of a job is under way. */
export const QUIET_MS = 16 * 60_000;
/** Jobs that were cancelled end in seconds to minutes. */
const LOOK_AGAIN_MS = 30_000;

/** @param cursor of an operation @returns the first step where the cursor is absent, or of a version that is not this one */
export function stepIn(cursor: string | undefined): ErasureStep {
  if (cursor === undefined) return FIRST_STEP;
  const parsed = ErasureStep.safeParse(JSON.parse(cursor));
  return parsed.success ? parsed.data : FIRST_STEP;
}

export const cursorOf = (step: ErasureStep): string => JSON.stringify(step);

export interface JobsLookedAt {
  readonly open: number;
  readonly newestOpenAt: number | undefined;
  /** Absent at the end of the list. */
  readonly last: StepOf<'jobs'>['after'];
}

export function afterJobs(step: StepOf<'jobs'>, seen: JobsLookedAt, nowMs: number): NextStep {
  const open = step.open + seen.open;
  const newestOpenAt = step.newestOpenAt ?? seen.newestOpenAt;
  if (seen.last !== undefined)
    return { next: { ...step, after: seen.last, open, ...present({ newestOpenAt }) }, waitMs: 0 };
  if (open === 0) return { next: { step: 'rows', overAt: nowMs, beganAt: nowMs, found: 0 }, waitMs: 0 };
  const untilMs = newestOpenAt === undefined ? undefined : newestOpenAt + 1;
  return { next: { step: 'jobs', open: 0, ...present({ untilMs }) }, waitMs: LOOK_AGAIN_MS };
}

/** @param last of the page; absent: the table has no more */
export function afterRows(
  { after: _, ...step }: StepOf<'rows'>,
  found: number,
  last: StepOf<'rows'>['after'],
): NextStep {
  const sum = { ...step, found: step.found + found };
  return { next: last === undefined ? { ...sum, step: 'objects' } : { ...sum, after: last }, waitMs: 0 };
}

export function afterObjects(
  step: StepOf<'objects'>,
  { removed, hasMore }: { readonly removed: number; readonly hasMore: boolean },
  nowMs: number,
): NextStep {
  const found = step.found + removed;
  if (hasMore) return { next: { ...step, found }, waitMs: 0 };
  const quietAt = step.overAt + QUIET_MS;
  if (found === 0 && step.beganAt >= quietAt) return { next: { step: 'record' }, waitMs: 0 };
  // What was found in a pass that late may have been an open job.
  const beganAt = Math.max(quietAt, nowMs + (found === 0 ? 0 : LOOK_AGAIN_MS));
  return { next: { step: 'rows', overAt: step.overAt, beganAt, found: 0 }, waitMs: beganAt - nowMs };
}

function present<T extends object>(fields: T): T {
  // JSON has no undefined, and the cursor is compared as it was read.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T; // fewer of the same fields, all optional
}
