/** How many simulated worlds a core runs in a second. */
import { spawnSync } from 'node:child_process';
import type { Outcome } from './figure.ts';

const WORLDS = 2000;
const MIN_PER_SECOND = 150;

export async function* simulator(): AsyncGenerator<Outcome> {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['tests/simulation/run.ts', '--seeds', String(WORLDS)],
    { encoding: 'utf8', timeout: 120_000 },
  );
  const found = /(\d+) worlds\/s/.exec(stdout)?.[1];
  if (status !== 0 || found === undefined)
    return yield { name: 'simulator', skipped: `npm run sim ended with ${status}` };
  yield { name: 'simulator', value: Number(found), unit: 'worlds/s', bar: MIN_PER_SECOND, better: 'more' };
}
