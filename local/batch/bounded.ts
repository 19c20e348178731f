/** A wait with a limit, for closing: a part that hangs must not delay the others. */
import { setTimeout as delay } from 'node:timers/promises';

/** Waits for `work`, but no longer than `limitMs`, and leaves no timer behind. `work` must not reject. */
export async function waitAtMost(limitMs: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const limit = delay(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([work, limit]);
  over.abort();
}
