/** `npm start -- --watch`: which change rebuilds what, and what its author reads. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type WatchParts, watchSources } from '../../../demo/watch-sources.ts';

let root: string;
let stop: () => Promise<void> = async () => undefined;
let renewed: (readonly string[])[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'watch-'));
  renewed = [];
  for (const folder of [
    'functions',
    'api',
    'worker/handlers',
    'worker/examples/python',
    'application',
    'domain',
    'io',
    'resources',
  ])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(async () => {
  await stop();
  rmSync(root, { recursive: true });
});

const worker = { bundled: ['worker'], changed: ['worker'], bundles: [] };

/** @returns the next `count` lines after the change */
function linesOf(count: number, rebuild: WatchParts['rebuild'], change: () => void): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const lines: string[] = [];
  stop = watchSources({
    root,
    rebuild,
    renew: async (bundles) => void renewed.push(bundles),
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
  const builds: (readonly string[])[] = [];
  const lines = await linesOf(
    1,
    async (changed) => {
      builds.push(changed);
      return worker;
    },
    () => write('worker/notes.md', 'worker/main.ts', 'worker/handlers/own.ts'),
  );
  expect(lines[0]).toMatch(/^Rebuilt in \d\.\d s: worker \(worker\/handlers\/own\.ts, worker\/main\.ts\)\.$/);
  expect(builds).toEqual([['worker/handlers/own.ts', 'worker/main.ts']]);
});

test('functions that have a changed source run their new bundles', async () => {
  const lines = await linesOf(
    1,
    async () => ({
      bundled: ['worker', 'intake', 'submit'],
      changed: ['intake', 'submit'],
      bundles: ['/intake.mjs', '/submit.mjs'],
    }),
    () => write('domain/size.ts'),
  );
  expect(lines[0]).toContain('intake, submit (domain/size.ts)');
  expect(renewed).toEqual([['/intake.mjs', '/submit.mjs']]);
});

test('a source whose change changes no bundle says so', async () => {
  const same = async () => ({ bundled: ['track'], changed: [], bundles: [] });
  const lines = await linesOf(1, same, () => write('functions/track.ts'));
  expect(lines[0]).toContain('nothing is different (functions/track.ts)');
});

test('a change of what the template is made of says that a new start is needed for it', async () => {
  const lines = await linesOf(
    2,
    async () => worker,
    () => write('job-types.ts'),
  );
  expect(lines[1]).toBe('The template has job-types.ts as at the start: for that, run npm start again.');
});

test('a part of the template in resources/ says so as well, though it is in no bundle', async () => {
  const nothing = async () => ({ bundled: [], changed: [], bundles: [] });
  const lines = await linesOf(1, nothing, () => write('resources/queues.yml'));
  expect(lines).toEqual([
    'The template has resources/queues.yml as at the start: for that, run npm start again.',
  ]);
});

test('programs in other languages are sources too', async () => {
  const examples = async () => ({ bundled: ['examples'], changed: ['examples'], bundles: [] });
  const lines = await linesOf(1, examples, () => write('worker/examples/python/main.py'));
  expect(lines[0]).toContain('examples (worker/examples/python/main.py)');
});

test('a source that cannot be bundled leaves everything as it was, and says why', async () => {
  const fails = async () => {
    throw new Error('functions/intake.ts:1:4: Expected ";"');
  };
  const lines = await linesOf(1, fails, () => write('functions/intake.ts'));
  expect(lines).toEqual(['Everything runs as it was: functions/intake.ts:1:4: Expected ";"']);
  expect(renewed).toEqual([]);
});
