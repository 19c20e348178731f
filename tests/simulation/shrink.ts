/** From a world that went wrong to the smallest one that still does: what is left out had nothing to do with it. */
import { faultKinds, profileOf, strengthOf } from './kinds.ts';
import type { Mutant } from './lambdas.ts';
import { MOST_JOBS } from './people.ts';
import { FAULTS_END_MS } from './profiles.ts';
import { type Limits, type Outcome, simulate } from './simulation.ts';

/** The faults' end is found to this. */
const FINE_MS = 5000;

export interface Shrunk {
  readonly limits: Limits;
  readonly outcome: Outcome;
}

export async function shrink(failed: Outcome, mutant?: Mutant): Promise<Shrunk> {
  let smallest: Shrunk = { limits: {}, outcome: failed };
  const rule = ruleOf(failed);
  const stillFails = async (limits: Limits): Promise<boolean> => {
    const outcome = await simulate(failed.profile, failed.seed, { ...limits, mutant });
    const fails = ruleOf(outcome) === rule;
    if (fails) smallest = { limits, outcome };
    return fails;
  };

  for (let job = MOST_JOBS - 1; job >= 0; job--) {
    const jobs = (smallest.limits.jobs ?? [...Array(MOST_JOBS).keys()]).filter((other) => other !== job);
    await stillFails({ ...smallest.limits, jobs });
  }
  const profile = profileOf(failed.profile, failed.seed);
  for (const kind of faultKinds.filter((each) => strengthOf(profile, each) > 0))
    await stillFails({ ...smallest.limits, without: [...(smallest.limits.without ?? []), kind] });
  let [fine, bad] = [0, FAULTS_END_MS];
  while (bad - fine > FINE_MS) {
    const faultsEndMs = Math.round((fine + bad) / 2000) * 1000;
    if (await stillFails({ ...smallest.limits, faultsEndMs })) bad = faultsEndMs;
    else fine = faultsEndMs;
  }
  return smallest;
}

/** Without it a smaller world that goes wrong for another reason would pass for the same. */
export function ruleOf({ violations: [first = ''] }: Outcome): string {
  return first.slice(0, first.indexOf(':'));
}

export function commandOf({ limits, outcome: { profile, seed } }: Shrunk): string {
  const { jobs, without, faultsEndMs } = limits;
  return [
    `npm run sim -- --profile ${profile} --seed ${seed}`,
    ...(jobs === undefined ? [] : [`--jobs ${jobs.join()}`]),
    ...(without === undefined ? [] : [`--without ${without.join()}`]),
    ...(faultsEndMs === undefined ? [] : [`--faults-until ${faultsEndMs / 1000}`]),
  ].join(' ');
}
