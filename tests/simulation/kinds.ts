/** The kinds of fault, one by one: to count them, to draw some of them, and to switch them off. */
import { type Dice, dice } from './dice.ts';
import { type Profile, type ProfileName, profiles } from './profiles.ts';

type Group =
  | 'calls'
  | 'messages'
  | 'bus'
  | 'events'
  | 'submit'
  | 'batch'
  | 'work'
  | 'pace'
  | 'receivers'
  | 'lasting'
  | 'people'
  | 'functions';
type KindOf<G extends Group> = `${G}.${keyof Profile[G] & string}`;
/** Such as `calls.late` or `batch.listLagMs`. */
export type FaultKind = { [G in Group]: KindOf<G> }[Group];

const groups: readonly Group[] = [
  'calls',
  'messages',
  'bus',
  'events',
  'submit',
  'batch',
  'work',
  'pace',
  'receivers',
  'lasting',
  'people',
  'functions',
];
export const faultKinds: readonly FaultKind[] = groups.flatMap(
  (group) => Object.keys(profiles.chaos[group]).map((name) => `${group}.${name}` as FaultKind), // the profile has no other keys
);

export function strengthOf(profile: Profile, kind: FaultKind): number {
  const [group, name = ''] = kind.split('.') as [Group, string]; // a kind is made of these
  const faults: Readonly<Record<string, number>> = profile[group];
  return faults[name] ?? 0;
}

export function strengthsOf(profile: Profile): ReadonlyMap<string, number> {
  const strengths = new Map<string, number>();
  for (const group of groups)
    for (const [name, strength] of Object.entries(profile[group]))
      strengths.set(`${group}.${name}`, strength);
  return strengths;
}

/** The profile with every kind of fault at the strength that is asked for. */
export function withStrengths(profile: Profile, strength: (kind: FaultKind, now: number) => number): Profile {
  const changed = groups.map((group) => {
    const faults = Object.entries(profile[group]).map(([name, now]) => [
      name,
      strength(`${group}.${name}` as FaultKind, now), // the profile has no other keys
    ]);
    return [group, Object.fromEntries(faults)];
  });
  return { ...profile, ...Object.fromEntries(changed) };
}

/**
 * A fault that hides in the company of others shows where those are off: a third of the kinds is off, and the rest are
 * up to three times as strong. Whatever makes tick needed stays off where there is none.
 */
function drawn(luck: Dice): Profile {
  const base = luck.happens(0.75) ? profiles.chaos : profiles.race;
  return withStrengths({ ...base, name: 'drawn' }, (_, now) =>
    luck.pick([0, 0, now * 0.5, now, now * 1.5, now * 3]),
  );
}

export function profileOf(name: ProfileName, seed: number): Profile {
  return name === 'drawn' ? drawn(dice(seed, 'profile')) : profiles[name];
}
