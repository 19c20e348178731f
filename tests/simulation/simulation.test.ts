import { describe, expect, it } from '@jest/globals';
import { expectations, kill } from './mutants.ts';
import { FAULTS_END_MS, type ProfileName, profileNames } from './profiles.ts';
import { keptSeeds } from './seeds.ts';
import { commandOf, ruleOf, shrink } from './shrink.ts';
import { simulate } from './simulation.ts';
import { story } from './story.ts';

/** Of each profile. `npm run sim` runs more, and `npm test` runs it with 2,000. */
const SEEDS = 40;
const TIMEOUT_MS = 240_000;

async function survive(profile: ProfileName, seed: number): Promise<void> {
  const { violations } = await simulate(profile, seed);
  if (violations.length > 0) throw new Error(story(await simulate(profile, seed, { keepHistory: true })));
}

describe('in a world where anything may be lost, late, double or dead', () => {
  it.each(profileNames)(
    'every accepted job ends once, truthfully, and its tenant is told: %s',
    async (profile) => {
      for (let seed = 1; seed <= SEEDS; seed++) await survive(profile, seed);
    },
    TIMEOUT_MS,
  );

  it.each(keptSeeds)('$profile $seed: $why', ({ profile, seed }) => survive(profile, seed), TIMEOUT_MS);

  it('the same seed is the same world, line for line', async () => {
    const historyOf = async (seed: number) => (await simulate('chaos', seed, { keepHistory: true })).history;
    const first = await historyOf(7);
    expect(first.length).toBeGreaterThan(50);
    expect(await historyOf(7)).toEqual(first);
    expect(await historyOf(8)).not.toEqual(first);
  });
});

describe('a world that goes wrong', () => {
  const broken = expectations.find(({ rule }) => rule === 'S7') ?? expectations[0]!;

  it(
    'is shrunk to one that goes wrong for the same reason with less in it, and told',
    async () => {
      const failed = (await kill(broken, 1, 100))!;
      const shrunk = await shrink(failed, broken.mutant);
      expect(ruleOf(shrunk.outcome)).toBe(ruleOf(failed));
      expect(shrunk.limits.jobs).toHaveLength(1);
      expect(shrunk.limits.without?.length).toBeGreaterThan(20);
      expect(shrunk.limits.faultsEndMs).toBeLessThan(FAULTS_END_MS);

      const { profile, seed } = failed;
      expect(commandOf(shrunk)).toMatch(
        new RegExp(
          `^npm run sim -- --profile ${profile} --seed ${seed} --jobs \\d --without \\S+ --faults-until \\d+$`,
        ),
      );
      const again = await simulate(profile, seed, {
        ...shrunk.limits,
        mutant: broken.mutant,
        keepHistory: true,
      });
      expect(again.violations).toEqual(shrunk.outcome.violations);
      expect(story(again)).toContain('VIOLATION R9');
    },
    TIMEOUT_MS,
  );
});
