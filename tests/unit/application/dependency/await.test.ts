/** Jobs that wait for others, over the simulator's stores: who is watched, who is told, and what it costs. */
import { expect, test } from '@jest/globals';
import { submit } from '../../../../application/batch/submit.ts';
import { dispatch } from '../../../../application/job/dispatch.ts';
import { jobIdOf } from '../../../../application/job/identity.ts';
import type { Dependency } from '../../../../domain/dependency/dependency.ts';
import { changed, type JobRecord, type JobState } from '../../../../domain/job/job.ts';
import { newJob } from '../../../../domain/request/admission.ts';
import type { JobRequest } from '../../../../domain/request/request.ts';
import { aRequest } from '../../../support/jobs.ts';
import { messageOf, useCases } from '../../../support/use-cases.ts';

const keys = (count: number) => Array.from({ length: count }, (_, i) => `key-${i}`);
const idOf = (key: string) => jobIdOf('acme', key);

function world() {
  const { ports, sent, time } = useCases();
  const counts = { watches: 0, links: 0, reads: 0 };
  const counted = {
    ...ports,
    dependants: {
      ...ports.dependants,
      watch: async (...given: Parameters<typeof ports.dependants.watch>) => {
        counts.watches++;
        await ports.dependants.watch(...given);
      },
      link: async (...given: Parameters<typeof ports.dependants.link>) => {
        counts.links += given[0].length;
        await ports.dependants.link(...given);
      },
    },
  };
  const handle = submit(counted);
  return {
    counts,
    sent,
    time,
    ports: counted,
    async record(key: string, change: Partial<JobRequest> = {}): Promise<JobRecord> {
      const request = aRequest({ idempotencyKey: key, ...change });
      const identity = { jobId: jobIdOf(request.tenantId, key), idempotencyKey: key, fingerprint: key };
      const job = newJob(request, identity, time.nowMs);
      await ports.jobs.create(job);
      return job;
    },
    /** As track does: the record, then the dispatch. */
    async end(key: string, state: JobState, failure?: JobRecord['failure']): Promise<void> {
      const job = await ports.jobs.get(idOf(key));
      if (job === undefined) throw new Error(`${key} was not recorded`);
      const next = changed(job, { state, failure, finishedAt: time.nowMs }, time.nowMs);
      await ports.jobs.replace(job, next);
      await dispatch(counted, [next]);
    },
    /** Hands over all that the submit queue was sent, until it is sent no more. */
    async settle(): Promise<void> {
      for (
        let messages = sent.submit.taken.splice(0);
        messages.length > 0;
        messages = sent.submit.taken.splice(0)
      )
        await handle(messages.map(({ body }) => messageOf(JSON.parse(body))));
    },
    look: (key: string) => handle([messageOf({ tenantId: 'acme', jobId: idOf(key), attempt: 1 })]),
    state: async (key: string) => (await ports.jobs.get(idOf(key)))?.state,
    job: (key: string) => ports.jobs.get(idOf(key)),
  };
}

const on = (...names: string[]): Dependency[] => names.map((idempotencyKey) => ({ idempotencyKey }));

test('a job begins when the last of those that it waits for has succeeded', async () => {
  const { record, look, end, settle, state } = world();
  for (const key of ['a', 'b']) await record(key);
  await record('c', { dependsOn: on('a', 'b') });
  await look('c');
  await end('b', 'succeeded');
  await settle();
  expect(await state('c')).toBe('blocked');
  await end('a', 'succeeded');
  await settle();
  expect(await state('c')).toBe('submitted');
});

test('one that comes later is waited for, and its end begins the other', async () => {
  const { record, look, end, settle, state } = world();
  await record('c', { dependsOn: on('later') });
  await look('c');
  expect(await state('c')).toBe('blocked');
  await record('later');
  await end('later', 'succeeded');
  await settle();
  expect(await state('c')).toBe('submitted');
});

test('a failure ends all that depend on it, names the first cause, and leaves one dead letter', async () => {
  const { record, look, end, settle, job, sent } = world();
  await record('a');
  await record('other');
  await record('b', { dependsOn: on('other', 'a') });
  await record('c', { dependsOn: on('b') });
  for (const key of ['b', 'c']) await look(key);
  await end('a', 'failed', { class: 'app_error', code: 'exit_code', message: '' });
  await settle();
  for (const key of ['b', 'c'])
    expect(await job(key)).toMatchObject({
      state: 'failed',
      failure: { code: 'dependency_failed', root: idOf('a') },
    });
  expect(sent.letters.taken.map(({ attributes }) => attributes?.['deadLetterOf'])).toEqual([idOf('a')]);
});

test('jobs that wait for each other fail, in whatever order they are looked at', async () => {
  for (const order of [
    ['a', 'b', 'c'],
    ['c', 'a', 'b'],
  ]) {
    const { record, look, settle, job } = world();
    await record('a', { dependsOn: on('c') });
    await record('b', { dependsOn: on('a') });
    await record('c', { dependsOn: on('b') });
    for (const key of order) await look(key);
    await settle();
    const ended = await Promise.all(['a', 'b', 'c'].map(job));
    expect(ended.map((each) => each?.state)).toEqual(['failed', 'failed', 'failed']);
    expect(ended.map((each) => each?.failure?.code)).toContain('dependency_cycle');
  }
});

test('a wait that is too long fails, but not if what it waits for has come by then', async () => {
  const { record, look, time, job, state } = world();
  await record('vain', { dependsOn: on('never'), dependencyTimeoutSeconds: 60 });
  await record('a');
  await record('late', {
    dependsOn: [{ idempotencyKey: 'a', condition: 'failed' }],
    dependencyTimeoutSeconds: 60,
  });
  for (const key of ['vain', 'late']) await look(key);
  time.nowMs += 61_000;
  await look('vain');
  expect(await job('vain')).toMatchObject({ state: 'failed', failure: { code: 'dependency_missing' } });
  expect(await state('late')).toBe('blocked');
});

test('a job with 500 others watches few of them, and writes one item for each besides (ln n + 0.6 on average)', async () => {
  const rounds = 4;
  let watches = 0;
  for (let round = 0; round < rounds; round++) {
    const { record, look, end, settle, state, counts } = world();
    const names = keys(500);
    for (const key of names) await record(key);
    await record('all', { dependsOn: on(...names) });
    await look('all');
    expect(counts).toMatchObject({ watches: 1, links: 499 });
    for (const key of shuffled(names, round + 1)) {
      await end(key, 'succeeded');
      await settle();
    }
    expect(await state('all')).toBe('submitted');
    watches += counts.watches;
  }
  expect(watches / rounds).toBeLessThanOrEqual(12);
});

/** The same order for one seed. @see Numerical Recipes, "Quick and Dirty Generators" */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let random = seed;
  const next = () => {
    random = (random * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return random;
  };
  return items
    .map((item) => ({ item, at: next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

test("another tenant's job is never told of, nor does it tell", async () => {
  const { record, look, end, settle, state, ports, sent } = world();
  await record('theirs');
  await record('c', { tenantId: 'globex', dependsOn: [{ jobId: idOf('theirs'), condition: 'finished' }] });
  const jobId = jobIdOf('globex', 'c');
  await submit(ports)([messageOf({ tenantId: 'globex', jobId, attempt: 1 })]);
  sent.submit.taken.splice(0);
  await end('theirs', 'succeeded');
  expect(sent.submit.taken).toEqual([]);
  await settle();
  expect((await ports.jobs.get(jobId))?.state).toBe('blocked');
  expect(await state('theirs')).toBe('succeeded');
  await look('theirs');
});

test('2,500 dependants of one job are told in three pages, each asked for by a message of the page before', async () => {
  const { record, end, sent, ports } = world();
  const a = await record('a');
  const others = keys(2500).map(idOf);
  for (const jobId of others)
    await ports.dependants.watch(a.jobId, {
      tenantId: 'acme',
      name: jobId,
      condition: 'succeeded',
      holds: false,
      expiresAt: 0,
    });
  await end('a', 'succeeded');
  const told: string[] = [];
  const sizes: number[] = [];
  for (let page = sent.submit.taken.splice(0); page.length > 0; page = sent.submit.taken.splice(0)) {
    const bodies = page.map(({ body }) => JSON.parse(body));
    told.push(...bodies.flatMap(({ jobId }) => jobId ?? []));
    sizes.push(bodies.length);
    await submit(ports)(bodies.filter(({ tell }) => tell !== undefined).map(messageOf));
  }
  expect(told.toSorted()).toEqual(others.toSorted());
  expect(sizes).toEqual([1001, 1001, 500]);
});
