/**
 * `headgate/testing` where its users have it: in a project of their own, which has Headgate among its packages and a
 * runner with nothing set.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { outside } from '../outside/outside.ts';
import { root } from '../support/root.ts';

jest.setTimeout(240_000);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** @param packages folders by the name that the project has them under */
function projectWith(packages: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-user-'));
  folders.push(folder);
  for (const [name, target] of Object.entries({ headgate: root, ...packages })) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
  }
  const all = { 'package.json': JSON.stringify({ name: 'orders', private: true }), ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return {
    run: (program: string, ...args: string[]): SpawnSyncReturns<string> =>
      spawnSync(process.execPath, [join(folder, 'node_modules', program), ...args], {
        cwd: folder,
        encoding: 'utf8',
        // Of the runner of this very test, nothing is for the one of the project.
        env: { PATH: process.env['PATH'], NO_COLOR: '1', CI: '1' },
        timeout: 200_000,
      }),
  };
}

/** The test of a service as docs/using/testing.md writes it, without its first lines. */
const STORY = `
let headgate;
beforeAll(async () => {
  headgate = await startHeadgate({ tenants: ['acme'] });
}, 120_000);
afterAll(() => headgate.stop());

test('an order is summarised, and its tenant is told', async () => {
  const csv = await headgate.upload('acme', 'orders.csv', 'price\\n1\\n2\\n');
  const job = await headgate.submit({ tenantId: 'acme', jobType: 'csv.summarise', input: { csv } });
  const { result } = await headgate.waitFor(job, 'succeeded', { timeoutMs: 60_000 });
  expect(result.inline.rows).toBe(2);
  const { verified } = await headgate.waitForWebhook(job, 'job.succeeded', { timeoutMs: 60_000 });
  expect(verified).toBe(true);
}, 120_000);
`;

test('a project with jest tests its jobs against Headgate', () => {
  const project = projectWith(
    { jest: join(root, 'node_modules/jest') },
    { 'orders.test.js': `const { startHeadgate } = require('headgate/testing');\n${STORY}` },
  );
  const { status, stderr } = project.run('jest/bin/jest.js');
  expect(stderr).toContain('Tests:       1 passed, 1 total');
  expect(status).toBe(0);
});

(outside.vitest === undefined ? test.skip : test)('a project with vitest does, too', () => {
  const imports = `import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHeadgate } from 'headgate/testing';
`;
  const project = projectWith({ vitest: outside.vitest ?? '' }, { 'orders.test.js': `${imports}${STORY}` });
  const { status, stdout, stderr } = project.run('vitest/vitest.mjs', 'run');
  expect(`${stdout}${stderr}`).toMatch(/Tests +1 passed \(1\)/);
  expect(status).toBe(0);
});
