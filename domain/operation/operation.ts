/**
 * An operation: one act on everything that matches a filter, done in slices. Its record says how far it has come, so another
 * process goes on where one has died.
 */
import * as z from 'zod';
import type { ErrorCode } from '../errors.ts';
import { GroupId, JobTypeId, OperationId, TenantId } from '../job/ids.ts';
import { FailureClass, JobState } from '../job/job.ts';
import { Delivery } from '../webhook/delivery.ts';
import { EndpointId } from '../webhook/endpoint.ts';

/** The states that a cancel can end. */
export const UnfinishedState = JobState.exclude([
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
]);

/** Fixed when the operation starts, so that it does not act on what it has caused. */
const times = { sinceMs: z.int(), untilMs: z.int() };

/** What is done, and to what. An absent field of a filter matches everything. */
export const Work = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('redrive'),
    /** Absent: of all tenants. */
    tenantId: TenantId.optional(),
    jobType: JobTypeId.optional(),
    class: FailureClass.optional(),
    code: z.string().optional(),
    fingerprint: z.string().optional(),
    /** Of the tenant: the members that have failed, each as the newest of its redrives. */
    group: GroupId.optional(),
    ...times,
  }),
  z.object({
    kind: z.literal('cancel'),
    tenantId: TenantId,
    state: UnfinishedState.optional(),
    jobType: JobTypeId.optional(),
    tags: z.record(z.string(), z.string()).optional(),
    ...times,
  }),
  z.object({
    kind: z.literal('replay'),
    tenantId: TenantId,
    endpointId: EndpointId,
    status: Delivery.shape.status.optional(),
    event: z.string().optional(),
    job: z.string().optional(),
    ...times,
  }),
  z.object({
    kind: z.literal('erase'),
    tenantId: TenantId,
    /** What happens to jobs that are not over. */
    unfinished: z.enum(['cancel', 'drain']),
    ...times,
  }),
]);
export type Work = z.infer<typeof Work>;
export type WorkOf<Kind extends Work['kind']> = Extract<Work, { readonly kind: Kind }>;
/** What acts on all that match a filter. To erase a tenant is none of these: it has steps of its own. */
export type FilteredWork = Exclude<Work, { readonly kind: 'erase' }>;

/** `cancelling`: a slice may be under way, and what it has begun is finished before nothing more is done. */
export const OperationState = z.enum(['running', 'cancelling', 'finished', 'cancelled']);

export const Operation = z.object({
  operationId: OperationId,
  work: Work,
  /** The operator who asked for it. */
  operator: z.string(),
  /** At most so many jobs or deliveries a second. */
  perSecond: z.int().positive(),
  /** At most so many jobs or deliveries in all. */
  most: z.int().positive().optional(),
  state: OperationState,
  /** Where the next slice begins; absent: at the newest. */
  cursor: z.string().optional(),
  /** How many rows were read to find them. */
  examined: z.int(),
  /** At least so many were acted on: a slice that was done again counts what it did itself. */
  done: z.int(),
  /** Found as the operation would have left them. */
  repeated: z.int(),
  refused: z.int(),
  /** How many were refused, by the code. */
  codes: z.record(z.string(), z.int()),
  createdAt: z.int(),
  changedAt: z.int(),
  endedAt: z.int().optional(),
  version: z.int(),
  /** When reconcile takes it for one whose process has died. */
  dueAt: z.int().optional(),
});
export type Operation = z.infer<typeof Operation>;

export type Started = Pick<Operation, 'operationId' | 'work' | 'operator' | 'perSecond' | 'most'>;

/** A slice takes seconds, and its message may wait for a sandbox. */
const RESUMED_AFTER_MS = 120_000;
/** For a look back at what was done. */
const KEPT_MS = 30 * 86_400_000;

export function started(asked: Started, nowMs: number): Operation {
  return {
    ...asked,
    state: 'running',
    examined: 0,
    done: 0,
    repeated: 0,
    refused: 0,
    codes: {},
    createdAt: nowMs,
    changedAt: nowMs,
    version: 1,
    dueAt: nowMs + RESUMED_AFTER_MS,
  };
}

/** The outcome for one job or delivery. */
export type Outcome =
  | { readonly kind: 'done' | 'repeated' }
  | { readonly kind: 'refused'; readonly code: ErrorCode };

export interface Slice {
  readonly outcomes: readonly Outcome[];
  readonly examined: number;
  /** Absent: nothing is left. */
  readonly next?: string | undefined;
  /** When the next slice is due, where no message asks for it. */
  readonly waitMs?: number;
}

/** How many jobs or deliveries the next slice may have: a second's worth. */
export function sliceSize({ perSecond, most, done, repeated, refused }: Operation): number {
  return Math.min(perSecond, (most ?? Number.MAX_SAFE_INTEGER) - done - repeated - refused);
}

/** @returns the operation after a slice */
export function advanced(
  seen: Operation,
  { outcomes, examined, next, waitMs }: Slice,
  nowMs: number,
): Operation {
  const codes = { ...seen.codes };
  for (const outcome of outcomes)
    if (outcome.kind === 'refused') codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
  const count = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const counted: Operation = {
    ...seen,
    cursor: next ?? seen.cursor,
    examined: seen.examined + examined,
    done: seen.done + count('done'),
    repeated: seen.repeated + count('repeated'),
    refused: seen.refused + count('refused'),
    codes,
  };
  const isLast = next === undefined || sliceSize(counted) <= 0;
  if (isLast) return ended(counted, 'finished', nowMs);
  if (seen.state === 'cancelling') return ended(counted, 'cancelled', nowMs);
  return resumed(counted, nowMs, waitMs);
}

/** @returns undefined when it is over, or was cancelled before */
export function cancelled(seen: Operation, nowMs: number): Operation | undefined {
  return seen.state === 'running' ? { ...resumed(seen, nowMs), state: 'cancelling' } : undefined;
}

export const isOver = ({ endedAt }: Pick<Operation, 'endedAt'>): boolean => endedAt !== undefined;

/** With a version of its own: the message of an earlier one has no effect, so there is never more than one that goes on. */
export function resumed(seen: Operation, nowMs: number, waitMs = RESUMED_AFTER_MS): Operation {
  return { ...seen, version: seen.version + 1, changedAt: nowMs, dueAt: nowMs + waitMs };
}

function ended({ dueAt: _, ...seen }: Operation, state: 'finished' | 'cancelled', nowMs: number): Operation {
  return { ...seen, state, version: seen.version + 1, changedAt: nowMs, endedAt: nowMs };
}

/** Epoch seconds; undefined while it runs. */
export function expiresAt({ endedAt }: Operation): number | undefined {
  return endedAt === undefined ? undefined : Math.ceil((endedAt + KEPT_MS) / 1000);
}
