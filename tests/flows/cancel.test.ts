/** A job is cancelled in whatever state the request finds it: one outcome, told once, and nothing of it runs on. */
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
  ({ containers, stack, outside, faults, csv } = await openFlow(opened));
  // A cancel must take effect by itself and not by tick.
  await outside.schedule('rest');
  await stack.addTenant('globex');
});
afterEach(async () => {
  delete faults.submit;
  delete faults.event;
  await outside.capacity('there');
});

const summarise = (idempotencyKey: string, rest: object = {}) => ({
  specVersion: '1',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey,
  input: { csv },
  ...rest,
});
const cancel = (name: { idempotencyKey: string } | { jobId: string }, tenantId = 'acme') => ({
  specVersion: '1',
  action: 'job.cancel',
  tenantId,
  ...name,
});

function becomes(jobId: string, state: JobRecord['state']): Promise<JobRecord> {
  return until(`${jobId} to be ${state}`, async () => {
    const job = await stack.jobs.get(jobId);
    return job?.state === state ? job : undefined;
  });
}

async function claimed(jobId: string): Promise<string> {
  return (await until('the claim', async () => (await stack.jobs.get(jobId))?.claim)).runId;
}

/** Brings a job into a state and leaves it there. */
const states: Readonly<Record<string, (key: string, jobId: string) => Promise<unknown>>> = {
  async scheduled(key, jobId) {
    await stack.send(summarise(key, { delaySeconds: 3600 }));
    await becomes(jobId, 'scheduled');
  },
  async 'waiting for a throttled Batch'(key, jobId) {
    faults.submit = () => 'throttle';
    await stack.send(summarise(key));
    await until('the throttling', async () =>
      (await stack.jobs.get(jobId))?.callOpen === false ? true : undefined,
    );
  },
  async 'submitting, its answer lost'(key, jobId) {
    faults.submit = () => 'lose_reply';
    faults.event = () => 'drop';
    await outside.capacity('gone');
    await stack.send(summarise(key));
    await until('the call', async () => ((await outside.batchJobs(jobId)).length > 0 ? true : undefined));
    delete faults.event;
  },
  async 'submitted, without room'(key, jobId) {
    await outside.capacity('gone');
    await stack.send(summarise(key));
    await becomes(jobId, 'submitted');
  },
  async running(key, jobId) {
    containers.willHold(jobId);
    await stack.send(summarise(key));
    await claimed(jobId);
  },
  async 'running a plain container'(key, jobId) {
    await stack.send(summarise(key, { jobType: 'demo.sleep', input: { seconds: 3600 } }));
    await becomes(jobId, 'running');
  },
  async retrying(key, jobId) {
    containers.willExit(jobId, 1);
    await stack.send(summarise(key));
    await becomes(jobId, 'retrying');
  },
};

it.each(Object.entries(states))(
  'a job that is %s is cancelled, and its tenant is told once (F59)',
  async (state, reach) => {
    const key = state.replaceAll(/\W/g, '-');
    const jobId = jobIdOf('acme', key);
    await reach(key, jobId);
    await stack.send(cancel({ idempotencyKey: key }), cancel({ jobId }));

    const job = await outside.turnUntilEnded('acme', key, 5000);
    expect(job).toMatchObject({ state: 'cancelled', attempt: 1 });
    const batchJobs = await outside.batchJobs(jobId);
    for (const { stoppedAt } of batchJobs) expect(stoppedAt).toBeDefined();
    // A webhook on its way would be too old for its receiver once the clock is turned.
    await outside.settled(jobId);
    await outside.emptied('NotifyQueue');
    // What was on its way when it was cancelled must find it cancelled: the message of its start, of its next attempt.
    delete faults.submit;
    stack.cloud.clock.advance(3_700_000);
    await outside.emptied('SubmitQueue');
    await outside.emptied('EventsQueue');
    expect(await outside.settled(jobId)).toMatchObject({ state: 'cancelled', finishedAt: job.finishedAt });
    expect(await outside.batchJobs(jobId)).toEqual(batchJobs);
    expect(await outside.batchJobs(jobId, 2)).toEqual([]);
    await outside.emptied('NotifyQueue');
    expect(await eventTypesOf(stack, jobId)).toEqual(['job.cancelled']);
  },
);

it('the container of a cancelled job really ends', async () => {
  const jobId = jobIdOf('acme', 'real');
  containers.willHold(jobId);
  await stack.send(summarise('real'));
  const pid = await containers.pidOf(await claimed(jobId));
  expect(process.kill(pid, 0)).toBe(true);
  await stack.send(cancel({ jobId }));
  expect(await gone(pid)).toBe(true);
  expect(await stack.ended('acme', 'real')).toMatchObject({
    state: 'cancelled',
    endedAttempts: [{ attempt: 1 }],
  });
});

it('a job that is over stays what it was (M40)', async () => {
  await stack.send(summarise('over'));
  const { jobId } = await stack.ended('acme', 'over');
  const over = await outside.settled(jobId);
  await stack.send(cancel({ jobId }), cancel({ idempotencyKey: 'over' }));
  await outside.emptied('FrontQueue');
  expect(await stack.jobs.get(jobId)).toEqual(over);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.succeeded']);
});

it('a cancel that overtakes its job waits for it: the job is recorded as cancelled and never runs (F04)', async () => {
  const jobId = jobIdOf('acme', 'overtaken');
  await stack.send(cancel({ idempotencyKey: 'overtaken' }));
  await outside.emptied('FrontQueue');
  expect(await stack.jobs.get(jobId)).toBeUndefined();
  await stack.send(summarise('overtaken'), summarise('overtaken'));
  expect(await stack.ended('acme', 'overtaken')).toMatchObject({ state: 'cancelled', calls: 0 });
  await outside.settled(jobId);
  expect(await outside.batchJobs(jobId)).toEqual([]);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.cancelled']);
});

it('a cancel waits a quarter of an hour for its job, and not for the next one of that key (M39)', async () => {
  await stack.send(cancel({ idempotencyKey: 'long-after' }));
  await outside.emptied('FrontQueue');
  stack.cloud.clock.advance(15 * 60_000 + 1000);
  await stack.send(summarise('long-after'));
  expect(await stack.ended('acme', 'long-after')).toMatchObject({ state: 'succeeded', attempt: 1 });
});

it('no tenant cancels a job of another, before it arrives or after', async () => {
  const jobId = jobIdOf('acme', 'mine');
  await stack.send(cancel({ jobId }, 'globex'));
  await outside.emptied('FrontQueue');
  containers.willHold(jobId);
  await stack.send(summarise('mine'));
  await claimed(jobId);
  await outside.emptied('EventsQueue');
  const running = await stack.jobs.get(jobId);
  await stack.send(cancel({ jobId }, 'globex'), cancel({ idempotencyKey: 'mine' }, 'globex'));
  await outside.emptied('FrontQueue');
  expect(await stack.jobs.get(jobId)).toEqual(running);
  containers.release();
  expect(await stack.ended('acme', 'mine')).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(stack.webhooks.filter(({ tenantId }) => tenantId === 'globex')).toEqual([]);
});
