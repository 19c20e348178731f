/** A group, for its reader. */
import * as z from 'zod';
import { type ArrayPart, isUnread } from '../group/array.ts';
import { type Group, hasSucceeded, NO_TALLY, stateOf, Tally } from '../group/group.ts';
import { GroupId, TenantId } from '../job/ids.ts';
import { JobSummary } from './job-view.ts';

const Time = z.iso.datetime();

/** How members have ended. `missing`: they joined, and have not come within the time of the group. */
const Members = Tally;

export const GroupView = z.object({
  group: GroupId,
  tenantId: TenantId,
  /** `open` until it is sealed, `sealed` until as many have come as are expected, then `running` and `finished`. */
  state: z.enum(['open', 'sealed', 'running', 'finished']),
  createdAt: Time,
  sealedAt: Time.optional(),
  /** How many members are waited for. */
  expect: z.int().optional(),
  /** Since then it takes no more members. */
  closedAt: Time.optional(),
  /** A member that has not come by then is missing. */
  timeoutAt: Time.optional(),
  cancelledAt: Time.optional(),
  /** Of an array: its members are the jobs of its items. Until so many are made it is `sealed`. */
  array: z
    .object({
      idempotencyKey: z.string(),
      jobType: z.string(),
      /** Absent until the object that has them was read. */
      items: z.int().nonnegative().optional(),
      /** Of so many items it is decided whether there is a job. */
      made: z.int().nonnegative(),
      /** Its items are the lines of this object. */
      itemsRef: z.string().optional(),
      /** So many of its jobs run at once. */
      concurrency: z.int().optional(),
      /** When more of its items have failed, the others are cancelled. */
      maxFailed: z.int().optional(),
      /** Why its jobs were not all made, or why the others were cancelled. */
      failure: z.object({ code: z.string(), message: z.string() }).optional(),
    })
    .optional(),
  /** The round that is under way, or the last one: a redrive of a member opens another. */
  round: z.int().positive().optional(),
  /** Of this round. While it is under way, at least so many have ended. */
  members: Members.optional(),
  /** The end of the newest round that is over. */
  finish: z
    .object({
      round: z.int().positive(),
      at: Time,
      status: z.enum(['succeeded', 'failed']),
      members: Members,
      /** Of an array: the object that says what has become of each item. */
      manifest: z.string().optional(),
    })
    .optional(),
});
export type GroupView = z.infer<typeof GroupView>;

export const MemberView = z.object({
  jobId: z.string(),
  /** Absent: it has not come yet. */
  job: JobSummary.optional(),
});
export type MemberView = z.infer<typeof MemberView>;

export function groupView(group: Group): GroupView {
  const { sealed, closedAt, walk, finish } = group;
  const isRunning = stateOf(group) === 'running';
  const members = isRunning ? (walk?.tally ?? NO_TALLY) : finish?.tally;
  const round = closedAt === undefined ? undefined : (finish?.round ?? 0) + (isRunning ? 1 : 0);
  return {
    group: group.groupId,
    tenantId: group.tenantId,
    state: stateOf(group),
    createdAt: iso(group.createdAt),
    ...timesOf({
      sealedAt: sealed?.at,
      closedAt,
      timeoutAt: group.timeoutAt,
      cancelledAt: group.cancelledAt,
    }),
    ...(sealed?.expect === undefined ? {} : { expect: sealed.expect }),
    ...(group.array === undefined ? {} : { array: arrayView(group.array) }),
    ...(round === undefined ? {} : { round }),
    ...(members === undefined ? {} : { members }),
    ...(finish === undefined
      ? {}
      : {
          finish: {
            round: finish.round,
            at: iso(finish.at),
            status: hasSucceeded(group, finish) ? 'succeeded' : 'failed',
            members: finish.tally,
            ...(finish.manifest === undefined ? {} : { manifest: finish.manifest }),
          },
        }),
  };
}

function arrayView(array: ArrayPart) {
  const { idempotencyKey, jobType, items, made, itemsRef, concurrency, maxFailed, failure } = array;
  return {
    idempotencyKey,
    jobType,
    ...(isUnread(array) ? {} : { items }),
    made,
    ...(itemsRef === undefined ? {} : { itemsRef }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxFailed === undefined ? {} : { maxFailed }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function timesOf(
  times: Readonly<Record<'sealedAt' | 'closedAt' | 'timeoutAt' | 'cancelledAt', number | undefined>>,
) {
  const known = Object.entries(times).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, iso(ms)]]));
  return Object.fromEntries(known);
}

const iso = (ms: number): string => new Date(ms).toISOString();
