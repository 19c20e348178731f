/** Waiting for what a test expects of a running stack. */
import { setTimeout as pause } from 'node:timers/promises';

/** Far above what anything takes; a test that waits this long has failed. */
const PATIENCE_MS = 110_000;
/** Calls come in groups; one look at the end of a group does for all of it. */
const GATHER_MS = 50;
/** Some changes come without a call: a state of Batch, the output of another process. */
const UNSEEN_MS = 200;

let change = Promise.withResolvers<void>();

/** Lets every wait look again. A look costs as much as what it looks at, so waits do not look while nothing happens. */
export function somethingHappened(): void {
  change.resolve();
  change = Promise.withResolvers();
}

/** Looks again and again until there is an answer; names what it waited for when there is none. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const endsAt = performance.now() + patienceMs;
  while (performance.now() < endsAt) {
    // Taken before the look: what happens during it may come too late for it.
    const { promise } = change;
    const found = await look();
    if (found !== undefined) return found;
    await Promise.race([promise, pause(UNSEEN_MS, undefined, { ref: false })]);
    await pause(GATHER_MS);
  }
  throw new Error(`Waited ${patienceMs / 1000} s for ${what}`);
}
