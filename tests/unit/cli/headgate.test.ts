/** The bin: plain JavaScript, whatever Node starts it, and the exit code and signals of what it starts. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { compileCache } from '../../support/compile-cache.ts';

const root = join(import.meta.dirname, '../../..');
const bin = join(root, 'cli/headgate.mjs');
const headgate = (...args: readonly string[]) =>
  spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache },
  });

test('it runs from any folder, and hands on output and exit code', () => {
  expect(headgate('--help')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^ {2}dlq /m),
  });
  expect(headgate('dlq', 'lst')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'headgate dlq has no lst; the nearest is list.\n',
  });
});

test('start hands its options on, and returns the exit code of what it starts', () => {
  expect(headgate('start', '--onc')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^There is no option --onc\. Did you mean --once\?/),
  });
});

test('it imports nothing that a Node older than the pinned one could not run', () => {
  const imports = [...readFileSync(bin, 'utf8').matchAll(/\bfrom '([^']+)'/g)].map(([, name = '']) => name);
  expect(imports.filter((name) => !name.startsWith('node:'))).toEqual([]);
});

test('package.json names it, and it may be executed', () => {
  const { bin: named } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(named).toEqual({ headgate: 'cli/headgate.mjs' });
  expect(readFileSync(bin, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test.each(['headgate dlq', 'headgate tenant', 'headgate webhook'])(
  'npm run still has %s under its old name',
  (line) => {
    const script = { webhook: 'webhooks' }[line.slice('headgate '.length)] ?? line.slice('headgate '.length);
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'cli/alias.ts'), script, '--help'], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toContain(`npm run ${script} is an alias of npx ${line} for one release`);
  },
);
