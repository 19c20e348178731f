/** The only sources of time and chance. */
import { randomUUID } from 'node:crypto';

export interface Clock {
  nowMs(): number;
}

export interface Chance {
  /** A name nobody else has. */
  token(): string;
  /** From 0 up to 1. */
  fraction(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
export const systemChance: Chance = { token: () => randomUUID(), fraction: () => Math.random() };
