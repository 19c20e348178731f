/** Tenants with caps: who waits, who is woken, and what an operator sees of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import type { Budget } from '../../domain/tenant/budget.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import { systemRandom } from '../../io/process/random.ts';
import { type GateStore, gateStore } from '../../io/table/gates.ts';
import { table } from '../../io/table/table.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { type Containers, openContainers } from './containers.ts';
import { lookFromOutside, type Outside } from './outside.ts';

jest.setTimeout(180_000);

let containers: Containers;
let stack: Stack;
let outside: Outside;
let gates: GateStore;
let csv: string;
let folder: string;
const opened = closedAfterAll();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slots-'));
  containers = opened(await openContainers());
  stack = opened(await startStack({ images: containers.images, parameters: { MaxvCpus: '16' } }));
  outside = opened(lookFromOutside(stack));
  gates = gateStore(table(stack.clients.dynamo, stack.cloud.physicalId('JobsTable'), systemRandom));
  await outside.schedule('rest');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A tenant of its own for each test, so that none has another's jobs in its gate. */
let tenantId: string;
let tests = 0;
beforeEach(async () => {
  tenantId = `tenant-${++tests}`;
  await stack.addTenant(tenantId);
  csv = await stack.upload(tenantId, 'n.csv', 'n\n1\n2\n');
});
afterEach(() => outside.schedule('rest'));

const tenant = (...args: readonly string[]) => runCommand(stack, 'tenant', ...args);
const job = (...args: readonly string[]) => runCommand(stack, 'job', ...args);
const put = async (...args: readonly string[]) =>
  expect(await tenant('put', tenantId, ...args)).toMatchObject({ code: 0, err: '' });
const idOf = (key: string) => jobIdOf(tenantId, key);
const message = (idempotencyKey: string, rest: object = {}) => ({
  specVersion: '1',
  tenantId,
  jobType: 'csv.summarise',
  idempotencyKey,
  input: { csv },
  ...rest,
});
const stateOf = async (key: string) => (await stack.job(tenantId, key))?.state;
const running = (...keys: readonly string[]) =>
  until(`${keys} to run`, async () => {
    const states = await Promise.all(keys.map(stateOf));
    return states.every((state) => state === 'running') ? true : undefined;
  });
const waits = (key: string, reason: string) =>
  until(`${key} to wait for ${reason}`, async () => {
    const job = await stack.job(tenantId, key);
    return job?.state === 'waiting' && job.waitReason === reason ? job : undefined;
  });
/** Lets held containers end their work until these have. A container is held a moment after its job runs. */
const release = (...keys: readonly string[]) =>
  until(`the end of ${keys}`, async () => {
    containers.release();
    const states = await Promise.all(keys.map(stateOf));
    return states.every((state) => state === 'succeeded') ? true : undefined;
  });
const held = (...keys: readonly string[]) => {
  for (const key of keys) containers.willHold(idOf(key));
  return stack.send(...keys.map((key) => message(key)));
};

it('never more of a tenant’s jobs are in Batch than its cap, and each that ends lets the next one in (F41)', async () => {
  await put('--cap', '2');
  const keys = Array.from({ length: 6 }, (_, i) => `job-${i}`);
  let most = 0;
  const batchJobs = async () => (await Promise.all(keys.map((key) => outside.batchJobs(idOf(key))))).flat();
  await held(...keys);
  for (let ended = 0; ended < keys.length; ) {
    await until('as many to run as may', async () => {
      const states = await Promise.all(keys.map(stateOf));
      const left = keys.length - states.filter((state) => state === 'succeeded').length;
      return states.filter((state) => state === 'running').length === Math.min(2, left) ? true : undefined;
    });
    most = Math.max(most, (await batchJobs()).filter(({ stoppedAt }) => stoppedAt === undefined).length);
    const states = await Promise.all(keys.map(stateOf));
    await release(...keys.filter((_, i) => states[i] === 'running'));
    ended = (await Promise.all(keys.map(stateOf))).filter((state) => state === 'succeeded').length;
  }
  expect(most).toBe(2);
  // Batch's own times: a second one began only when another had stopped.
  const spans = (await batchJobs()).map(
    ({ createdAt = 0, stoppedAt = 0 }) => [createdAt, stoppedAt] as const,
  );
  for (const [from] of spans) {
    expect(spans.filter(([start, end]) => start <= from && from < end).length).toBeLessThanOrEqual(2);
  }
  for (const key of keys) await outside.settled(idOf(key));
  expect((await gates.load([tenantId])).get(tenantId)?.holders).toEqual([]);
});

it('a cap that is raised wakes waiting jobs, and one that is lowered ends none (F58)', async () => {
  await put('--cap', '1');
  await held('a', 'b', 'c');
  const first = await until('one of them to run', async () => {
    for (const key of ['a', 'b', 'c']) if ((await stateOf(key)) === 'running') return key;
    return undefined;
  });
  const rest = ['a', 'b', 'c'].filter((key) => key !== first);
  for (const key of rest) await waits(key, 'tenant_cap');
  await put('--cap', '3');
  await running('a', 'b', 'c');
  await put('--cap', '1');
  await held('d');
  expect(await waits('d', 'tenant_cap')).toMatchObject({ queued: true });
  expect(await Promise.all(['a', 'b', 'c'].map(stateOf))).toEqual(['running', 'running', 'running']);
  await release('a', 'b', 'c', 'd');
  for (const key of ['a', 'b', 'c', 'd']) expect(await stack.job(tenantId, key)).toMatchObject({ calls: 1 });
});

it('new work of a paused tenant waits, and goes on when it is resumed', async () => {
  await held('before');
  await running('before');
  expect(await tenant('pause', tenantId, '--reason', 'the invoice is open')).toMatchObject({ code: 0 });
  await stack.send(message('after'));
  const { jobId } = await waits('after', 'paused');
  expect((await job('why', jobId)).out).toBe(
    `${jobId} is waiting: the tenant is paused: the invoice is open; first in line.\n`,
  );
  await release('before');
  expect(await stateOf('after')).toBe('waiting');
  expect(await tenant('resume', tenantId)).toMatchObject({ code: 0 });
  expect(await stack.ended(tenantId, 'after')).toMatchObject({ state: 'succeeded' });
});

it('a submit message in the name of another tenant leads no job past the gate of its own (M50)', async () => {
  await stack.addTenant('stranger');
  expect(await tenant('pause', tenantId, '--reason', 'the invoice is open')).toMatchObject({ code: 0 });
  await stack.send(message('kept'));
  const { jobId } = await waits('kept', 'paused');
  await outside.sendSubmit({ tenantId: 'stranger', jobId, attempt: 1 });
  await outside.emptied('SubmitQueue');
  expect(await stateOf('kept')).toBe('waiting');
  expect(await outside.batchJobs(jobId)).toEqual([]);
});

it('jobs of one concurrency key run one at a time, and do not hold up those of another', async () => {
  for (const key of ['red-1', 'red-2', 'green-1']) containers.willHold(idOf(key));
  await stack.send(message('red-1', { concurrencyKey: 'red' }));
  await running('red-1');
  await stack.send(
    message('red-2', { concurrencyKey: 'red' }),
    message('green-1', { concurrencyKey: 'green' }),
  );
  await running('green-1');
  await waits('red-2', 'key_cap');
  await release('red-1');
  await running('red-2');
  await release('red-2', 'green-1');
});

it('a cap on a job type counts those that ran before it was set, and leaves other types alone', async () => {
  await put('--cap', '10');
  await held('one');
  await running('one');
  await put('--type-cap', 'csv.summarise=1');
  await stack.send(message('two'), message('other', { jobType: 'demo.sleep', input: { seconds: 0 } }));
  expect(await stack.ended(tenantId, 'other')).toMatchObject({ state: 'succeeded' });
  await waits('two', 'type_cap');
  await release('one');
  expect(await stack.ended(tenantId, 'two')).toMatchObject({ state: 'succeeded' });
});

it('the more urgent of two waiting jobs gets a slot first, and neither is cancelled by a later one', async () => {
  await put('--cap', '1');
  await held('holder');
  await running('holder');
  for (const key of ['calm', 'urgent']) containers.willHold(idOf(key));
  await stack.send(message('calm'));
  await waits('calm', 'tenant_cap');
  await stack.send(message('urgent', { priority: 'urgent' }));
  const { jobId } = await waits('urgent', 'tenant_cap');
  expect((await job('why', jobId)).out).toContain('tenant cap 1 of 1; first in line');
  expect((await job('why', idOf('calm'))).out).toContain('tenant cap 1 of 1; second in line');
  await release('holder');
  await running('urgent');
  expect(await stateOf('calm')).toBe('waiting');
  await release('urgent', 'calm');
});

it('a job that is cancelled while it waits leaves the list, and no slot is given to it', async () => {
  await put('--cap', '1');
  await held('holder');
  await running('holder');
  await stack.send(message('unwanted'), message('wanted'));
  await waits('unwanted', 'tenant_cap');
  await waits('wanted', 'tenant_cap');
  await stack.send({ specVersion: '1', action: 'job.cancel', tenantId, idempotencyKey: 'unwanted' });
  expect(await stack.ended(tenantId, 'unwanted')).toMatchObject({ state: 'cancelled', calls: 0 });
  await release('holder');
  expect(await stack.ended(tenantId, 'wanted')).toMatchObject({ state: 'succeeded' });
});

it('the job after the last that may wait is refused, and a copy of one that waits is not', async () => {
  await put('--cap', '1', '--waiting-quota', '2');
  await held('holder');
  await running('holder');
  await stack.send(message('w1'), message('w2'));
  await waits('w1', 'tenant_cap');
  await waits('w2', 'tenant_cap');
  // A count of those that wait is used for a second.
  stack.cloud.clock.advance(1000);
  const over = JSON.stringify(message('w3'));
  await stack.send(over, message('w1'));
  expect((await stack.refusalOf(over)).attributes).toMatchObject({
    code: 'quota_waiting',
    pointer: '/tenantId',
  });
  expect(await stack.job(tenantId, 'w3')).toBeUndefined();
  await release('holder');
  for (const key of ['holder', 'w1', 'w2'])
    expect(await stack.ended(tenantId, key)).toMatchObject({ state: 'succeeded' });
});

it('a slot whose job is over is found by the audit and mended, and who waited for it goes on', async () => {
  await put('--cap', '1');
  await stack.send(message('done'));
  const done = await stack.ended(tenantId, 'done');
  await outside.settled(done.jobId);
  const slots = (...args: readonly string[]) =>
    runCommand(stack, 'slots', 'audit', '--tenant', tenantId, ...args);
  expect(await slots()).toMatchObject({ code: 0, out: '1 gates compared, 0 holders differ.\n' });

  const gate = (await gates.load([tenantId])).get(tenantId);
  await gates.acquire(tenantId, gate, [holderOf(done)], stack.cloud.clock.now());
  await stack.send(message('next'));
  await waits('next', 'tenant_cap');
  const found = await slots();
  expect(found).toMatchObject({ code: 1, err: '' });
  expect(found.out).toContain(`leak       ${done.jobId} attempt 1, which is succeeded`);
  expect(await slots('--repair')).toMatchObject({ code: 1 });
  expect(await stack.ended(tenantId, 'next')).toMatchObject({ state: 'succeeded' });
  expect(await slots()).toMatchObject({ code: 0 });
});

it('a slot whose job is over is released by the next tick (F29)', async () => {
  await put('--cap', '1');
  await stack.send(message('done'));
  const done = await stack.ended(tenantId, 'done');
  await outside.settled(done.jobId);
  const gate = (await gates.load([tenantId])).get(tenantId);
  await gates.acquire(tenantId, gate, [holderOf(done)], stack.cloud.clock.now());
  await stack.send(message('next'));
  await waits('next', 'tenant_cap');
  await outside.schedule('run');
  expect(await outside.turnUntilEnded(tenantId, 'next', 30_000)).toMatchObject({ state: 'succeeded' });
});

it('a trial says what would become of a message, and sends nothing', async () => {
  await put('--cap', '1', '--priority-ceiling', 'high');
  await held('holder');
  await running('holder');
  const file = join(folder, 'message.json');
  const attempt = async (body: unknown) => {
    await writeFile(file, JSON.stringify(body));
    return (await job('check', file)).out;
  };
  expect(await attempt(message('new'))).toBe(
    'It would be accepted, and wait: tenant cap 1 of 1; first in line.\n',
  );
  expect(await attempt(message('new', { priority: 'urgent' }))).toContain('with priority high');
  expect(await attempt(message('holder'))).toBe(`It is ${idOf('holder')} already, which is running.\n`);
  expect(await attempt(message('new', { prioritty: 1 }))).toContain('field_unknown at /prioritty');
  expect(await stack.job(tenantId, 'new')).toBeUndefined();
  await release('holder');
});

it.each([
  ['a cap of nothing', ['--cap', '0'], '--cap: expected at least 1, found 0.'],
  ['a cap below nothing', ['--cap=-3'], '--cap: expected at least 1, found -3.'],
  ['a cap beyond what a gate holds', ['--cap', '100000'], '--cap: expected at most 1000, found 100000.'],
  ['a cap in words', ['--cap', 'many'], '--cap: expected a whole number or none, found many.'],
  ['a weight that no share has', ['--weight', '3'], '--weight: expected 1, 2, 4 or 8, found 3.'],
  [
    'a priority that is none',
    ['--priority-ceiling', 'top'],
    '--priority-ceiling: expected low, normal, high or urgent, found top.',
  ],
  ['a quota of nothing', ['--waiting-quota', '0'], '--waiting-quota: expected at least 1, found 0.'],
  ['a job type that is not registered', ['--job-types', 'coffee.brew'], 'There is no job type coffee.brew;'],
  [
    'a cap on a job type that is not registered',
    ['--type-cap', 'coffee.brew=1'],
    'There is no job type coffee.brew;',
  ],
  ['a misspelt option', ['--capp', '1'], 'headgate tenant put has no option --capp; the nearest is --cap.'],
])('%s is refused in one sentence, and nothing changes', async (_, args, sentence) => {
  const before = (await tenant('get', tenantId)).out;
  const { code, out, err } = await tenant('put', tenantId, ...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect((await tenant('get', tenantId)).out).toBe(before);
});

it('a tenant that is not there cannot be shown, paused or resumed', async () => {
  for (const args of [
    ['get', 'initrode'],
    ['pause', 'initrode', '--reason', 'x'],
    ['resume', 'initrode'],
  ])
    expect(await tenant(...args)).toEqual({ code: 3, out: '', err: 'There is no tenant initrode.\n' });
});

it('the list names every tenant with its cap and what it has in Batch', async () => {
  await put('--cap', '7', '--weight', '4');
  const { out } = await tenant('list');
  expect(out).toMatch(new RegExp(`^${tenantId} +active +7 +0 +4$`, 'm'));
  expect(out).toMatch(/^TENANT +STATUS +CAP +IN BATCH +WEIGHT$/m);
});

const budget = (...args: readonly string[]) => runCommand(stack, 'budget', ...args);
/** Less than an operator may set: one attempt uses it. */
const setTiny = async (then: Budget['then']) => {
  const seen = (await gates.load([tenantId])).get(tenantId);
  const tiny = { usdPerMonth: 0.00001, timeZone: 'Europe/Berlin', warnAt: 0.8, then };
  const { cap, typeCaps, keyCap } = seen ?? {};
  await gates.set(tenantId, seen, { cap, typeCaps, keyCap, budget: tiny }, stack.cloud.clock.now());
};
const used = async () => {
  await outside.schedule('run');
  await outside.turnUntil('the budget to be used', 60_000, async () =>
    (await budget('get', tenantId)).out.includes('used') ? true : undefined,
  );
  await outside.schedule('rest');
};

it('when a budget is used jobs wait and say so, new ones are refused if that is its word, and a higher budget lets them go on', async () => {
  await setTiny('refuse');
  await stack.send(message('pays'));
  await stack.ended(tenantId, 'pays');
  await stack.send(message('late', { delaySeconds: 600 }));
  await stack.recorded(tenantId, 'late');
  await used();
  const refused = JSON.stringify(message('refused'));
  await stack.send(refused);
  expect((await stack.refusalOf(refused)).attributes).toMatchObject({ code: 'budget_used' });
  stack.cloud.clock.advance(600_000);
  await waits('late', 'budget');
  expect((await job('why', idOf('late'))).out).toMatch(
    /budget of \d{4}-\d\d used: \$0\.00 of \$0\.00, until .*; first in line/,
  );
  expect(await budget('set', tenantId, '--usd', '5', '--then', 'hold')).toMatchObject({ code: 0, err: '' });
  expect(await stack.ended(tenantId, 'late')).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect((await budget('list')).out).toMatch(
    new RegExp(`${tenantId} +\\d{4}-\\d\\d +\\$0\\.00 +\\$5\\.00 +open +hold`),
  );
  expect((await budget('remove', tenantId)).out).toContain('has no budget');
});

it('a budget that cancels ends what runs when it is used, although its tenant has no cap', async () => {
  await setTiny('cancel');
  await held('runs');
  await running('runs');
  await stack.send(message('pays', { jobType: 'demo.sleep', input: { seconds: 0 } }));
  await stack.ended(tenantId, 'pays');
  await used();
  expect(await stack.ended(tenantId, 'runs')).toMatchObject({ state: 'cancelled' });
  await outside.settled(idOf('runs'));
  expect((await gates.load([tenantId])).get(tenantId)?.holders).toEqual([]);
});
