import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createLauncher } from '../../../../local/batch/containers/launcher.ts';
import { processStart } from '../../../../local/batch/containers/process-identity.ts';
import { signalGroup } from '../../../../local/process-group.ts';
import { until } from '../service.ts';

const WAITS = ['node', '-e', 'setTimeout(() => {}, 300_000)'];
const surroundings = {
  image: join(import.meta.dirname, '../image'),
  environment: { PATH: process.env['PATH'] ?? '' },
  readOnly: false,
  memoryBytes: Number.POSITIVE_INFINITY,
};
const ignored = { onStarted: () => undefined, onOutput: () => undefined };
const program = join(import.meta.dirname, '../../../../local/batch/containers/launcher-process.ts');

let launcher: ChildProcess | undefined;
const started: number[] = [];
afterEach(() => {
  launcher?.kill('SIGKILL');
  for (const pid of started.splice(0)) signalGroup(pid, 'SIGKILL');
});

/** The fourth field of /proc/pid/stat, behind the name in parentheses. */
const parentOf = (pid: number) =>
  Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  );

async function runBy(process: ChildProcess, id: number): Promise<number> {
  process.send({ kind: 'run', id, command: WAITS, ...surroundings });
  const [{ pid }] = await once(process, 'message');
  started.push(pid);
  return pid;
}

test('when the cloud dies, a container that is on record lives on, and one without a record ends', async () => {
  launcher = fork(program, { execArgv: [], serialization: 'advanced' });
  const [recorded, unrecorded] = [await runBy(launcher, 1), await runBy(launcher, 2)];
  launcher.send({ kind: 'recorded', id: 1 });
  launcher.disconnect();
  await once(launcher, 'exit');
  await until(() => processStart(unrecorded) === undefined, 'the container without a record to be gone');
  expect(processStart(recorded)).toBeDefined();
});

test('a container that is stopped before it has started is stopped all the same', async () => {
  const all = createLauncher();
  const container = all.launch(
    { command: WAITS, ...surroundings },
    { ...ignored, onStarted: ({ pid }) => started.push(pid) },
  );
  container.stop(5);
  expect(await container.ended).toEqual({ kind: 'exited', exitCode: 143 });
  await all.close();
});

test('should the process that starts containers die, they end with it, and the next one starts again', async () => {
  const all = createLauncher();
  const pids: number[] = [];
  const container = all.launch(
    { command: WAITS, ...surroundings },
    { ...ignored, onStarted: ({ pid }) => pids.push(pid) },
  );
  await until(() => pids.length === 1, 'the container to have started');
  started.push(...pids);
  const [parent = 0] = pids.map(parentOf);
  process.kill(parent, 'SIGKILL');
  expect(await container.ended).toEqual({ kind: 'exited', exitCode: 137 });
  await until(() => processStart(pids[0]!) === undefined, 'the container to be gone');
  const printed: string[] = [];
  const next = all.launch(
    { command: ['node', '-e', 'console.log("again")'], ...surroundings },
    { ...ignored, onOutput: (source, chunk) => printed.push(`${source}: ${chunk}`) },
  );
  expect(await next.ended).toEqual({ kind: 'exited', exitCode: 0 });
  expect(printed.join('')).toBe('stdout: again\n');
  await all.close();
});
