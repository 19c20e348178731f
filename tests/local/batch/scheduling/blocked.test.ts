import {
  CreateJobQueueCommand,
  type JobStateTimeLimitAction,
  UpdateComputeEnvironmentCommand,
} from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { createBlockWatch } from '../../../../local/batch/scheduling/block-watch.ts';
import { openRooms } from '../rooms.ts';
import { register, type Service, startWithQueue, until } from '../service.ts';

const TOO_LARGE = 'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE';
const STUCK = `${TOO_LARGE} - CE(s) associated with the job queue cannot meet the CPU requirement of the job.`;

/** An environment of 4 vCPU, and a queue `strict` with these limits for a job of 8 vCPU called `huge`. */
async function startStrict(...jobStateTimeLimitActions: JobStateTimeLimitAction[]): Promise<Service> {
  const service = await startWithQueue();
  await register(service.client, 'huge', { command: ['node', '-e', '0'], vcpus: '8', memory: '16384' });
  await service.client.send(
    new CreateJobQueueCommand({
      jobQueueName: 'strict',
      priority: 1,
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'environment' }],
      jobStateTimeLimitActions,
    }),
  );
  return service;
}

const limit = (reason: string, maxTimeSeconds: number): JobStateTimeLimitAction => ({
  reason,
  state: 'RUNNABLE',
  maxTimeSeconds,
  action: 'CANCEL',
});

async function isStuck(service: Service, jobId: string): Promise<void> {
  await until(async () => (await service.describe(jobId))?.statusReason === STUCK, `${jobId} to be stuck`);
}

describe('a job at the head of its queue that no environment can hold', () => {
  test('says so, and is told of once by an event of its own', async () => {
    await using service = await startStrict();
    const jobId = await service.submit({ jobQueue: 'strict', jobDefinition: 'huge' });
    await isStuck(service, jobId);
    await service.submit({ jobQueue: 'strict' });
    expect(await service.statesTold(jobId)).toEqual(['RUNNABLE', 'RUNNABLE']);
    const [blocked] = service.events.filter((event) => event['detail-type'] === 'Batch Job Queue Blocked');
    expect(blocked).toMatchObject({
      source: 'aws.batch',
      resources: [
        `arn:aws:batch:us-east-1:000000000000:job/${jobId}`,
        'arn:aws:batch:us-east-1:000000000000:job-queue/strict',
      ],
      detail: { jobId, status: 'RUNNABLE', statusReason: STUCK },
    });
  });

  test('is cancelled after the time that its queue sets for that reason, and the next one runs', async () => {
    await using service = await startStrict(limit(TOO_LARGE, 600));
    const jobId = await service.submit({ jobQueue: 'strict', jobDefinition: 'huge' });
    const next = await service.submit({ jobQueue: 'strict' });
    await isStuck(service, jobId);
    service.advance(600_000);
    expect(await service.reaches(jobId, 'FAILED')).toMatchObject({
      statusReason: `Canceled by JobStateTimeLimit action due to reason: ${TOO_LARGE}`,
      attempts: [],
      isCancelled: true,
    });
    await service.reaches(next, 'SUCCEEDED');
  });

  test('stays when the queue sets a time for other reasons only', async () => {
    await using service = await startStrict(limit('MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT', 600));
    const jobId = await service.submit({ jobQueue: 'strict', jobDefinition: 'huge' });
    await isStuck(service, jobId);
    service.advance(86_400_000);
    await service.reaches(await service.submit(), 'SUCCEEDED');
    expect(await service.describe(jobId)).toMatchObject({ status: 'RUNNABLE', statusReason: STUCK });
  });

  test('runs when the environment grows, and its reason is gone', async () => {
    await using service = await startStrict(limit(TOO_LARGE, 600));
    const jobId = await service.submit({ jobQueue: 'strict', jobDefinition: 'huge' });
    await isStuck(service, jobId);
    const computeResources = { maxvCpus: 8 };
    await service.client.send(
      new UpdateComputeEnvironmentCommand({ computeEnvironment: 'environment', computeResources }),
    );
    const job = await service.reaches(jobId, 'SUCCEEDED');
    expect(job.statusReason).toBe('Essential container in task exited');
  });
});

test.each([
  ['a millisecond before its time', 599_999, []],
  ['at its time', 600_000, ['job']],
])('a job that blocks its queue is, %s, not yet or just cancelled', async (_, afterMs, stopped) => {
  const rooms = await openRooms();
  await rooms.call('updatejobqueue', {
    jobQueue: 'queue',
    jobStateTimeLimitActions: [limit(TOO_LARGE, 600)],
  });
  let nowMs = 0;
  const stops: string[] = [];
  const watch = createBlockWatch({
    clock: { now: () => nowMs },
    resources: rooms.resources,
    lifecycle: { block: () => undefined, stop: (jobId) => void stops.push(jobId) },
  });
  const heads = [{ queueArn: 'arn:aws:batch:us-east-1:000000000000:job-queue/queue', jobId: 'job' }];
  watch.see(heads);
  nowMs = afterMs;
  watch.see(heads);
  watch.tick();
  expect(stops).toEqual(stopped);
});
