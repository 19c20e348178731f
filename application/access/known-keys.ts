/** Keys as they were read lately. A key that is disabled ends all its tokens when every sandbox has forgotten it. */
import type { AccessKey } from '../../domain/access/key.ts';
import type { KeyStore } from '../../io/access/keys.ts';
import type { Clock } from '../../io/process/clock.ts';

export type KnownKeys = (keyId: string) => Promise<AccessKey | undefined>;

/** This long a disabled key may still be taken. */
const KNOWN_MS = 60_000;
/** A stranger who makes ids up costs one read each, and a new key is taken soon. */
const UNKNOWN_MS = 10_000;
const MAX_REMEMBERED = 1000;

interface Remembered {
  readonly key: AccessKey | undefined;
  readonly untilMs: number;
}

/** @throws when the table does not answer and nothing recent is known */
export function knownKeys({
  keys,
  clock,
}: {
  readonly keys: Pick<KeyStore, 'get'>;
  readonly clock: Clock;
}): KnownKeys {
  const remembered = new Map<string, Remembered>();
  return async (keyId) => {
    const before = remembered.get(keyId);
    if (before !== undefined && clock.nowMs() < before.untilMs) return before.key;
    // From before the read: what is true when it is asked for may have changed when it is answered.
    const askedMs = clock.nowMs();
    const key = await keys.get(keyId);
    remembered.delete(keyId);
    remembered.set(keyId, { key, untilMs: askedMs + (key === undefined ? UNKNOWN_MS : KNOWN_MS) });
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return key;
  };
}
