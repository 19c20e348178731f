import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { compileCache } from '../support/compile-cache.ts';

const program = join(import.meta.dirname, 'run.ts');
const sim = (...options: string[]) =>
  spawnSync(process.execPath, [program, ...options], {
    encoding: 'utf8',
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });

test.each([
  [['--bogus'], 'npm run sim has no option --bogus.\n'],
  [['--seeds', 'many'], '--seeds: expected a number of worlds, found many.\n'],
  [
    ['--profile', 'calm'],
    '--profile: expected one of chaos, dup, alldrop, race, drawn, lambda, found calm.\n',
  ],
  [['--without', 'rain'], '--without: expected kinds of fault, such as calls.late,bus.drop, found rain.\n'],
  [['--jobs', '0', '--seeds', '10'], '--jobs, --without and --faults-until go with one --seed.\n'],
  [['--mutants', '--profile', 'dup'], '--mutants goes with --seeds alone.\n'],
  [['--quick', '--mutants'], '--quick goes with many worlds: alone, or with --seeds or --profile.\n'],
  [['--quick', '--seed', '3'], '--quick goes with many worlds: alone, or with --seeds or --profile.\n'],
])('%j is refused with one sentence', (options, sentence) => {
  const { status, stderr, stdout } = sim(...options);
  expect({ status, stderr, stdout }).toEqual({ status: 2, stderr: sentence, stdout: '' });
});

test('one world is run again, smaller if asked', () => {
  const { stdout } = sim('--seed', '3', '--profile', 'race', '--jobs', '0');
  expect(stdout).toMatch(/^profile race, seed 3: every promise was kept, in \d+ steps\.\n$/);
});

test.each([[['--seeds', '3']], [['--quick', '--seeds', '3']]])(
  '%j: a small run that breaks no promise passes, and names the rare points it did not reach',
  (options) => {
    const { status, stdout } = sim(...options);
    expect(stdout).toContain('\nNever reached: ');
    expect(stdout).toMatch(/0 of 3 worlds broke a promise, \d+ points were not reached\.\n$/);
    expect(status).toBe(0);
  },
);
