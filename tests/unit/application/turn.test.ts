/** Jobs that the rate limit turns away: each has one message, however long it waits and however often reconcile looks. */
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

test('while the rate limit stays full, a job has one message, and is written every few minutes', async () => {
  const { time, sent, jobs, asked, submitting, reconciling, writes, caughtUp } = await withJobs();
  let messages = asked;
  for (let minute = 0; minute < 8; minute++) {
    time.nowMs = NOW + minute * MINUTE_MS;
    sent.submit.taken.length = 0;
    expect((await submitting(messages)).size).toBe(messages.length);
    messages = sent.submit.taken.map(({ body }) => messageOf(JSON.parse(body)));
    expect(messages).toHaveLength(jobs.length);
    await caughtUp();
    await reconciling();
    // It sends none beside those that circle.
    expect(sent.submit.taken).toHaveLength(jobs.length);
  }
  expect(Math.max(...(await writes()))).toBeLessThanOrEqual(8);
});

test('a job whose message is lost after it was turned away gets another one', async () => {
  const { time, sent, asked, submitting, reconciling, jobs, caughtUp } = await withJobs();
  await submitting(asked);
  sent.submit.taken.length = 0;
  for (let minute = 1; minute < 8; minute++) {
    await caughtUp();
    time.nowMs = NOW + minute * MINUTE_MS;
    await reconciling();
  }
  const ids = new Set(sent.submit.taken.map(({ body }) => JSON.parse(body).jobId));
  expect(ids).toEqual(new Set(jobs.map(({ jobId }) => jobId)));
});

test('a job that gets its turn says no more that it waits for one', async () => {
  const { ports, asked, submitting, jobs } = await withJobs();
  await submitting(asked);
  await submit(ports)(asked);
  const found = await ports.jobs.load(jobs.map(({ jobId }) => jobId));
  expect([...found.values()].map(({ state, turnUntil }) => [state, turnUntil])).toEqual(
    jobs.map(() => ['submitted', undefined]),
  );
});
