import { describe, expect, it } from '@jest/globals';
import { expectations, kill } from './mutants.ts';

/** More than the one that is known to kill, for the day on which a change makes all worlds other worlds. */
const SEEDS = 100;
const TIMEOUT_MS = 240_000;

describe('a rule that is taken out is missed', () => {
  it.each(expectations)(
    '$rule: without $without, $profile goes wrong',
    async (expectation) => {
      expect(await kill(expectation, expectation.firstSeed ?? 1, SEEDS)).toBeDefined();
    },
    TIMEOUT_MS,
  );
});
