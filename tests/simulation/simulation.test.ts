import { describe, expect, it } from '@jest/globals';
import { profileNames } from './profiles.ts';
import { keptSeeds } from './seeds.ts';
import { type Outcome, simulate, storyOf } from './simulation.ts';

/** Per profile. `SEEDS=20000 npm run jest -- tests/simulation/simulator` for a long run, `FIRST_SEED` for other worlds. */
const SEEDS = Number(process.env['SEEDS'] ?? 90);
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);
const TIMEOUT_MS = 120_000 + SEEDS * 1000;

/** Over all runs of this file. */
const sometimes = new Map<string, number>();

async function survive(profile: Outcome['profile'], seed: number): Promise<Outcome> {
  const outcome = await simulate(profile, seed);
  for (const [what, count] of outcome.sometimes) sometimes.set(what, (sometimes.get(what) ?? 0) + count);
  if (outcome.violations.length > 0) throw new Error(await story(outcome));
  return outcome;
}

/** The same world again, with the history of the job that was wronged. */
async function story({ profile, seed }: Outcome): Promise<string> {
  const outcome = await simulate(profile, seed, { keepHistory: true });
  const { violations, blamed } = outcome;
  const lines = storyOf(outcome).map(
    ({ atMs, process, text }) => `${(atMs / 1000).toFixed(3).padStart(10)} ${process.padEnd(14)} ${text}`,
  );
  return [`profile ${profile}, seed ${seed}, job ${blamed}`, ...violations, ...lines].join('\n');
}

describe('in a world where anything may be lost, late, double or dead', () => {
  it.each(profileNames)(
    'every accepted job ends once, truthfully, and its tenant is told: %s',
    async (profile) => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await survive(profile, seed);
    },
    TIMEOUT_MS,
  );

  it.each(keptSeeds)('$profile $seed: $why', ({ profile, seed }) => survive(profile, seed), TIMEOUT_MS);

  it.each([
    'adopted by container',
    'adopted by track',
    'adopted by submit',
    'authority moved to the claimant',
    'claim taken over by a later try',
    'second Batch job of one attempt',
    'submission:resolve:found',
    'submission:resolve:absent',
    'stray refused',
    'job:claim:superseded claimed_by_another',
    'job:claim:superseded refused',
    'job:claim:superseded other_attempt',
    'result:commit:superseded',
    'attempt lost',
    'attempt timed out',
    'tombstone left',
    'redriven',
    'letter moved brought back',
    'message buried by front',
    'message buried by submit',
    'message buried by notify',
    'bus: event lost',
    'events: event lost',
    'acknowledgement lost',
    'entered expired',
    'entered cancelled',
    'succeeded although an end was asked for',
    'sweep:repair:done describe',
    'sweep:repair:done give_up',
  ])('the worlds were bad enough: %s', (what) => {
    expect(sometimes.get(what) ?? 0).toBeGreaterThan(0);
  });

  it('the same seed is the same world, line for line', async () => {
    const historyOf = async (seed: number) => (await simulate('chaos', seed, { keepHistory: true })).history;
    const first = await historyOf(7);
    expect(first.length).toBeGreaterThan(100);
    expect(await historyOf(7)).toEqual(first);
    expect(await historyOf(8)).not.toEqual(first);
  });
});
