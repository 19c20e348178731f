/**
 * Which pages may act. A page shows a code once, and is given a secret, which it keeps in its memory and sends with each call.
 * The code is not in the arguments of a program, which other users of a machine can read, and is worthless a minute later.
 */
import { randomBytes } from 'node:crypto';

/** Where the calls of pages come from: a page of this machine, or a terminal that its operator opens pages from. */
export interface Sessions {
  /** @returns a code that opens one session within a minute */
  invite(): string;
  /** @returns the secret of a session; undefined for a code that is unknown, used or too old */
  open(code: string): string | undefined;
  /** Whether a secret is that of a session; then it is used, and does not end for another eight hours. */
  has(secret: string): boolean;
}

const CODE_MS = 60_000;
const IDLE_MS = 8 * 3_600_000;
/** A page opens one session, so more are none of an operator's. The oldest ends first. */
const MAX_SESSIONS = 64;

/**
 * @param needCode false where a code would protect nothing: the embedded cloud answers each program of its machine anyway, whatever
 * it signs with, and no page of another origin
 */
export function sessions(nowMs: () => number, needCode: boolean): Sessions {
  const codes = new Map<string, number>();
  const usedAt = new Map<string, number>();
  const forgetOld = () => {
    for (const [code, madeAt] of codes) if (madeAt + CODE_MS <= nowMs()) codes.delete(code);
    for (const [secret, at] of usedAt) if (at + IDLE_MS <= nowMs()) usedAt.delete(secret);
  };
  return {
    invite() {
      const code = randomBytes(24).toString('base64url');
      codes.set(code, nowMs());
      return code;
    },
    open(code) {
      forgetOld();
      // A code that was shown is used up, also when its answer was lost: the operator asks for another one.
      if (!codes.delete(code) && needCode) return undefined;
      const secret = randomBytes(32).toString('base64url');
      usedAt.set(secret, nowMs());
      for (const oldest of usedAt.keys()) if (usedAt.size > MAX_SESSIONS) usedAt.delete(oldest);
      return secret;
    },
    has(secret) {
      forgetOld();
      // Looked up by its hash in a map: what an attacker learns from the time it takes is nothing of the secret.
      if (!usedAt.delete(secret)) return false;
      usedAt.set(secret, nowMs());
      return true;
    },
  };
}
