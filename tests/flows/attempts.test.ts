/** An attempt that fails is followed by another after its backoff, as long as its kind of failure has attempts left. */
import { renameSync } from 'node:fs';
import { TerminateJobCommand } from '@aws-sdk/client-batch';
import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { AwsEvent } from '../../local/aws.ts';
import type { BatchFaults } from '../../local/batch/batch.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import type { Containers } from './containers.ts';
import { openFlow } from './flow.ts';
import { EVERY_EVENT, eventTypesOf, type Outside } from './outside.ts';

jest.setTimeout(120_000);

let containers: Containers;
let stack: Stack;
let outside: Outside;
let faults: BatchFaults;
let csv: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ containers, stack, outside, faults, csv } = await openFlow(opened));
  // Retries must be the fast path's own work, not tick's.
  await outside.schedule('rest');
  await outside.hears('acme', EVERY_EVENT);
});
afterEach(() => {
  delete faults.event;
});

async function send(idempotencyKey: string, ...exitCodes: number[]): Promise<string> {
  const jobId = jobIdOf('acme', idempotencyKey);
  containers.willExit(jobId, ...exitCodes);
  const input = { csv };
  await stack.send({ specVersion: '1', tenantId: 'acme', jobType: 'csv.summarise', idempotencyKey, input });
  return jobId;
}

function isIn(jobId: string, state: JobRecord['state'], attempt: number): Promise<JobRecord> {
  return until(`${jobId} to be ${state} at attempt ${attempt}`, async () => {
    const job = await stack.jobs.get(jobId);
    return job?.state === state && job.attempt === attempt ? job : undefined;
  });
}

/** Turns the clock over the backoff after this attempt. @returns the record during the backoff */
async function retried(jobId: string, attempt: number): Promise<JobRecord> {
  const job = await isIn(jobId, 'retrying', attempt);
  await outside.turnUntil(`attempt ${attempt + 1}`, 10_000, async () =>
    (await outside.batchJobs(jobId, attempt + 1)).length > 0 ? true : undefined,
  );
  return job;
}

/** The end of Batch jobs as AWS would tell it, where the child process that stands for a container cannot end so. */
function endsWith(jobId: string, statusReason: string, container: object) {
  faults.event = ({ detail }: AwsEvent) => {
    if (detail['status'] === 'FAILED' && String(detail['jobName']).includes(jobId)) {
      const { exitCode: _, ...rest } = Object(detail['container']);
      Object.assign(detail, { statusReason, container: { ...rest, ...container } });
    }
    return 'deliver';
  };
}

it('a job whose container fails four times waits longer each time, and then is a dead letter with its story', async () => {
  const jobId = await send('four', 1, 2, 137, 1);
  const waits: number[] = [];
  for (const attempt of [1, 2, 3]) {
    const { nextAttemptAt = 0, stateAt } = await isIn(jobId, 'retrying', attempt);
    waits.push((nextAttemptAt - stateAt) / 1000);
    await until('the message of the next attempt', async () =>
      (await outside.depth('SubmitQueue')) === 1 ? true : undefined,
    );
    stack.cloud.clock.advance(nextAttemptAt - stack.cloud.clock.now() - 1000);
    expect(await stack.jobs.get(jobId)).toMatchObject({ state: 'retrying', attempt });
    stack.cloud.clock.advance(2000);
  }
  // 10 s, three times as long each time, up to a fifth more by chance.
  for (const [i, seconds] of [10, 30, 90].entries()) {
    expect(waits[i]).toBeGreaterThanOrEqual(seconds);
    expect(waits[i]).toBeLessThanOrEqual(seconds * 1.2);
  }
  const job = await stack.ended('acme', 'four');
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 4,
    calls: 4,
    failure: { class: 'app_error', code: 'exit_code', exitCode: 1 },
  });
  const batchJobs = await Promise.all([1, 2, 3, 4].map((attempt) => outside.batchJobs(jobId, attempt)));
  expect(job.endedAttempts).toEqual(
    batchJobs.map(([batchJob], i) => ({
      attempt: i + 1,
      runId: batchJob?.jobId,
      startedAt: batchJob?.startedAt,
      endedAt: batchJob?.stoppedAt,
      logStream: batchJob?.container?.logStreamName,
      // The least that Fargate bills: a minute.
      billedSeconds: 60,
      usdMicro: 49,
      failure: {
        class: 'app_error',
        code: 'exit_code',
        message: expect.stringContaining(`exit code ${[1, 2, 137, 1][i]}`),
        exitCode: [1, 2, 137, 1][i],
        reason: 'Essential container in task exited',
        logStream: batchJob?.container?.logStreamName,
      },
    })),
  );
  const letter = await outside.letterOf(jobId);
  expect(letter.attributes).toEqual({
    code: 'exit_code',
    class: 'app_error',
    reason: job.failure?.message,
    cause: 'Essential container in task exited',
    attempts: '4',
    firstFailureAt: new Date(job.endedAttempts[0]?.endedAt ?? 0).toISOString(),
    lastFailureAt: new Date(job.endedAttempts[3]?.endedAt ?? 0).toISOString(),
    deadLetterOf: jobId,
  });
  expect(JSON.parse(letter.body)).toMatchObject({ idempotencyKey: 'four', input: { csv } });
  await outside.settled(jobId);
  expect((await eventTypesOf(stack, jobId)).filter((type) => type === 'job.retrying')).toHaveLength(3);
  expect((await eventTypesOf(stack, jobId)).filter((type) => type === 'job.failed')).toHaveLength(1);
});

it('a job that fails once and then works has succeeded, and keeps the failure of its first attempt (F47)', async () => {
  const jobId = await send('second-time', 1);
  await retried(jobId, 1);
  const job = await stack.ended('acme', 'second-time');
  expect(job).toMatchObject({ state: 'succeeded', attempt: 2, calls: 2, result: { inline: { rows: 2 } } });
  expect(job.endedAttempts).toMatchObject([{ attempt: 1, failure: { exitCode: 1 } }, { attempt: 2 }]);
  expect(job.endedAttempts[1]?.failure).toBeUndefined();
  await outside.settled(jobId);
  const payload = stack.webhooks.find(
    ({ event }) => event?.data.jobId === jobId && event.type === 'job.succeeded',
  );
  expect(payload?.event?.data.failure).toBeUndefined();
});

it.each([
  [
    'never again',
    64,
    { state: 'failed', attempt: 1, failure: { class: 'invalid_input', code: 'input_rejected' } },
  ],
  ['try later', 75, { state: 'retrying', attempt: 1, failure: { class: 'app_error', code: 'try_later' } }],
])('a container that says "%s" with its exit code is taken at its word', async (word, code, expected) => {
  const jobId = await send(word.replace(' ', '-'), code);
  const job = await until('the word to be heard', async () => {
    const found = await stack.jobs.get(jobId);
    return found?.endedAttempts.length ? found : undefined;
  });
  expect(job).toMatchObject(expected);
});

it('a job that ran out of memory gets twice the memory each time, up to the most of its type (F97)', async () => {
  const jobId = jobIdOf('acme', 'greedy');
  endsWith(jobId, 'Essential container in task exited', {
    exitCode: 137,
    reason: 'OutOfMemoryError: Container killed due to memory usage',
  });
  await send('greedy', 137, 137, 137);
  await retried(jobId, 1);
  await retried(jobId, 2);
  const job = await stack.ended('acme', 'greedy');
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 3,
    failure: { class: 'out_of_memory', exitCode: 137 },
  });
  const memory = await Promise.all(
    [1, 2, 3].map(async (attempt) => {
      const [batchJob] = await outside.batchJobs(jobId, attempt);
      return batchJob?.container?.resourceRequirements?.find(({ type }) => type === 'MEMORY')?.value;
    }),
  );
  expect(memory).toEqual(['512', '1024', '2048']);
});

it('a job that Spot took away twice goes on in the standard queue, out of the reach of Spot (F53)', async () => {
  const jobId = jobIdOf('acme', 'reclaimed');
  endsWith(jobId, 'Your Spot Task was interrupted.', {});
  await send('reclaimed', 137, 137);
  for (const attempt of [1, 2]) {
    const { failure } = await retried(jobId, attempt);
    expect(failure).toMatchObject({ class: 'spot_reclaimed', code: 'spot_reclaimed' });
  }
  expect(await stack.ended('acme', 'reclaimed')).toMatchObject({ state: 'succeeded', attempt: 3 });
  const queues = await Promise.all(
    [1, 2, 3].map(async (attempt) => (await outside.batchJobs(jobId, attempt))[0]?.jobQueue),
  );
  const [economy, standard] = ['EconomyJobQueue', 'StandardJobQueue'].map((queue) =>
    stack.cloud.physicalId(queue),
  );
  expect(queues).toEqual([economy, economy, standard]);
});

it('the late events of an earlier attempt do not touch the attempt that runs now', async () => {
  const first: AwsEvent[] = [];
  faults.event = (event) => {
    if (String(event.detail['jobName']).endsWith('-1')) first.push(event);
    return 'deliver';
  };
  const jobId = jobIdOf('acme', 'outlived');
  containers.willHold(jobId, 2);
  await send('outlived', 1);
  await retried(jobId, 1);
  await until('the claim of the second', async () => (await stack.jobs.get(jobId))?.claim);
  await outside.emptied('EventsQueue');
  const second = await stack.jobs.get(jobId);
  expect(second).toMatchObject({ state: 'running', attempt: 2 });
  for (const event of first) await outside.sendEvent(event);
  await outside.emptied('EventsQueue');
  expect(await stack.jobs.get(jobId)).toEqual(second);
  containers.release();
  expect(await stack.ended('acme', 'outlived')).toMatchObject({ state: 'succeeded', attempt: 2, calls: 2 });
});

it('an image that Batch cannot pull is tried by Batch three times at once, and again by us after the backoff (F22)', async () => {
  const folder = containers.images.WorkerRepository;
  renameSync(folder, `${folder}-away`);
  const jobId = jobIdOf('acme', 'unpulled');
  const input = { csv };
  await stack.send({
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'csv.summarise',
    idempotencyKey: 'unpulled',
    input,
  });
  const job = await isIn(jobId, 'retrying', 1);
  renameSync(`${folder}-away`, folder);
  expect(job).toMatchObject({ failure: { class: 'image_error', code: 'image_error' }, order: { tries: 3 } });
  await retried(jobId, 1);
  expect(await stack.ended('acme', 'unpulled')).toMatchObject({ state: 'succeeded', attempt: 2, calls: 2 });
});

it('a Batch job that an operator ends fails its job for good, with the operator’s reason (F24)', async () => {
  const jobId = jobIdOf('acme', 'stopped');
  const input = { seconds: 3600 };
  await stack.send({
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'demo.sleep',
    idempotencyKey: 'stopped',
    input,
  });
  const { runId = '' } = await isIn(jobId, 'running', 1);
  await outside.batch.send(new TerminateJobCommand({ jobId: runId, reason: 'It costs too much' }));
  expect(await stack.ended('acme', 'stopped')).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { class: 'platform', code: 'ended_by_operator', reason: 'It costs too much' },
  });
});
