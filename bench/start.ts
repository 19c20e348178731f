/** `npm start` of a packaged stack: how soon it is ready, and what it takes while nothing happens. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from '../tools/build.ts';
import type { Outcome } from './figure.ts';
import { usageOf } from './processes.ts';

const root = join(import.meta.dirname, '..');
const BARS = { readySeconds: 2, idlePercent: 1 } as const;
/**
 * What a start leaves behind is over by then, on a busy machine too: functions that start, caches that are written, and the first
 * runs of `tick`, whose code is compiled in them. The first took four times as much as the next.
 */
const SETTLE_MS = 120_000;
/** The look once a minute is in it. */
const IDLE_MS = 60_000;

export async function* start(): AsyncGenerator<Outcome> {
  if (!existsSync('/proc/self/stat'))
    return yield { name: 'laptop start', skipped: 'CPU time of processes is read from /proc' };
  await build();
  const startedAtMs = performance.now();
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=4', join(root, 'demo/main.mjs'), '--no-sample'],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error('npm start did not start');
  const ended = once(child, 'exit');
  try {
    for await (const line of createInterface({ input: child.stdout })) if (/^\s*Ready in/.test(line)) break;
    const readySeconds = (performance.now() - startedAtMs) / 1000;
    const cpuSeconds = usageOf(pid).cpuMs / 1000;
    child.stdout.resume();
    yield { name: 'laptop ready', value: readySeconds, unit: 's', bar: BARS.readySeconds };
    yield { name: 'laptop ready, all processes', value: cpuSeconds, unit: 'CPU-s' };
    await pause(SETTLE_MS);
    const before = usageOf(pid);
    await pause(IDLE_MS);
    const after = usageOf(pid);
    yield {
      name: 'laptop idle',
      value: (100 * (after.cpuMs - before.cpuMs)) / IDLE_MS,
      unit: '% of a core',
      bar: BARS.idlePercent,
    };
    yield { name: 'laptop idle memory', value: after.memoryMB, unit: 'MB' };
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}
