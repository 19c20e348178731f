/** How the group of an array grows: it is made of a request, its items are counted, and its members are made of them. */
import type { ArrayFailure, ArrayPart } from './array.ts';
import {
  cancelled,
  changedGroup,
  closing,
  DEFAULT_GROUP_TIMEOUT_SECONDS,
  type Group,
  type GroupName,
  newGroup,
  soon,
} from './group.ts';
import type { Lines } from './lines.ts';

export type NewArray = Omit<ArrayPart, 'made'>;

/** Sealed from the beginning; closed when its members are made. Those that never are count as missing. */
export function newArray(name: GroupName, array: NewArray, nowMs: number): Group {
  return { ...newGroup(name, nowMs), ...beginningOf(array, nowMs) };
}

const beginningOf = (array: NewArray, nowMs: number) => ({
  array: { ...array, made: 0 },
  sealed: { at: nowMs, expect: array.items },
  timeoutAt: nowMs + DEFAULT_GROUP_TIMEOUT_SECONDS * 1000,
  dueAt: soon(nowMs),
});

/** The cancel of an array has come before the array. What it leaves behind is no group, and ends the array when that comes. */
export function cancelledAhead(group: Group, nowMs: number): Group | undefined {
  return group.cancelledAt === undefined ? changedGroup(group, { cancelledAt: nowMs }, nowMs) : undefined;
}

/** The array whose cancel was there before: none of its jobs is made, and all of them are missing. */
export function arrayOver(ahead: Group, array: NewArray, nowMs: number): Group {
  const { array: part, ...begun } = beginningOf(array, nowMs);
  if (ahead.cancelledAt === undefined) return changedGroup(ahead, { ...begun, array: part }, nowMs);
  const made = { ...part, isMade: true as const };
  return changedGroup(ahead, { ...begun, array: made, ...closing(nowMs) }, nowMs);
}

/**
 * After a slice of its items. A group that was closed meanwhile, by a cancel, makes no more.
 *
 * @param made how many items had their turn
 */
export function grown(group: Group, array: ArrayPart, made: number, nowMs: number): Group {
  const isMade = made >= array.items || group.closedAt !== undefined;
  const next: ArrayPart = { ...array, made, ...(isMade ? { isMade } : {}) };
  const close = isMade && group.closedAt === undefined ? closing(nowMs) : {};
  return changedGroup(group, { array: next, ...close, dueAt: soon(nowMs) }, nowMs);
}

/** Its object was read. */
export function counted(group: Group, array: ArrayPart, items: number, lines: Lines, nowMs: number): Group {
  const { at = nowMs } = group.sealed ?? {};
  const next = { ...array, items, lines };
  return changedGroup(group, { array: next, sealed: { at, expect: items }, dueAt: soon(nowMs) }, nowMs);
}

/** Its object could not be read, or not be read to its end: no more jobs are made, and what it is short of counts as missing. */
export function unmade(
  group: Group,
  array: ArrayPart,
  failure: ArrayFailure | undefined,
  nowMs: number,
): Group {
  const next = { ...array, isMade: true as const, ...(failure === undefined ? {} : { failure }) };
  const close = group.closedAt === undefined ? closing(nowMs) : {};
  return changedGroup(group, { array: next, ...close, dueAt: soon(nowMs) }, nowMs);
}

/**
 * More of its items have failed than may: the others are cancelled. Once: what its owner runs again after that is not counted.
 *
 * @returns undefined when that was done
 */
export function stopped(group: Group, nowMs: number): Group | undefined {
  const { array } = group;
  if (array?.maxFailed === undefined || array.failure !== undefined) return undefined;
  const message = `More than ${array.maxFailed} of its items have failed.`;
  const failure = { code: 'array_failures' as const, message };
  return changedGroup(cancelled(group, nowMs), { array: { ...array, failure } }, nowMs);
}
