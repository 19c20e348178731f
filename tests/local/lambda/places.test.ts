import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { setUp, until } from './set-up.ts';

jest.setTimeout(60_000);

let cloud: Awaited<ReturnType<typeof setUp>>;
afterEach(() => cloud.close());

/** Tells its process, and answers once the file `go` exists. */
const WAITS = `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export const handler = async ({ Records }) => {
    console.log(process.pid);
    while (!existsSync(process.env.GO)) await setTimeout(10);
    console.log('done ' + Records.length);
  };`;

async function define(name: string): Promise<void> {
  await cloud.define(name, WAITS, { environment: { GO: join(cloud.folder, `go-${name}`) } });
}
const go = (name: string) => writeFile(join(cloud.folder, `go-${name}`), '');
const said = (name: string, what: RegExp) =>
  cloud.printed.filter(({ functionName, line }) => functionName === name && what.test(line));
const processesOf = (name: string) => new Set(said(name, /^\d+$/).map(({ line }) => line)).size;

test('a function with a backlog takes all spare places, and every other still has a sandbox', async () => {
  cloud = await setUp({ sandboxes: 2, idleLimitMs: 60_000 });
  for (const name of ['greedy', 'modest']) await define(name);
  const limits = { batchSize: 1, maximumConcurrency: 20 };
  const [greedy, modest] = [await cloud.mapQueue('greedy', limits), await cloud.mapQueue('modest', limits)];
  await greedy.send(...Array.from({ length: 20 }, (_, index) => `${index}`));
  cloud.host.start();
  await until(() => processesOf('greedy') === 3);
  // What no sandbox can take soon stays where its visibility does not run.
  expect(await greedy.depth()).toEqual({ visible: 17, held: 3 });
  await modest.send('a', 'b', 'c');
  await until(async () => (await modest.depth()).held === 3);
  // By the time that this one has started, so would another of the modest function.
  await cloud.define('probe', 'export const handler = () => undefined;');
  expect(await cloud.host.invoke('probe', {})).toEqual({ outcome: 'returned', payload: null });
  await go('modest');
  await until(() => said('modest', /done 1/).length === 3);
  await go('greedy');
  await until(() => said('greedy', /done 1/).length === 20);
  expect(processesOf('greedy')).toBe(3);
  expect(processesOf('modest')).toBe(1);
  expect(cloud.lines).toEqual([]);
});

test('a spare sandbox that is idle leaves its place to the function that waits for one', async () => {
  cloud = await setUp({ sandboxes: 1, idleLimitMs: 1 });
  for (const name of ['first', 'second']) await define(name);
  const calls = (name: string) => [1, 2].map(() => cloud.host.invoke(name, { Records: [name] }));
  const firsts = calls('first');
  await until(() => processesOf('first') === 2);
  const seconds = calls('second');
  await until(() => processesOf('second') === 1);
  await go('first');
  await Promise.all(firsts);
  await until(() => processesOf('second') === 2);
  await go('second');
  for (const result of await Promise.all(seconds)) expect(result.outcome).toBe('returned');
  expect(cloud.lines).toEqual([]);
});

test('a place goes to the tenant that waits for it when those who asked before need none any more', async () => {
  cloud = await setUp({ sandboxes: 1, idleLimitMs: 1 });
  for (const name of ['first', 'second']) await define(name);
  await cloud.define('isolated', 'export const handler = (_, { tenantId }) => tenantId;', {
    isolatesTenants: true,
  });
  const calls = (name: string) => [1, 2].map(() => cloud.host.invoke(name, { Records: [name] }));
  const firsts = calls('first');
  await until(() => processesOf('first') === 2);
  const seconds = calls('second');
  await go('second');
  for (const result of await Promise.all(seconds)) expect(result.outcome).toBe('returned');
  const answers = ['acme', 'globex'].map((tenantId) => cloud.host.invoke('isolated', {}, { tenantId }));
  await go('first');
  await Promise.all(firsts);
  expect(await Promise.all(answers)).toEqual([
    { outcome: 'returned', payload: 'acme' },
    { outcome: 'returned', payload: 'globex' },
  ]);
});
