/** A failed job that is redriven together with those that failed because of it, over the door for operators. */
import { expect, test } from '@jest/globals';
import { submit } from '../../../../application/batch/submit.ts';
import { dispatch } from '../../../../application/job/dispatch.ts';
import { jobIdOf } from '../../../../application/job/identity.ts';
import { changed, type JobRecord, type JobState } from '../../../../domain/job/job.ts';
import { doors } from '../../../support/doors.ts';
import { aRequest } from '../../../support/jobs.ts';
import { messageOf } from '../../../support/use-cases.ts';

const idOf = (key: string) => jobIdOf('acme', key);
const post = (body: unknown = undefined) => ({ method: 'POST', ...(body === undefined ? {} : { body }) });

/** Jobs by their keys, each with those that it waits for; the first fails, and all others with it. */
async function failed(graph: Readonly<Record<string, readonly string[]>>) {
  const { operate, ports, sent } = doors();
  const handle = submit(ports);
  const settle = async () => {
    for (let left = sent.submit.taken.splice(0); left.length > 0; left = sent.submit.taken.splice(0))
      await handle(left.map(({ body }) => messageOf(JSON.parse(body))));
  };
  const newest = async (key: string): Promise<JobRecord> => {
    let job = await ports.jobs.get(idOf(key));
    while (job?.redrivenAs !== undefined) job = await ports.jobs.get(job.redrivenAs);
    if (job === undefined) throw new Error(`${key} was not recorded`);
    return job;
  };
  const end = async (key: string, state: JobState) => {
    const job = await newest(key);
    const failure = { class: 'app_error', code: 'exit_code', message: '' } as const;
    const next = changed(job, { state, ...(state === 'failed' ? { failure } : {}) }, ports.clock.nowMs());
    await ports.jobs.replace(job, next);
    await dispatch(ports, [next]);
    await settle();
  };
  const { tenantId: _, ...request } = aRequest();
  for (const [key, others] of Object.entries(graph)) {
    const dependsOn = others.map((idempotencyKey) => ({ idempotencyKey }));
    const body = { ...request, idempotencyKey: key, ...(others.length === 0 ? {} : { dependsOn }) };
    await operate('/v1/jobs?tenant=acme', post(body));
  }
  await settle();
  const [root = ''] = Object.keys(graph);
  await end(root, 'failed');
  return {
    operate,
    end,
    settle,
    newest,
    states: async () => {
      const states = await Promise.all(
        Object.keys(graph).map(async (key) => [key, (await newest(key)).state]),
      );
      return Object.fromEntries(states);
    },
  };
}

const path = (key: string, rest: string) => `/v1/jobs/${idOf(key)}/${rest}`;

test('all that failed with it run again behind it, whichever way they wait for each other', async () => {
  // The last one waits for the first itself, and through all others.
  const graph = { a: [], b: ['a'], c: ['a'], d: ['b', 'c'], e: ['a', 'd'] };
  const { operate, end, states, settle } = await failed(graph);
  expect(await states()).toEqual({ a: 'failed', b: 'failed', c: 'failed', d: 'failed', e: 'failed' });
  expect((await operate(path('a', 'redrive'), post())).status).toBe(201);
  const answer = await operate(path('a', 'redrive-dependents'), post());
  expect(answer).toMatchObject({ status: 200, body: { refused: [], left: 0 } });
  expect(answer.body.items).toHaveLength(4);
  await settle();
  expect(await states()).toMatchObject({ b: 'blocked', c: 'blocked', d: 'blocked', e: 'blocked' });
  for (const key of ['a', 'b', 'c', 'd']) await end(key, 'succeeded');
  expect((await states())['e']).toBe('submitted');
  expect((await operate(path('a', 'redrive-dependents'), post())).body).toEqual({
    items: [],
    refused: [],
    left: 0,
  });
});

test('a redrive that fails takes its dependents with it again, and brings them again', async () => {
  const { operate, end, states, newest, settle } = await failed({ a: [], b: ['a'], c: ['b'] });
  for (let rounds = 0; rounds < 2; rounds++) {
    const { jobId } = await newest('a');
    expect((await operate(`/v1/jobs/${jobId}/redrive`, post())).status).toBe(201);
    const answer = await operate(`/v1/jobs/${jobId}/redrive-dependents`, post());
    expect(answer.body.items.map(({ parent }: { parent: string }) => parent)).toHaveLength(2);
    await settle();
    if (rounds === 0) await end('a', 'failed');
  }
  await end('a', 'succeeded');
  await end('b', 'succeeded');
  expect(await states()).toEqual({ a: 'succeeded', b: 'succeeded', c: 'submitted' });
});

test('one request runs 100 of them again, and the next the rest', async () => {
  const children = Array.from({ length: 130 }, (_, i) => [`child-${i}`, ['a']] as const);
  const { operate } = await failed({
    a: [],
    ...Object.fromEntries(children),
    last: ['child-0', 'child-129'],
  });
  await operate(path('a', 'redrive'), post());
  const answers = [await operate(path('a', 'redrive-dependents'), post())];
  answers.push(await operate(path('a', 'redrive-dependents'), post()));
  expect(answers.map(({ body }) => [body.items.length, body.left])).toEqual([
    [100, 31],
    [31, 0],
  ]);
});

test('it is refused before the job itself was redriven, when they would fail with it again', async () => {
  const { operate } = await failed({ a: [], b: ['a'] });
  expect(await operate(path('a', 'redrive-dependents'), post())).toMatchObject({
    status: 409,
    body: { code: 'state_conflict' },
  });
});
