/** Jobs that the rate limit turns away: each has one message, which comes back for its turn. */
import { expect, test } from '@jest/globals';
import { submit } from '../../../application/batch/submit.ts';
import { tick } from '../../../application/repair/tick.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { messageOf, submitMessageOf, useCases } from '../../support/use-cases.ts';

const MINUTE_MS = 60_000;
const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const full = { reserve: async () => ({ kind: 'full', retryAtMs: 0 }) as const };

/** Jobs that were recorded a minute ago, in the states in which a submit message can find them. */
async function withJobs() {
  const world = useCases({});
  const created = { runId: undefined, dueAt: NOW + MINUTE_MS, eligibleAt: NOW, nextAttemptAt: NOW };
  const jobs = [
    jobIn('waiting', { ...created, jobId: idOf('a'), nextAttemptAt: undefined }),
    jobIn('scheduled', { ...created, jobId: idOf('b') }),
    jobIn('retrying', { ...created, jobId: idOf('c'), attempt: 1 }),
    jobIn('submitting', { ...created, jobId: idOf('d'), callOpen: false }),
  ];
  for (const job of jobs) await world.ports.jobs.create(job);
  const asked = jobs.map((job) => submitMessageOf(job.state === 'retrying' ? { ...job, attempt: 2 } : job));
  const submitting = submit({ ...world.ports, limiter: full });
  const reconciling = tick(world.ports);
  const writes = async () => {
    const found = await world.ports.jobs.load(jobs.map(({ jobId }) => jobId));
    return jobs.map((job) => (found.get(job.jobId)?.version ?? 0) - job.version);
  };
  return { ...world, jobs, asked, submitting, reconciling, writes };
}

test('while the rate limit stays full, a job has one message, which comes back for its turn and not before', async () => {
  const { ports, time, sent, jobs, asked, reconciling, writes, caughtUp } = await withJobs();
  const turns = { book: async () => time.nowMs + 3 * MINUTE_MS };
  const submitting = submit({ ...ports, limiter: full, turns });
  let messages = asked;
  let receives = 0;
  for (let minute = 0; minute < 9; minute++) {
    time.nowMs = NOW + minute * MINUTE_MS;
    receives += messages.length;
    expect((await submitting(messages)).size).toBe(messages.length);
    await caughtUp();
    await reconciling();
    messages = [];
    if (minute % 3 !== 2) continue;
    // It sends none beside those that wait in the queue.
    expect(sent.submit.taken).toHaveLength(jobs.length);
    expect(sent.submit.taken.map(({ delaySeconds }) => delaySeconds)).toEqual(jobs.map(() => 180));
    messages = sent.submit.taken.splice(0).map(({ body }) => messageOf(JSON.parse(body)));
  }
  expect(receives).toBe(3 * jobs.length);
  expect(Math.max(...(await writes()))).toBeLessThanOrEqual(6);
});

test('a message that comes before the turn of its job goes back without asking', async () => {
  const { ports, sent, asked, submitting, jobs, writes } = await withJobs();
  await submit({ ...ports, limiter: full, turns: { book: async () => NOW + 2 * MINUTE_MS } })(asked);
  const before = await writes();
  sent.submit.taken.length = 0;
  await submitting(asked);
  expect(sent.submit.taken.map(({ delaySeconds }) => delaySeconds)).toEqual(jobs.map(() => 120));
  expect(await writes()).toEqual(before);
});

test('a turn that is further ahead than a message can wait has none until it is near', async () => {
  const { ports, time, sent, asked, reconciling, jobs, caughtUp } = await withJobs();
  await submit({ ...ports, limiter: full, turns: { book: async () => NOW + 40 * MINUTE_MS } })(asked);
  for (let minute = 0; minute < 41; minute++) {
    time.nowMs = NOW + minute * MINUTE_MS;
    await caughtUp();
    await reconciling();
    if (minute < 38) expect(sent.submit.taken).toEqual([]);
  }
  expect(sent.submit.taken.map(({ body }) => JSON.parse(body).jobId).toSorted()).toEqual(
    jobs.map(({ jobId }) => jobId).toSorted(),
  );
});

test('a job whose message is lost gets another one within two minutes of its turn', async () => {
  const { ports, time, sent, asked, reconciling, jobs, caughtUp } = await withJobs();
  await submit({ ...ports, limiter: full, turns: { book: async () => NOW + 3 * MINUTE_MS } })(asked);
  sent.submit.taken.length = 0;
  for (let minute = 1; minute <= 5; minute++) {
    await caughtUp();
    time.nowMs = NOW + minute * MINUTE_MS;
    await reconciling();
    if (minute < 4) expect(sent.submit.taken).toEqual([]);
  }
  const ids = new Set(sent.submit.taken.map(({ body }) => JSON.parse(body).jobId));
  expect(ids).toEqual(new Set(jobs.map(({ jobId }) => jobId)));
});

test('a job that gets its turn says no more that it waits for one', async () => {
  const { ports, asked, submitting, jobs } = await withJobs();
  await submitting(asked);
  await submit(ports)(asked);
  const found = await ports.jobs.load(jobs.map(({ jobId }) => jobId));
  expect([...found.values()].map(({ state, turnAt, turnUntil }) => [state, turnAt, turnUntil])).toEqual(
    jobs.map(() => ['submitted', undefined, undefined]),
  );
});
