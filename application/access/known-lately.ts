/**
 * What was read lately, in the memory of one sandbox. A key that is disabled ends all its tokens, and a revocation those of a
 * tenant, when every sandbox has forgotten what it knew.
 */
import type { Clock } from '../../io/process/clock.ts';

export type KnownLately<Known> = (id: string) => Promise<Known | undefined>;

/** This long a disabled key may still be taken. */
const KNOWN_MS = 60_000;
/** A stranger who makes ids up costs one read each, and what is new is heard of soon. */
const UNKNOWN_MS = 10_000;
const MAX_REMEMBERED = 1000;

interface Remembered<Known> {
  readonly known: Known | undefined;
  readonly untilMs: number;
}

/** @param read throws when the table does not answer, and then nothing older is taken in its place */
export function knownLately<Known>(
  clock: Clock,
  read: (id: string) => Promise<Known | undefined>,
  unknownMs = UNKNOWN_MS,
): KnownLately<Known> {
  const remembered = new Map<string, Remembered<Known>>();
  return async (id) => {
    const before = remembered.get(id);
    if (before !== undefined && clock.nowMs() < before.untilMs) return before.known;
    // From before the read: what is true when it is asked for may have changed when it is answered.
    const askedMs = clock.nowMs();
    const known = await read(id);
    remembered.delete(id);
    remembered.set(id, { known, untilMs: askedMs + (known === undefined ? unknownMs : KNOWN_MS) });
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return known;
  };
}
