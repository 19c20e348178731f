/** The times a sender may set: when a job runs at the earliest, until when it must have started, and be over. */
import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { BatchFaults } from '../../local/batch/batch.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { type Containers, gone } from './containers.ts';
import { openFlow } from './flow.ts';
import { eventTypesOf, type Outside } from './outside.ts';

jest.setTimeout(120_000);

let containers: Containers;
let stack: Stack;
let outside: Outside;
let faults: BatchFaults;
let csv: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ containers, stack, outside, faults, csv } = await openFlow(opened, {
    // Room for four of the smallest containers in each queue.
    parameters: { MaxvCpus: '1' },
  }));
});
afterEach(async () => {
  delete faults.submit;
  await outside.schedule('run');
});

const summarise = (idempotencyKey: string, rest: object = {}) => ({
  specVersion: '1',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey,
  input: { csv },
  ...rest,
});
const sleep = (idempotencyKey: string, rest: object = {}) =>
  summarise(idempotencyKey, { jobType: 'demo.sleep', input: { seconds: 3600 }, ...rest });
const cancel = (idempotencyKey: string) => ({
  specVersion: '1',
  action: 'job.cancel',
  tenantId: 'acme',
  idempotencyKey,
});
const ahead = (seconds: number) => new Date(stack.cloud.clock.now() + seconds * 1000).toISOString();

function isIn(key: string, state: JobRecord['state']): Promise<JobRecord> {
  return until(`${key} to be ${state}`, async () => {
    const job = await stack.job('acme', key);
    return job?.state === state ? job : undefined;
  });
}

/** A whole other job comes and goes: whatever was on its way before has arrived. */
async function meanwhile(key: string): Promise<void> {
  await stack.send(summarise(`meanwhile-${key}`));
  await stack.ended('acme', `meanwhile-${key}`);
}

it.each<[string, () => object]>([
  ['runAt', () => ({ runAt: ahead(300) })],
  ['delaySeconds', () => ({ delaySeconds: 300 })],
])(
  'a job with a %s of a few minutes runs at its second and not before, without tick',
  async (field, when) => {
    await outside.schedule('rest');
    const key = `soon-${field}`;
    await stack.send(summarise(key, when()));
    const { eligibleAt = 0, jobId } = await isIn(key, 'scheduled');
    await outside.emptied('FrontQueue');
    stack.cloud.clock.advance(eligibleAt - stack.cloud.clock.now() - 10_000);
    await meanwhile(key);
    expect(await stack.jobs.get(jobId)).toMatchObject({ state: 'scheduled', calls: 0 });

    stack.cloud.clock.advance(Math.max(0, eligibleAt - stack.cloud.clock.now()));
    expect(await stack.ended('acme', key)).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1 });
    const [batchJob] = await outside.batchJobs(jobId);
    expect(batchJob?.createdAt).toBeGreaterThanOrEqual(eligibleAt);
  },
);

it('a job whose time lies beyond the longest delay of a queue is handed over by tick, for its second', async () => {
  await stack.send(summarise('later', { runAt: ahead(40 * 60) }));
  const { eligibleAt = 0, jobId } = await isIn('later', 'scheduled');
  await outside.emptied('FrontQueue');
  expect(await outside.depth('SubmitQueue')).toBe(0);
  stack.cloud.clock.advance(eligibleAt - stack.cloud.clock.now() - 50_000);
  await until('tick to hand it over', async () =>
    (await outside.depth('SubmitQueue')) > 0 ? true : undefined,
  );
  await outside.schedule('rest');
  await meanwhile('later');
  expect(await stack.jobs.get(jobId)).toMatchObject({ state: 'scheduled', calls: 0 });

  stack.cloud.clock.advance(Math.max(0, eligibleAt - stack.cloud.clock.now()));
  expect(await stack.ended('acme', 'later')).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1 });
  const [batchJob] = await outside.batchJobs(jobId);
  expect(batchJob?.createdAt).toBeGreaterThanOrEqual(eligibleAt);
});

it('a job that finds no room within its ttlSeconds expires, its place in Batch is given up and its tenant is told (F23)', async () => {
  const fillers = ['1', '2', '3', '4'].map((n) => `filler-${n}`);
  await stack.send(...fillers.map((key) => sleep(key)));
  await Promise.all(fillers.map((key) => isIn(key, 'running')));
  await stack.send(sleep('no-room', { ttlSeconds: 300 }));
  const { jobId, startBy = 0, createdAt } = await isIn('no-room', 'submitted');
  expect(startBy).toBe(createdAt + 300_000);
  stack.cloud.clock.advance(120_000);
  await meanwhile('no-room');
  expect((await stack.jobs.get(jobId))?.state).toBe('submitted');

  const job = await outside.turnUntilEnded('acme', 'no-room', 30_000);
  expect(job.state).toBe('expired');
  expect(job.finishedAt).toBeGreaterThanOrEqual(startBy);
  expect(await outside.batchJobs(jobId)).toMatchObject([
    { status: 'FAILED', isTerminated: true, attempts: [] },
  ]);
  await outside.settled(jobId);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.expired']);

  await stack.send(...fillers.map(cancel));
  await Promise.all(fillers.map((key) => isIn(key, 'cancelled')));
});

it('a job that Batch keeps throttling expires too, although Batch never had it', async () => {
  faults.submit = () => 'throttle';
  await stack.send(summarise('never-taken', { ttlSeconds: 60 }));
  const job = await outside.turnUntilEnded('acme', 'never-taken', 10_000);
  expect(job).toMatchObject({ state: 'expired', attempt: 1 });
  expect(await outside.batchJobs(job.jobId)).toEqual([]);
});

it('a job that has started does not expire', async () => {
  containers.willHold(jobIdOf('acme', 'started'));
  await stack.send(summarise('started', { ttlSeconds: 60 }));
  await until('the claim', async () => (await stack.job('acme', 'started'))?.claim);
  stack.cloud.clock.advance(300_000);
  await meanwhile('started');
  expect((await stack.job('acme', 'started'))?.state).toBe('running');
  containers.release();
  expect(await stack.ended('acme', 'started')).toMatchObject({ state: 'succeeded', attempt: 1 });
});

it('a container that still runs at the deadline of its job is ended, and the job has failed for its deadline', async () => {
  const jobId = jobIdOf('acme', 'too-slow');
  containers.willHold(jobId);
  await stack.send(summarise('too-slow', { deadlineSeconds: 300 }));
  const { runId } = await until('the claim', async () => (await stack.jobs.get(jobId))?.claim);
  const pid = await containers.pidOf(runId);
  stack.cloud.clock.advance(240_000);
  await meanwhile('too-slow');
  expect((await stack.jobs.get(jobId))?.state).toBe('running');

  const job = await outside.turnUntilEnded('acme', 'too-slow', 30_000);
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { class: 'timeout', code: 'deadline_exceeded' },
  });
  expect(await gone(pid)).toBe(true);
  await outside.settled(jobId);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.failed']);
});

it('a job whose deadline passes before it may run has failed without having run', async () => {
  await stack.send(summarise('too-late', { delaySeconds: 600, deadlineSeconds: 660 }));
  await isIn('too-late', 'scheduled');
  // A queue that was held up: its message arrives when the deadline has passed, too.
  stack.cloud.clock.advance(700_000);
  const job = await stack.ended('acme', 'too-late');
  expect(job).toMatchObject({ state: 'failed', calls: 0, failure: { code: 'deadline_exceeded' } });
});

it('an attempt whose backoff would pass the deadline is the last, and the job keeps its reason', async () => {
  const jobId = jobIdOf('acme', 'no-time-left');
  containers.willExit(jobId, 1, 1);
  await stack.send(summarise('no-time-left', { deadlineSeconds: 60 }));
  const { nextAttemptAt = 0 } = await isIn('no-time-left', 'retrying');
  await until('the message of the second attempt', async () =>
    (await outside.depth('SubmitQueue')) > 0 ? true : undefined,
  );
  // The second attempt runs so late that a third, thirty seconds later, would come after the end of all time.
  stack.cloud.clock.advance(nextAttemptAt - stack.cloud.clock.now() + 25_000);
  expect(await stack.ended('acme', 'no-time-left')).toMatchObject({
    state: 'failed',
    attempt: 2,
    failure: { class: 'app_error', code: 'exit_code', exitCode: 1 },
  });
});

it('an attempt that runs longer than its timeout is ended by Batch, and no second one follows', async () => {
  const jobId = jobIdOf('acme', 'timed-out');
  containers.willHold(jobId);
  await stack.send(summarise('timed-out', { timeoutSeconds: 60 }));
  const { runId } = await until('the claim', async () => (await stack.jobs.get(jobId))?.claim);
  const pid = await containers.pidOf(runId);
  stack.cloud.clock.advance(61_000);
  const job = await stack.ended('acme', 'timed-out');
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { class: 'timeout', code: 'timed_out' },
  });
  expect(await gone(pid)).toBe(true);
  expect((await outside.letterOf(jobId)).attributes).toMatchObject({ class: 'timeout', attempts: '1' });
});
