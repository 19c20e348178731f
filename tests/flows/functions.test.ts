/** Job types whose executor is Lambda, registered in job-types.ts and in the handlers: how their runs end, and what they print. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { headgate } from '../../client/index.ts';
import { type LaptopDoor, laptopDoor, registerLaptopKey } from '../../demo/door.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { copyOfRegistry } from '../support/registry-copy.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

jest.setTimeout(180_000);

const type = (id: string, rest: string) => `{
  id: '${id}',
  summary: 'On Lambda.',
  input: z.looseObject({}),
  queue: 'standard',
  exitCodes: workerExitCodes,
  promisesResult: true,
  executor: 'lambda',
  container: { image: worker, command: work, size: { vcpus: 0.25, memoryMiB: 512 } },
  ${rest}
},`;
const once = 'retry: { maxAttempts: 1, backoff: { initialSeconds: 1, factor: 1, maxSeconds: 1 } },';
const twice = once.replace('maxAttempts: 1', 'maxAttempts: 2');

/** One handler for all of them: its input says what it does. */
const HANDLER = `
import { setTimeout as pause } from 'node:timers/promises';
export const acts = async (input, work) => {
  const place = process.env.AWS_LAMBDA_FUNCTION_NAME === undefined ? 'a container' : 'a function';
  console.log('begins in', place);
  if (input.throws) throw new Error('the cause: ' + input.throws, { cause: new Error('disk full') });
  if (input.dies) process.exit(3);
  for (let done = 1; input.onLambda === undefined || place === 'a function'; done++) {
    if (done * 100 > (input.ms ?? 0)) break;
    work.progress({ done });
    await pause(100, undefined, { signal: work.signal });
  }
  return { place };
};
`;

const registry = copyOfRegistry();
let stack: Stack;
let door: LaptopDoor;
beforeAll(async () => {
  const handlers = join(registry.folder, 'worker/handlers/index.ts');
  writeFileSync(join(registry.folder, 'worker/handlers/acts.ts'), HANDLER);
  const entries = ['acts.once', 'acts.briefly', 'acts.moves'].map(
    (id) => `  '${id}': async () => (await import('./acts.ts')).acts,\n`,
  );
  writeFileSync(
    handlers,
    readFileSync(handlers, 'utf8').replace(/^ {2}'csv\.quick'/m, (line) => entries.join('') + line),
  );
  const types = [
    type('acts.once', `timeoutSeconds: { default: 60, max: 60 }, ${once}`),
    type('acts.briefly', `timeoutSeconds: { default: 2, max: 60 }, ${once}`),
    type(
      'acts.moves',
      `timeoutSeconds: { default: 2, max: 60 }, onTimeout: 'batch', logs: 'tenant', ${twice}`,
    ),
  ];
  expect(registry.buildWith(types.join('\n'))).toMatchObject({ status: 0, stderr: '' });
  stack = await startStack({
    template: registry.template,
    bundles: registry.bundles,
    images: { WorkerRepository: join(registry.folder, '.build/worker') },
  });
  for (const tenant of ['acme', 'globex']) await stack.addTenant(tenant);
  door = await laptopDoor(undefined);
  await registerLaptopKey(stack.clients, stack.cloud.outputs, door);
}, 600_000);
afterAll(async () => {
  await stack.close();
  registry.remove();
});

const send = (jobType: string, idempotencyKey: string, input: object) =>
  stack.send({ specVersion: '1', tenantId: 'acme', jobType, idempotencyKey, input });
const logs = (key: string, ...args: readonly string[]) =>
  runCommand(stack, 'job', 'logs', jobIdOf('acme', key), '--log-group', groupName(), ...args);
const groupName = () => stack.cloud.outputs['WorkerLogGroupName'] ?? '';

it('a cancel is heard by a run on Lambda, which ends', async () => {
  await send('acts.once', 'cancelled', { ms: 50_000 });
  await until(
    'progress',
    async () => ((await stack.job('acme', 'cancelled'))?.progress?.done ?? 0) > 0 || undefined,
  );
  await stack.send({ specVersion: '1', action: 'job.cancel', tenantId: 'acme', idempotencyKey: 'cancelled' });
  const job = await stack.ended('acme', 'cancelled');
  expect(job).toMatchObject({ state: 'cancelled', attempt: 1, runId: expect.stringMatching(/^lambda:/) });
  expect(job.result).toBeUndefined();
});

it('a run that takes longer than its job may fails as timed out', async () => {
  await send('acts.briefly', 'slow', { ms: 50_000 });
  const job = await stack.ended('acme', 'slow');
  expect(job).toMatchObject({ state: 'failed', failure: { class: 'timeout', code: 'timed_out' } });
  expect((await stack.webhookFor(job.jobId)).event?.data).toMatchObject({ failure: { code: 'timed_out' } });
});

it('with onTimeout its next attempt is a container of AWS Batch, which does the work', async () => {
  await send('acts.moves', 'moved', { ms: 50_000, onLambda: true });
  const job = await stack.ended('acme', 'moved');
  expect(job).toMatchObject({
    state: 'succeeded',
    attempt: 2,
    result: { inline: { place: 'a container' } },
    endedAttempts: [
      { attempt: 1, runId: expect.stringMatching(/^lambda:/), failure: { class: 'timeout' } },
      { attempt: 2, runId: expect.not.stringMatching(/^lambda:/) },
    ],
  });
  const { code, out } = await logs('moved', '-f', '--attempt', '1');
  expect(out).toMatch(/begins in a function\n/);
  expect(code).toBe(0);
  expect((await logs('moved')).out).toMatch(/begins in a container\n/);
});

it('its tenant reads over HTTP what both of its attempts printed, and no other tenant does', async () => {
  const url = String(stack.cloud.outputs['ApiUrl']);
  const { jobs } = headgate({ url, key: door.key, tenant: 'acme' });
  const printed = async (attempt?: number) => {
    const lines: string[] = [];
    const asked = attempt === undefined ? {} : { attempt };
    for await (const { message } of jobs.logs(jobIdOf('acme', 'moved'), asked)) lines.push(message);
    return lines.join('\n');
  };
  expect(await printed(1)).toMatch(/begins in a function/);
  expect(await printed()).toMatch(/begins in a container/);
  const foreign = headgate({ url, key: door.key, tenant: 'globex' }).jobs.logs(jobIdOf('acme', 'moved'), {
    attempt: 1,
  });
  await expect(foreign.next()).rejects.toMatchObject({ code: 'not_found' });
});

it('its tenant follows the log of a container at work', async () => {
  const { jobs } = headgate({ url: String(stack.cloud.outputs['ApiUrl']), key: door.key, tenant: 'acme' });
  await send('acts.moves', 'at-work', { ms: 50_000 });
  const { jobId } = await until('the container', async () => {
    const job = await stack.job('acme', 'at-work');
    return job?.attempt === 2 && job.state === 'running' ? job : undefined;
  });
  for await (const { message } of jobs.logs(jobId, { attempt: 2, follow: true })) {
    expect(message).toMatch(/begins in a container/);
    break;
  }
  expect(await stack.job('acme', 'at-work')).toMatchObject({ attempt: 2, state: 'running' });
  await jobs.cancel(jobId);
  await stack.ended('acme', 'at-work');
});

it('what a run printed is its own log among those of other runs, and its error is for the operator alone', async () => {
  // Of its own in each try.
  const [one, two] = [`one-${randomUUID()}`, `two-${randomUUID()}`];
  await send('acts.once', one, { throws: 'CANARY-ONE' });
  await send('acts.once', two, { throws: 'CANARY-TWO' });
  const child = startCommand(stack, [
    ...['job', 'logs', jobIdOf('acme', one), '-f', '--log-group', groupName()],
  ]);
  let followed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    followed += chunk;
  });
  const job = await stack.ended('acme', one);
  await stack.ended('acme', two);
  await until('the end of the log', async () => child.exitCode ?? undefined);
  const { code, out } = await logs(one);
  expect(code).toBe(0);
  for (const shown of [out, followed]) {
    expect(shown).toMatch(/begins in a function\n.*Error: the cause: CANARY-ONE\n/s);
    expect(shown).toMatch(/Caused by: Error: disk full\n/);
    expect(shown).not.toContain('CANARY-TWO');
    expect(shown).not.toContain('platform.');
  }
  const told = JSON.stringify((await stack.webhookFor(job.jobId)).event);
  expect(told).toMatch(/"code":"exit_code"/);
  expect(told).not.toMatch(/CANARY|disk full/);
  expect(JSON.stringify({ ...job, input: {} })).not.toMatch(/CANARY|disk full/);
});

it('a run whose process dies is heard of by the record that Lambda leaves', async () => {
  await send('acts.once', 'died', { dies: true });
  const job = await stack.ended('acme', 'died');
  expect(job).toMatchObject({ state: 'failed', failure: { class: 'app_error', code: 'function_crashed' } });
});
