/** How long a count of a tenant's waiting jobs is good enough to compare with its quota. */

/** How many jobs of a tenant wait, as they were last counted. */
export interface Backlog {
  readonly count: number;
  readonly atMs: number;
}

const MIN_VALID_MS = 1000;
/** A long list costs more to count, and one job more or less matters less. */
const VALID_MS_PER_WAITING = 1;
/** 20 sandboxes of intake that record ten jobs in 50 ms each fill the room below a quota by four jobs a millisecond. */
const VALID_MS_PER_ROOM = 1 / 4;

/** Whether the count need not be made again: the quota can hardly have been reached since, or would hardly be exceeded. */
export function isCurrent({ count, atMs }: Backlog, quota: number, nowMs: number): boolean {
  const validMs = Math.max(MIN_VALID_MS, count * VALID_MS_PER_WAITING, (quota - count) * VALID_MS_PER_ROOM);
  return nowMs - atMs < validMs;
}
