/** The only sources of time and chance. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export interface Clock {
  nowMs(): number;
}

/** A clock that one can also wait by. */
export interface PacingClock extends Clock {
  /** Resolves at once when the time has passed. */
  waitUntil(atMs: number): Promise<void>;
}

export interface Chance {
  /** A name nobody else has. */
  token(): string;
  /** From 0 up to 1. */
  fraction(): number;
}

export const systemClock: PacingClock = {
  nowMs: () => Date.now(),
  waitUntil: (atMs) => pause(Math.max(0, atMs - Date.now())),
};
export const systemChance: Chance = { token: () => randomUUID(), fraction: () => Math.random() };
