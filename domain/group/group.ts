/**
 * The record of one group: jobs of a tenant that end together, in rounds.
 *
 * A group is sealed by its owner, and closed when it takes no more members. Then its members are walked through in the order of
 * their ids, and the walk stops at the first that has not ended; so no number of those that are left is kept, which two
 * processes could count down to different ends.
 */
import * as z from 'zod';
import { RECONCILE_GRACE_MS } from '../job/due.ts';
import { GroupId, ObjectUri } from '../job/ids.ts';
import { ArrayPart } from './array.ts';

const EpochMs = z.int().nonnegative();
const Count = z.int().nonnegative();

/** How its members have ended. `missing`: they joined, and have not come within the time of the group. */
export const Tally = z.object({
  succeeded: Count,
  failed: Count,
  cancelled: Count,
  expired: Count,
  missing: Count,
});
export type Tally = z.infer<typeof Tally>;
export type MemberEnd = keyof Tally;

export const NO_TALLY: Tally = { succeeded: 0, failed: 0, cancelled: 0, expired: 0, missing: 0 };

export const Walk = z.object({
  /** Members up to this id have ended, and are in the tally. Empty at the beginning. */
  after: z.string(),
  tally: Tally,
  /** How many redrives of members were seen. */
  redrives: Count,
});
export type Walk = z.infer<typeof Walk>;

/** The end of a round: all members had ended, each as the newest of its redrives. */
export const Finish = z.object({
  round: z.int().positive(),
  at: EpochMs,
  tally: Tally,
  redrives: Count,
  /** Of an array: what has become of each item. */
  manifest: ObjectUri.optional(),
});
export type Finish = z.infer<typeof Finish>;

export const Group = z.object({
  tenantId: z.string(),
  groupId: GroupId,
  /** Raised by one with each write. */
  version: z.int().positive(),
  createdAt: EpochMs,
  changedAt: EpochMs,
  /** `expect`: the number of members that is waited for. */
  sealed: z.object({ at: EpochMs, expect: Count.optional() }).optional(),
  /** A member whose job has not come by then is missing. Counted from the seal. */
  timeoutAt: EpochMs.optional(),
  closedAt: EpochMs.optional(),
  /** Present while a round is under way. */
  walk: Walk.optional(),
  /** A member was redriven: the walk has to begin anew. */
  again: z.literal(true).optional(),
  /** Members behind this id have yet to be cancelled; absent when none has. */
  cancelAfter: z.string().optional(),
  cancelledAt: EpochMs.optional(),
  /** The newest. It stays while a later round is under way. */
  finish: Finish.optional(),
  /** Of a group whose members are made from the items of one request, and that no other job joins. */
  array: ArrayPart.optional(),
  /** Ends that the tenant may not have been told of. */
  unsettled: z.array(Finish),
  /** When reconcile must look at it; absent when nothing is left to do. */
  dueAt: EpochMs.optional(),
});
export type Group = z.infer<typeof Group>;
export type GroupName = Pick<Group, 'tenantId' | 'groupId'>;

/** A week: a group ends although the message of a member was lost. */
export const DEFAULT_GROUP_TIMEOUT_SECONDS = 7 * 86_400;
export const MAX_EXPECTED = 1_000_000;

/** The end of a member is told; this finds a group that was not. */
const LOOK_MS = 30 * 60_000;
const NEVER = Number.MAX_SAFE_INTEGER;

export function newGroup({ tenantId, groupId }: GroupName, nowMs: number): Group {
  return { tenantId, groupId, version: 1, createdAt: nowMs, changedAt: nowMs, unsettled: [] };
}

/** `undefined` removes the field. */
type GroupChange = {
  readonly [K in Exclude<keyof Group, 'tenantId' | 'groupId' | 'version' | 'createdAt'>]?:
    | Group[K]
    | undefined;
};

export function changedGroup(group: Group, change: GroupChange, nowMs: number): Group {
  const next = { ...group, ...change, version: group.version + 1, changedAt: nowMs };
  const merged = Object.entries({ ...next, dueAt: rests(next) ? undefined : next.dueAt });
  return Group.parse(Object.fromEntries(merged.filter(([, value]) => value !== undefined)));
}

/** Nothing is left to do until its owner, or a redrive of a member, asks for it. */
function rests(group: GroupChange): boolean {
  const { sealed: seal, closedAt, walk, again, cancelAfter, unsettled = [], array } = group;
  if (seal === undefined) return true;
  const isBeingMade = array !== undefined && array.isMade !== true;
  const isUnderWay = closedAt === undefined || walk !== undefined || again === true || isBeingMade;
  return !isUnderWay && cancelAfter === undefined && unsettled.length === 0;
}

/** A message follows this write; if it is lost, reconcile sends it. */
export const soon = (nowMs: number) => nowMs + RECONCILE_GRACE_MS;

export interface Seal {
  readonly expect?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/** @returns undefined when it is sealed already */
export function sealed(group: Group, { expect, timeoutSeconds }: Seal, nowMs: number): Group | undefined {
  if (group.sealed !== undefined) return undefined;
  const change = {
    sealed: { at: nowMs, ...(expect === undefined ? {} : { expect }) },
    timeoutAt: nowMs + (timeoutSeconds ?? DEFAULT_GROUP_TIMEOUT_SECONDS) * 1000,
    dueAt: soon(nowMs),
  };
  return changedGroup(group, expect === undefined ? { ...change, ...closing(nowMs) } : change, nowMs);
}

export const closing = (nowMs: number) => ({ closedAt: nowMs, walk: BEGINNING });
const BEGINNING: Walk = { after: '', tally: NO_TALLY, redrives: 0 };

/** Whether a second seal says the same. */
export function isSealedAlike(group: Group, { expect }: Seal): boolean {
  return group.sealed !== undefined && group.sealed.expect === expect;
}

/** No job becomes a member from now on, except one whose row says that it is one already. */
export function closed(group: Group, nowMs: number): Group | undefined {
  return group.closedAt === undefined
    ? changedGroup(group, { ...closing(nowMs), dueAt: soon(nowMs) }, nowMs)
    : undefined;
}

export const hasTimedOut = ({ timeoutAt }: Group, nowMs: number): boolean =>
  timeoutAt !== undefined && timeoutAt <= nowMs;

/** A member was redriven. Before the group is closed no walk has begun, and after this mark each begins anew. */
export function toWalkAgain(group: Group, nowMs: number): Group | undefined {
  if (group.closedAt === undefined || group.again === true) return undefined;
  return changedGroup(group, { again: true, dueAt: soon(nowMs) }, nowMs);
}

export const walkingAnew = (group: Group, nowMs: number): Group =>
  changedGroup(group, { again: undefined, walk: BEGINNING, dueAt: soon(nowMs) }, nowMs);

/** @param isWaiting for the end of the next member; otherwise a message goes on with the walk */
export function walked(group: Group, walk: Walk, isWaiting: boolean, nowMs: number): Group {
  return changedGroup(group, { walk, dueAt: isWaiting ? lookAt(group, nowMs) : soon(nowMs) }, nowMs);
}

/** The end of a round. If no redrive has come since the round before, it was no round, and its end is the same one. */
export function finished(group: Group, walk: Walk, nowMs: number, manifest?: string): Group {
  const { finish: before, sealed: seal } = group;
  const tally = withAbsent(walk.tally, seal?.expect);
  const isSame = before !== undefined && before.redrives === walk.redrives;
  const finish = isSame
    ? before
    : {
        round: (before?.round ?? 0) + 1,
        at: nowMs,
        tally,
        redrives: walk.redrives,
        ...(manifest === undefined ? {} : { manifest }),
      };
  const unsettled = [...group.unsettled.filter(({ round }) => round !== finish.round), finish];
  return changedGroup(group, { walk: undefined, finish, unsettled, dueAt: soon(nowMs) }, nowMs);
}

/** Those that were expected and never joined. */
function withAbsent(tally: Tally, expect = 0): Tally {
  return { ...tally, missing: tally.missing + Math.max(0, expect - totalOf(tally)) };
}

export const totalOf = (tally: Tally): number => Object.values(tally).reduce((sum, count) => sum + count, 0);

/** The tenant has been told of the end of this round. @returns undefined when that was known */
export function settled(group: Group, round: number, nowMs: number): Group | undefined {
  const unsettled = group.unsettled.filter((finish) => finish.round !== round);
  if (unsettled.length === group.unsettled.length) return undefined;
  return changedGroup(group, { unsettled }, nowMs);
}

/** Asks for the end of all members; the group takes no more. A repeat begins anew, for members that came late. */
export function cancelled(group: Group, nowMs: number): Group {
  const seal = group.sealed === undefined ? sealed(group, {}, nowMs) : undefined;
  const { version: _, ...closedGroup } = seal ?? closed(group, nowMs) ?? group;
  const change = {
    ...closedGroup,
    cancelAfter: '',
    cancelledAt: group.cancelledAt ?? nowMs,
    dueAt: soon(nowMs),
  };
  return changedGroup(group, change, nowMs);
}

/** @param cancelAfter absent: each member was cancelled */
export const cancelledUntil = (group: Group, cancelAfter: string | undefined, nowMs: number): Group =>
  changedGroup(group, { cancelAfter, dueAt: soon(nowMs) }, nowMs);

/** After reconcile has sent the message of the group. */
export function putOffGroup(group: Group, nowMs: number): Group {
  const isWaiting = group.unsettled.length === 0 && group.again !== true && group.cancelAfter === undefined;
  return changedGroup(group, { dueAt: isWaiting ? lookAt(group, nowMs) : soon(nowMs) }, nowMs);
}

function lookAt({ timeoutAt = NEVER }: Group, nowMs: number): number {
  return Math.min(nowMs + LOOK_MS, timeoutAt > nowMs ? timeoutAt : NEVER);
}

/** `open` before its seal; `sealed` until it is closed; `running`; `finished`. */
export type GroupState = 'open' | 'sealed' | 'running' | 'finished';

export function stateOf({ sealed: seal, closedAt, walk, again, finish }: Group): GroupState {
  if (closedAt === undefined) return seal === undefined ? 'open' : 'sealed';
  return walk !== undefined || again === true || finish === undefined ? 'running' : 'finished';
}

/** An array that has made no job has not succeeded: its items could not be read, or it was cancelled before. */
export const hasSucceeded = ({ array }: Pick<Group, 'array'>, { tally }: Finish): boolean =>
  tally.succeeded === totalOf(tally) && (array === undefined || tally.succeeded > 0);
