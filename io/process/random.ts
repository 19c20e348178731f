/** The only source of chance. */
import { randomUUID } from 'node:crypto';

export interface Random {
  /** A name nobody else has. */
  token(): string;
  /** From 0 up to 1. */
  fraction(): number;
}

export const systemRandom: Random = { token: () => randomUUID(), fraction: () => Math.random() };
