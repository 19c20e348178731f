/** Waiting for what a test expects of a running stack. */
import { setTimeout as pause } from 'node:timers/promises';

/** Far above what anything takes; a test that waits this long has failed. */
const RECONCILE_GRACE_MS = 60_000;

/** Looks again and again until there is an answer; names what it waited for when there is none. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  patienceMs = RECONCILE_GRACE_MS,
): Promise<T> {
  const endsAt = performance.now() + patienceMs;
  while (performance.now() < endsAt) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error(`Waited ${patienceMs / 1000} s in vain for ${what}`);
}
