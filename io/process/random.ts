/** The only source of random values. */
import { randomUUID } from 'node:crypto';

export interface Random {
  /** A unique token. */
  token(): string;
  /** From 0 up to 1. */
  fraction(): number;
}

export const systemRandom: Random = { token: () => randomUUID(), fraction: () => Math.random() };
