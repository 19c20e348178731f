import { describe, expect, it } from '@jest/globals';
import { expectations } from './mutants.ts';
import { simulate } from './simulation.ts';

const MAX_SEEDS = 100;
const TIMEOUT_MS = 240_000;

describe('a rule that is taken out is missed', () => {
  it.each(expectations)(
    '$rule: without $without, $profile goes wrong',
    async ({ profile, mutant, firstSeed = 1 }) => {
      let violations: readonly string[] = [];
      for (let seed = firstSeed; seed < firstSeed + MAX_SEEDS && violations.length === 0; seed++)
        violations = (await simulate(profile, seed, { mutant })).violations;
      expect(violations).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
