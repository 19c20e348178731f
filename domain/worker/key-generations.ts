/**
 * The generations of the keys for tickets and task tokens. The one that signs is replaced once a month, by the function that signs with it;
 * those before are still believed for as long as something that they have signed may be shown.
 */
import type { Purpose } from './tokens.ts';

export interface Generation {
  readonly keyId: string;
  /** Absent of keys from the time before they were renewed. */
  readonly madeAt?: number | undefined;
}

const DAY_MS = 86_400_000;
export const RENEW_AFTER_MS = 30 * DAY_MS;

/**
 * A function that verifies looks for a key that it does not know at most once a minute. So a new key signs nothing before every one of them
 * would find it.
 */
export const ANNOUNCED_MS = 120_000;

/** A function that signs looks for a newer key so often. */
export const LOOK_FOR_NEWER_MS = 600_000;

/**
 * With the newest. A task token lives for an hour, much less than a month. A ticket is shown when its container begins, and a job may wait for
 * capacity for months: after 90 days its claim is refused, and its attempt is repeated.
 */
const KEPT: Readonly<Record<Purpose, number>> = { ticket: 4, task: 2 };

/** The first one needs no announcement: nothing else could sign. */
export function signing<Key extends Generation>(keys: readonly Key[], nowMs: number): Key | undefined {
  return keys.findLast(({ madeAt = 0 }) => madeAt + ANNOUNCED_MS <= nowMs) ?? keys[0];
}

export function isDue(keys: readonly Generation[], nowMs: number): boolean {
  const { madeAt = 0 } = keys.at(-1) ?? {};
  return madeAt + RENEW_AFTER_MS <= nowMs;
}

/** With a new one in the last place. */
export function renewed<Key extends Generation>(
  purpose: Purpose,
  keys: readonly Key[],
  newest: Key,
): readonly Key[] {
  return [...keys, newest].slice(-KEPT[purpose]);
}

/** No id names two keys: it counts on from the newest. */
export const nextId = (keys: readonly Generation[]): string =>
  `k${Number(keys.at(-1)?.keyId.slice(1) ?? 0) + 1}`;
