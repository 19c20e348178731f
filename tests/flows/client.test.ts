/** The TypeScript client against the packaged stack, over a network that loses answers. */
import { beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { headgate, type InputsOf, JobFailed, type Jobs } from '../../client/index.ts';
import { type LaptopDoor, laptopDoor, registerLaptopKey } from '../../demo/door.ts';
import type { jobTypes } from '../../job-types.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { openFlow } from './flow.ts';

jest.setTimeout(120_000);

let stack: Stack;
let csv: string;
let door: LaptopDoor;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ stack, csv } = await openFlow(opened));
  door = await laptopDoor(undefined);
  await registerLaptopKey(stack.clients, stack.cloud.outputs, door);
});

/** @param loses whether the answer to this call, from 1 on, is lost after the stack gave it */
function client(tenant: string, loses: (call: number) => boolean = () => false) {
  let calls = 0;
  const network: typeof fetch = async (target, init) => {
    const answer = await fetch(target, init);
    if (String(target).endsWith('/v1/health') || !loses(++calls)) return answer;
    await answer.arrayBuffer();
    throw new TypeError('fetch failed');
  };
  const url = stack.cloud.outputs['ApiUrl'] ?? '';
  const { jobs } = headgate<typeof jobTypes>({ url, key: door.key, tenant, fetch: network });
  return { jobs, calls: () => calls };
}
type TypedJobs = Jobs<InputsOf<typeof jobTypes>>;
const request = (idempotencyKey: string) => ({ input: { csv }, idempotencyKey, tags: { by: 'client' } });

it('a job is submitted, watched to its end, explained and listed', async () => {
  const { jobs } = client('acme');
  const { id, replayed } = await jobs.submit('csv.summarise', request('watched'));
  expect({ id, replayed }).toEqual({ id: jobIdOf('acme', 'watched'), replayed: false });
  const states: string[] = [];
  for await (const { state } of jobs.watch(id)) states.push(state);
  expect(states.at(-1)).toBe('succeeded');
  expect(new Set(states).size).toBe(states.length);
  expect(await jobs.get(id)).toMatchObject({
    state: 'succeeded',
    result: { inline: { rows: 2 } },
    tags: { by: 'client' },
  });
  expect(await jobs.why(id)).toMatchObject({ jobId: id, waitsFor: 'none' });
  expect((await jobs.timeline(id)).map(({ kind }) => kind)).toContain('attempt.ended');
  const { items } = await jobs.list({ state: 'succeeded', tags: { by: 'client' } });
  expect(items.map((item) => item.id)).toEqual([id]);
});

it.each([
  ['the first two', (call: number) => call <= 2],
  ['every second', (call: number) => call % 2 === 1],
])('%s answers are lost, and there is one job that is waited for', async (which, loses) => {
  const { jobs, calls } = client('acme', loses);
  const key = `lost-${which.replaceAll(' ', '-')}`;
  const sent = await jobs.submit('csv.summarise', request(key));
  expect(sent).toMatchObject({ id: jobIdOf('acme', key), replayed: true });
  expect(await jobs.wait(sent.id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(calls()).toBeGreaterThan(2);
  expect(await stack.job('acme', key)).toMatchObject({ calls: 1 });
});

it('a lost answer to a cancel is told, and a second cancel finds it done', async () => {
  const lossy = client('acme', (call) => call === 2);
  const { id } = await lossy.jobs.submit('csv.summarise', { ...request('unwanted'), delaySeconds: 3600 });
  await expect(lossy.jobs.cancel(id)).rejects.toMatchObject({ code: 'network', retryable: true });
  expect(await lossy.jobs.cancel(id)).toMatchObject({ id, state: 'cancelled' });
});

it('refusals of the API are errors with its codes', async () => {
  const { jobs } = client('acme');
  const facts = (refused: Promise<unknown>) => expect(refused).rejects;
  const wrong = { input: { csv, decimal: ';' }, idempotencyKey: 'wrong' } as never;
  await facts(jobs.submit('csv.summarise', wrong)).toMatchObject({
    code: 'input_invalid',
    pointer: '/input/decimal',
    retryable: false,
  });
  await facts(
    jobs.submit('csv.summarise', { input: { csv: `${csv}x` }, idempotencyKey: 'watched' }),
  ).toMatchObject({
    code: 'idempotency_conflict',
    status: 422,
  });
  await facts(jobs.get(`job_${'b'.repeat(26)}`)).toMatchObject({
    code: 'not_found',
    status: 404,
    requestId: expect.stringMatching(/^req_/),
  });
  await facts(jobs.list({ cursor: 'x' })).toMatchObject({ code: 'cursor_invalid' });
  const mine: TypedJobs = client('globex').jobs;
  await facts(mine.get(jobIdOf('acme', 'watched'))).toMatchObject({ code: 'not_found' });
});

it('a job that fails is returned, or thrown where that was asked for', async () => {
  const { jobs } = client('acme');
  const { id } = await jobs.submit('csv.summarise', {
    input: { csv: `${csv}.absent` },
    idempotencyKey: 'failing',
  });
  expect(await jobs.wait(id)).toMatchObject({ state: 'failed', failure: { code: 'input_not_found' } });
  await expect(jobs.wait(id, { throwOnFailure: true })).rejects.toBeInstanceOf(JobFailed);
});
