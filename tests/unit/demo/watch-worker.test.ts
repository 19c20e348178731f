/** `npm start -- --watch`: which change rebuilds the worker, and what its author reads. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { watchWorker } from '../../../demo/watch-worker.ts';

let root: string;
let stop: () => Promise<void> = async () => undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'watch-'));
  for (const folder of ['worker/handlers', 'application', 'domain', 'io'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(async () => {
  await stop();
  rmSync(root, { recursive: true });
});

/** @returns the next `count` lines after the change */
function linesOf(count: number, rebuild: () => Promise<void>, change: () => void): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const lines: string[] = [];
  stop = watchWorker({
    root,
    rebuild,
    say(line) {
      lines.push(line);
      if (lines.length === count) resolve(lines);
    },
  });
  change();
  return promise;
}

const write = (...files: string[]) => {
  for (const file of files) writeFileSync(join(root, file), '');
};

test('changes that come together are one build, and a file that is no source is none', async () => {
  let builds = 0;
  const lines = await linesOf(
    1,
    async () => void builds++,
    () => write('worker/notes.md', 'worker/main.ts', 'worker/handlers/own.ts'),
  );
  expect(lines[0]).toMatch(/^Worker rebuilt in \d\.\d s: worker\/handlers\/own\.ts, worker\/main\.ts\.$/);
  expect(builds).toBe(1);
});

test('a source that functions have too says that they run as they were', async () => {
  const lines = await linesOf(
    2,
    async () => undefined,
    () => write('domain/size.ts'),
  );
  expect(lines).toEqual([
    expect.stringContaining('domain/size.ts'),
    'The functions run as they were until npm start is started again.',
  ]);
});

test('a source that cannot be bundled leaves the worker as it was, and says why', async () => {
  const fails = async () => {
    throw new Error('worker/main.ts:1:4: Expected ";"');
  };
  const lines = await linesOf(1, fails, () => write('worker/main.ts'));
  expect(lines).toEqual(['The worker runs as it was: worker/main.ts:1:4: Expected ";"']);
});
