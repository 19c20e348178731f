/** How often what is waited for is looked at. */
import { HeadgateError } from './errors.ts';
import type { Answer } from './transport.ts';

export const DEFAULT_TIMEOUT_SECONDS = 600;
const FIRST_LOOK_MS = 1000;
const MAX_LOOK_MS = 5000;
/** A job that takes this long is not in a hurry. */
const LONG_MS = 600_000;
const MAX_LONG_LOOK_MS = 15_000;

/** What may help later is looked at again until the timeout: a wait outlives an outage. */
export async function look(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HeadgateError && error.retryable) return undefined;
    throw error;
  }
}

/** A second after the first look, growing to five; jobs of many waiters are not asked for at the same moments. */
export function pauseMs(looks: number, waitedMs: number, random: number): number {
  const most = waitedMs > LONG_MS ? MAX_LONG_LOOK_MS : MAX_LOOK_MS;
  return Math.min(FIRST_LOOK_MS * 1.5 ** Math.min(looks, 20), most) * (0.75 + random / 2);
}
