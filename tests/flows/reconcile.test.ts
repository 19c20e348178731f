/** Every event of AWS Batch is lost: tick alone brings jobs to their ends. */
import { DescribeJobsCommand } from '@aws-sdk/client-batch';
import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { DUE_SHARDS } from '../../domain/job/identity.ts';
import type { BatchFaults } from '../../local/batch/batch.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import type { Containers } from './containers.ts';
import { openFlow } from './flow.ts';
import { eventTypesOf, type Outside } from './outside.ts';

jest.setTimeout(180_000);

let containers: Containers;
let stack: Stack;
let outside: Outside;
let faults: BatchFaults;
let csv: string;
/** Calls to Batch by our functions, `headgate-dev-tick submitjob`. */
const batchCalls: string[] = [];
const opened = closedAfterAll();
beforeAll(async () => {
  ({ containers, stack, outside, faults, csv } = await openFlow(opened, {
    onCall: ({ service, action, accessKeyId }) => {
      if (service === 'batch') batchCalls.push(`${accessKeyId} ${action}`);
    },
  }));
});
afterEach(async () => {
  delete faults.event;
  await outside.schedule('run');
  await outside.capacity('there');
});

const message = (idempotencyKey: string, rest: object = {}) => ({
  specVersion: '1',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey,
  input: { csv },
  ...rest,
});

/** Its clock is the real one, which the stack's may be ahead of. */
const reconcile = (...args: readonly string[]) => runCommand(stack, 'reconcile', ...args);

/** Makes tick find the job now, as after a long silence. */
async function overdue(jobId: string) {
  await until('the record to stand still', async () => {
    const job = await stack.jobs.get(jobId);
    if (job === undefined) return undefined;
    const written = await stack.jobs.replace(job, { ...job, version: job.version + 1, dueAt: 1 });
    return written === 'written' ? true : undefined;
  });
}

/** Few calls for many jobs: the records name the Batch jobs, since their events are what is lost. */
function endedInBatch(ids: readonly string[]) {
  return until('Batch to have ended all', async () => {
    const records = [...(await stack.jobs.load(ids)).values()];
    const runs = records.flatMap(({ runId }) => runId ?? []);
    if (runs.length < ids.length) return undefined;
    const { jobs = [] } = await outside.batch.send(new DescribeJobsCommand({ jobs: runs }));
    return jobs.every(({ stoppedAt }) => stoppedAt !== undefined) ? true : undefined;
  });
}

// First, while the clock of the stack is still near that of the command.
it('a dry run says what it would look at and changes nothing; several ticks at once repair it once (F45)', async () => {
  await outside.schedule('rest');
  const keys = Array.from({ length: 20 }, (_, i) => `silent-${i}`);
  const ids = keys.map((key) => jobIdOf('acme', key));
  faults.event = () => 'drop';
  for (const [i, id] of ids.entries()) if (i % 5 === 4) containers.willExit(id, 64);
  await stack.send(...keys.map((key) => message(key)));
  await endedInBatch(ids);
  await outside.emptied('SubmitQueue');
  await Promise.all(ids.map(overdue));
  const before = await stack.jobs.load(ids);

  const dry = await reconcile('--dry-run');
  expect(dry).toMatchObject({ code: 0, err: '' });
  expect(dry.out).toMatch(/^20 to look at$/m);
  for (const id of ids)
    expect(dry.out).toMatch(new RegExp(`^${id} +acme +.*AWS Batch has been silent about it: ask$`, 'm'));
  expect(await stack.jobs.load(ids)).toEqual(before);

  const ticks = await Promise.all([reconcile(), reconcile(), reconcile()]);
  for (const { code, err } of ticks) expect({ code, err }).toEqual({ code: 0, err: '' });
  const jobs = await Promise.all(ids.map((id) => outside.settled(id)));
  expect(jobs.map(({ state, calls, attempt }) => ({ state, calls, attempt }))).toEqual(
    keys.map((_, i) => ({ state: i % 5 === 4 ? 'failed' : 'succeeded', calls: 1, attempt: 1 })),
  );
  for (const { jobId, state } of jobs) expect(await eventTypesOf(stack, jobId)).toEqual([`job.${state}`]);
  await outside.schedule('run');
});

it('jobs of every kind come to their ends although every event of Batch is lost (F25, F28)', async () => {
  faults.event = () => 'drop';
  const failing = jobIdOf('acme', 'failing');
  containers.willExit(failing, 1, 1, 1, 1);
  const missing = csv.replace('n.csv', 'missing.csv');
  await stack.send(
    message('good'),
    message('failing'),
    message('missing', { input: { csv: missing } }),
    message('plain', { jobType: 'demo.sleep', input: { seconds: 0 } }),
  );
  const ended = async (key: string) => outside.turnUntilEnded('acme', key, 5 * 60_000);
  expect(await ended('good')).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1 });
  expect(await ended('plain')).toMatchObject({ state: 'succeeded', attempt: 1, calls: 1 });
  expect(await ended('missing')).toMatchObject({ state: 'failed', attempt: 1, failure: { exitCode: 64 } });
  expect(await ended('failing')).toMatchObject({ state: 'failed', attempt: 4, calls: 4 });
  expect((await outside.letterOf(failing)).attributes).toMatchObject({ attempts: '4' });
  for (const key of ['good', 'plain', 'missing', 'failing']) {
    const { jobId, state } = await outside.settled(jobIdOf('acme', key));
    expect(await eventTypesOf(stack, jobId)).toEqual([`job.${state}`]);
  }
});

it('a job that is cancelled while events are lost is ended by tick', async () => {
  faults.event = () => 'drop';
  const jobId = jobIdOf('acme', 'unwanted');
  containers.willHold(jobId);
  await stack.send(message('unwanted'));
  await until('the claim', async () => (await stack.jobs.get(jobId))?.claim);
  await stack.send({ specVersion: '1', action: 'job.cancel', tenantId: 'acme', jobId });
  expect(await outside.turnUntilEnded('acme', 'unwanted', 30_000)).toMatchObject({
    state: 'cancelled',
    attempt: 1,
  });
});

it('a job that Batch has forgotten is lost after three looks and not before, and is tried again (F21)', async () => {
  const jobId = jobIdOf('acme', 'forgotten');
  faults.event = () => 'drop';
  await stack.send(message('forgotten', { jobType: 'demo.sleep', input: { seconds: 0 } }));
  await until('Batch to have ended it', async () => (await outside.batchJobs(jobId))[0]?.stoppedAt);
  await until('the reply to be recorded', async () =>
    (await stack.jobs.get(jobId))?.state === 'submitted' ? true : undefined,
  );
  // Tick did not run for a week, and AWS Batch keeps an ended job no longer.
  await outside.schedule('rest');
  stack.cloud.clock.advance(8 * 86_400_000);
  expect(await outside.batchJobs(jobId)).toEqual([]);
  await outside.schedule('run');

  for (const absences of [1, 2]) {
    const seen = await outside.turnUntil(`look ${absences}`, 60_000, async () => {
      const job = await stack.jobs.get(jobId);
      return job?.absences === absences ? job : undefined;
    });
    expect(seen).toMatchObject({ state: 'submitted', attempt: 1 });
    expect((seen.dueAt ?? 0) - stack.cloud.clock.now()).toBeGreaterThan(10 * 60_000);
    stack.cloud.clock.advance(15 * 60_000);
  }
  const lost = await outside.turnUntil('the job to be given up', 60_000, async () => {
    const job = await stack.jobs.get(jobId);
    return job?.endedAttempts.length ? job : undefined;
  });
  expect(lost.endedAttempts[0]?.failure).toMatchObject({ class: 'lost', code: 'batch_forgot' });
  delete faults.event;
  const job = await outside.turnUntilEnded('acme', 'forgotten', 15_000);
  expect(job).toMatchObject({ state: 'succeeded', attempt: 2, calls: 2 });
  await outside.settled(jobId);
  expect(await eventTypesOf(stack, jobId)).toEqual(['job.succeeded']);
});

it('a tick that rested for a day repairs what it missed, with few calls to Batch for many jobs (F46)', async () => {
  await outside.schedule('rest');
  faults.event = () => 'drop';
  const keys = Array.from({ length: 60 }, (_, i) => `missed-${i}`);
  const ids = keys.map((key) => jobIdOf('acme', key));
  const input = { seconds: 0 };
  await stack.send(...keys.map((key) => message(key, { jobType: 'demo.sleep', input })));
  await endedInBatch(ids);
  await outside.emptied('SubmitQueue');
  stack.cloud.clock.advance(86_400_000);
  expect(new Set([...(await stack.jobs.load(ids)).values()].map(({ state }) => state))).toEqual(
    new Set(['submitted']),
  );
  batchCalls.length = 0;
  await outside.schedule('run');
  stack.cloud.clock.advance(60_000);
  const jobs = await Promise.all(ids.map((id) => outside.settled(id)));
  expect(new Set(jobs.map(({ state, calls }) => `${state} ${calls}`))).toEqual(new Set(['succeeded 1']));
  const asked = batchCalls.filter((call) => call.includes('describejobs'));
  expect(batchCalls).toEqual(asked);
  expect(asked.length).toBeGreaterThan(0);
  // One for each shard of the index, and once more should a second tick have overlapped the first.
  expect(asked.length).toBeLessThanOrEqual(2 * DUE_SHARDS);
  for (const { jobId } of jobs) expect(await eventTypesOf(stack, jobId)).toEqual(['job.succeeded']);
});
