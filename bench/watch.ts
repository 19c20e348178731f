/**
 * `npm start -- --watch`: how long the bundles of a changed source take, and the CPU time of the bundler for each. The sources are
 * those of the last build, so nothing is replaced.
 */
import { existsSync } from 'node:fs';
import { build } from '../tools/build.ts';
import { openRebuilder } from '../tools/rebuild.ts';
import { median, type Outcome } from './figure.ts';
import { usageOf } from './processes.ts';

const ROUNDS = 7;
const BAR_SECONDS = 1;

/** The first of each reads and parses; its author meets it once. */
const changes = {
  worker: 'worker/main.ts',
  'one function': 'functions/track.ts',
  'all functions': 'io/aws/environment-credentials.ts',
} as const;

export async function* watch(): AsyncGenerator<Outcome> {
  if (!existsSync('/proc/self/stat'))
    return yield { name: 'watch', skipped: 'CPU time of processes is read from /proc' };
  await build();
  const rebuilder = await openRebuilder();
  try {
    for (const [name, file] of Object.entries(changes)) {
      await rebuilder.rebuild([file]);
      const seconds: number[] = [];
      const cpuMs: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = usageOf(process.pid).cpuMs;
        const startedAtMs = performance.now();
        await rebuilder.rebuild([file]);
        seconds.push((performance.now() - startedAtMs) / 1000);
        cpuMs.push(usageOf(process.pid).cpuMs - before);
      }
      yield {
        name: `watch, ${name} changed`,
        value: median(seconds),
        unit: 's',
        ...(name !== 'all functions' && { bar: BAR_SECONDS }),
      };
      yield { name: `watch, ${name} changed, CPU`, value: median(cpuMs), unit: 'CPU-ms' };
    }
  } finally {
    await rebuilder.close();
  }
}
