/** Commands find the stacks that run on this machine, and none that is gone. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { announce, findRunning } from '../../local/running.ts';

let folder: string;
let server: Server;
let cloud: { environment: Record<string, string>; outputs: Record<string, string> };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'running-'));
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  cloud = {
    environment: { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: 'us-east-1' },
    outputs: {},
  };
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

it('a stack is found while it runs, by its address and its variables', async () => {
  expect(await findRunning(join(folder, 'none'))).toEqual([]);
  const withdraw = await announce(folder, cloud);
  expect(await findRunning(folder)).toEqual([{ pid: process.pid, ...cloud }]);
  const [file = ''] = await readdir(folder);
  expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  await withdraw();
  expect(await findRunning(folder)).toEqual([]);
});

it('a stack that was killed is not found, and its file is removed', async () => {
  const { pid } = spawnSync('true');
  await writeFile(join(folder, `${pid}.json`), JSON.stringify({ pid, ...cloud }));
  expect(await findRunning(folder)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

it('a process with the same id that does not answer is not taken for the stack', async () => {
  await announce(folder, cloud);
  server.close();
  await once(server, 'close');
  expect(await findRunning(folder)).toEqual([]);
});

it('a file that is half written is passed over', async () => {
  await writeFile(join(folder, '12.json'), '{"pid":12,"envi');
  expect(await findRunning(folder)).toEqual([]);
});
