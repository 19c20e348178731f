import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, jest, test } from '@jest/globals';
import { processStart } from '../../../local/batch/containers/process-identity.ts';
import { until } from './set-up.ts';

jest.setTimeout(60_000);

const FUNCTIONS: readonly [title: string, body: string][] = [
  ['has answered', ''],
  ['waits', 'await new Promise(() => setInterval(() => {}, 1000));'],
  ['never gives up its thread', 'while (true);'],
  [
    'has started a process of its own',
    `const { pid } = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
     console.log(pid); while (true);`,
  ],
];

const exists = (pid: number): boolean => processStart(pid) !== undefined;

test.each(FUNCTIONS)('a function that %s ends with a host that is killed', async (_title, body) => {
  const folder = await mkdtemp(join(tmpdir(), 'doomed-host-'));
  const bundle = join(folder, 'one.mjs');
  const pids: number[] = [];
  await writeFile(
    bundle,
    `import { spawn } from 'node:child_process';
     export const handler = async () => { console.log(process.pid); ${body} };`,
  );
  const host = spawn(process.execPath, [join(import.meta.dirname, 'doomed-host.ts'), bundle], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    createInterface({ input: host.stdout }).on('line', (line) => pids.push(Number(line)));
    await until(() => pids.length === (body.includes('spawn') ? 2 : 1));
    expect(pids.every(exists)).toBe(true);
    host.kill('SIGKILL');
    await until(() => !pids.some(exists));
  } finally {
    host.kill('SIGKILL');
    for (const pid of pids.filter(exists)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true });
  }
});
