#!/usr/bin/env node
/**
 * `npx headgate`. The Node of the machine may be too old to run TypeScript, so the work is handed over to the one that this
 * repository pins as a dependency. Plain JavaScript of Node 20.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const CANNOT_RUN = 5;

if (!existsSync(pinned)) {
  process.stderr.write('Expected the dependencies of this repository and found none: run npm ci first.\n');
  process.exitCode = CANNOT_RUN;
} else {
  const child = spawn(pinned, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? cacheFolder() },
  });
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well.
      if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
    });
  child.on('error', (error) => {
    process.stderr.write(`The Node of this repository did not start: ${error.message}\n`);
    process.exitCode = CANNOT_RUN;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

/** Node keeps compiled sources there, which halves the time to start. */
function cacheFolder() {
  return fileURLToPath(new URL('../.build/compile-cache', import.meta.url));
}
