/** `npm run sim`: many worlds, one world again, or the rules taken out one at a time. */
import * as z from 'zod';
import { parseVerb } from '../../cli/program/parse.ts';
import { runProcess } from '../../cli/program/process.ts';
import { misused } from '../../cli/program/stopped.ts';
import { type Ending, flag, option, type Values, verb } from '../../cli/program/verb.ts';
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

const options = {
  seeds: option(
    'N',
    `so many worlds (${FULL_RUN}; with --mutants 5000)`,
    whole('a number of worlds').optional(),
  ),
  seed: option(
    'S',
    'from this world on (1); without --seeds this world alone, with its history if a promise is broken',
    whole('the number of a world').optional(),
  ),
  profile: option(
    'P',
    `one of ${profileNames.join(', ')} (all in turn), or lambda`,
    z.enum([...profileNames, 'lambda'], `expected one of ${profileNames.join(', ')}, lambda`).optional(),
  ),
  quick: flag(`${QUICK_RUN} worlds, unless --seeds says otherwise`),
  mutants: flag('take out each rule of the protocol in turn; it must be missed within N worlds'),
  jobs: option(
    '0,2',
    'of one world: with these jobs alone',
    z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(whole('numbers of jobs, such as 0,2')))
      .optional(),
  ),
  without: option(
    'KIND,KIND',
    'of one world: without these kinds of fault',
    listed(z.enum(faultKinds, 'expected kinds of fault, such as calls.late,bus.drop')).optional(),
  ),
  'faults-until': option('SECONDS', 'of one world: without later faults', whole('seconds').optional()),
};

const sim = verb({
  summary: 'run the real functions in simulated worlds with faults, and check what must hold',
  options,
  details: `Faults are in calls, messages, events, containers and people; what must hold is checked after each write and at the end.
With --quick, or with N below ${FULL_RUN}, a rare path that no world took is reported and does not fail the run: small runs cannot
take them all.

Exit code 0: every promise was kept and, in a full run, every rare path was taken. 1: not so. 2: wrong usage.`,
  run: async (values) => ((await simulated(values)) === 0 ? 'done' : 'failed') satisfies Ending,
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns 0 if what must hold does */
async function simulated(values: Values<typeof options>): Promise<number> {
  const { seeds, seed, profile, quick, mutants, jobs, without, 'faults-until': until } = values;
  const limited = jobs !== undefined || without !== undefined || until !== undefined;
  const chosen = profile !== undefined || seed !== undefined;
  if (mutants && (limited || chosen)) throw misused('--mutants goes with --seeds alone.');
  if (limited && (seed === undefined || seeds !== undefined))
    throw misused('--jobs, --without and --faults-until go with one --seed.');
  if (quick && (mutants || (seed !== undefined && seeds === undefined)))
    throw misused('--quick goes with many worlds: alone, or with --seeds or --profile.');
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

await runProcess(async (helpWidth) => parseVerb('npm run sim --', sim, process.argv.slice(2), helpWidth));
