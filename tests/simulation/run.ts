/** `npm run sim`: many worlds, one world again, or the rules taken out one at a time. */
import * as z from 'zod';
import { Misused, print, readCommand, runCommand } from '../../cli/command-line.ts';
import {
  addTo,
  FULL_RUN,
  newTally,
  passes,
  sometimes,
  type Tally,
  timesSeen,
  unreached,
} from './coverage.ts';
import { faultKinds } from './kinds.ts';
import { expectations, kill } from './mutants.ts';
import { type ProfileName, profileNames } from './profiles.ts';
import { commandOf, ruleOf, shrink } from './shrink.ts';
import { type Limits, type Outcome, simulate } from './simulation.ts';
import { story } from './story.ts';

/** A run of about one second, for the check after each edit. */
const QUICK_RUN = 100;

const USAGE = `Usage: npm run sim -- [--seeds N] [--quick] [--profile P] [--seed S]
       npm run sim -- --profile P --seed S [--jobs 0,2] [--without KIND,KIND] [--faults-until SECONDS]
       npm run sim -- --mutants [--seeds N]

Runs the real functions in N worlds (${FULL_RUN}), from seed S (1) on, with faults in calls, messages, events, containers and
people, and checks what must hold after each write and at the end. Profiles in turn, or the one that is named:
${profileNames.join(', ')}.

With --quick, N is ${QUICK_RUN} unless --seeds gives it. With --quick, or with N below ${FULL_RUN}, a rare path that no world took is
reported and does not fail the run: small runs cannot take them all.
With --seed and no --seeds, one world is run again, and its history is printed if a promise is broken.
With --mutants, each rule of the protocol is taken out in turn, and must be missed within N worlds (5000).

Exit code 0: every promise was kept and, in a full run, every rare path was taken. 1: not so. 2: wrong usage.
`;

const whole = (what: string) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, `expected ${what}`)
    .transform(Number);
const listed = <T extends string>(one: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(one));

const schemas = {
  sim: z.strictObject({
    seeds: whole('a number of worlds').optional(),
    seed: whole('the number of a world').optional(),
    profile: z.enum(profileNames, `expected one of ${profileNames.join(', ')}`).optional(),
    quick: z.boolean().optional(),
    mutants: z.boolean().optional(),
    jobs: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(whole('numbers of jobs, such as 0,2')))
      .optional(),
    without: listed(z.enum(faultKinds, 'expected kinds of fault, such as calls.late,bus.drop')).optional(),
    'faults-until': whole('seconds').optional(),
  }),
};

async function main(): Promise<number> {
  const asked = readCommand(schemas, ['sim', ...process.argv.slice(2)]);
  if (asked === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { seeds, seed, profile, quick = false, mutants = false, jobs, without } = asked.options;
  const until = asked.options['faults-until'];
  const limited = jobs !== undefined || without !== undefined || until !== undefined;
  const chosen = profile !== undefined || seed !== undefined;
  if (mutants && (limited || chosen)) throw new Misused('--mutants goes with --seeds alone.');
  if (limited && (seed === undefined || seeds !== undefined))
    throw new Misused('--jobs, --without and --faults-until go with one --seed.');
  if (quick && (mutants || (seed !== undefined && seeds === undefined)))
    throw new Misused('--quick goes with many worlds: alone, or with --seeds or --profile.');
  if (mutants) return killAll(seeds ?? 5000);
  const limits = { jobs, without, faultsEndMs: until === undefined ? undefined : until * 1000 };
  if (seed !== undefined && seeds === undefined) return again(profile ?? profileOfWorld(seed), seed, limits);
  const count = seeds ?? (quick ? QUICK_RUN : FULL_RUN);
  return runAll({ first: seed ?? 1, seeds: count, profile, full: !quick && count >= FULL_RUN });
}

const profileOfWorld = (seed: number): ProfileName => profileNames[seed % profileNames.length] ?? 'chaos';

interface Campaign {
  readonly first: number;
  readonly seeds: number;
  readonly profile: ProfileName | undefined;
  /** Whether a point that no world reaches fails the run. */
  readonly full: boolean;
}

async function runAll({ first, seeds, profile, full }: Campaign): Promise<number> {
  const tally = newTally();
  const failed: Outcome[] = [];
  const startedAt = performance.now();
  for (let seed = first; seed < first + seeds; seed++) {
    const outcome = await simulate(profile ?? profileOfWorld(seed), seed);
    addTo(tally, outcome);
    if (outcome.violations.length === 0) continue;
    failed.push(outcome);
    print(`profile ${outcome.profile}, seed ${seed}: ${outcome.violations[0]}`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  report(tally, seconds);
  const [worst] = failed;
  if (worst !== undefined) await explain(worst);
  const missed = unreached(tally);
  if (missed.length > 0) print(`\nNever reached: ${missed.join(', ')}.`);
  print(
    `\n${failed.length} of ${tally.worlds} worlds broke a promise, ${missed.length} points were not reached.`,
  );
  return passes(failed.length, missed.length, full) ? 0 : 1;
}

function report(tally: Tally, seconds: number): void {
  const { worlds, steps, injected } = tally;
  const pace = (worlds / seconds).toFixed(0);
  print(`${worlds} worlds, ${steps} steps, ${seconds.toFixed(1)} s, ${pace} worlds/s`);
  const faults = [...injected].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const total = faults.reduce((sum, [, count]) => sum + count, 0);
  print(`\n${total} faults`);
  for (const [kind, count] of faults) print(`${String(count).padStart(10)}  ${kind}`);
  print('\nsometimes');
  for (const point of sometimes) print(`${String(timesSeen(tally, point)).padStart(10)}  ${point}`);
}

async function explain(failed: Outcome): Promise<void> {
  const shrunk = await shrink(failed);
  print(`\nThe smallest world found in which ${ruleOf(failed)} is still broken:`);
  print(commandOf(shrunk));
}

async function again(profile: ProfileName, seed: number, limits: Limits): Promise<number> {
  const outcome = await simulate(profile, seed, { ...limits, keepHistory: true });
  if (outcome.violations.length === 0) {
    print(`profile ${profile}, seed ${seed}: every promise was kept, in ${outcome.steps} steps.`);
    return 0;
  }
  print(story(outcome));
  return 1;
}

async function killAll(seeds: number): Promise<number> {
  let alive = 0;
  print('| rule | without | profile | killed by | at seed |\n| --- | --- | --- | --- | --- |');
  for (const expectation of expectations) {
    const { rule, without, profile } = expectation;
    const killer = await kill(expectation, 1, seeds);
    if (killer === undefined) alive++;
    const end = killer === undefined ? 'nothing | –' : `${ruleOf(killer)} | ${killer.seed}`;
    print(`| ${rule} | ${without} | ${profile} | ${end} |`);
  }
  print(
    `\n${expectations.length - alive} of ${expectations.length} rules were missed within ${seeds} worlds.`,
  );
  return alive === 0 ? 0 : 1;
}

await runCommand(main);
