/** The only source of time. */
import { setTimeout as pause } from 'node:timers/promises';

export interface Clock {
  nowMs(): number;
}

/** A clock that can also wait. */
export interface PacingClock extends Clock {
  /** Resolves at once when the time has passed. */
  waitUntil(atMs: number): Promise<void>;
}

export const systemClock: PacingClock = {
  nowMs: () => Date.now(),
  waitUntil: (atMs) => pause(Math.max(0, atMs - Date.now())),
};
