import { CancelJobCommand, ListJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { register, startWithQueue } from '../service.ts';

const FAIL_AT_ONE = 'process.exit(process.env.AWS_BATCH_JOB_ARRAY_INDEX === "1" ? 1 : 0)';
const NEVER_FITS = { vcpus: '8', memory: '16384' };

describe('an array job', () => {
  test('runs its children with their index and succeeds with them', async () => {
    await using service = await startWithQueue();
    const script = 'console.log(process.env.AWS_BATCH_JOB_ARRAY_INDEX, process.env.AWS_BATCH_JOB_ARRAY_SIZE)';
    await register(service.client, 'print', { command: ['node', '-e', script] });
    const jobId = await service.submit({
      jobDefinition: 'print',
      arrayProperties: { size: 3 },
      tags: { a: 'b' },
    });
    const parent = await service.reaches(jobId, 'SUCCEEDED', 'FAILED');
    expect(parent).toMatchObject({
      status: 'SUCCEEDED',
      arrayProperties: { size: 3, statusSummary: { SUCCEEDED: 3, FAILED: 0, RUNNING: 0 } },
    });
    expect(await service.statesTold(jobId)).toEqual(['PENDING', 'SUCCEEDED']);
    for (const index of [0, 1, 2]) {
      const child = await service.describe(`${jobId}:${index}`);
      expect(child).toMatchObject({ arrayProperties: { index }, tags: {} });
      expect(service.printedBy(child!)).toBe(`${index} 3\n`);
      const told = await service.statesTold(`${jobId}:${index}`);
      expect(told).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
    }
    const ofChild = service.events.find(({ detail }) => detail['jobId'] === `${jobId}:1`);
    expect(ofChild?.detail['tags']).toEqual({
      resourceArn: `arn:aws:batch:us-east-1:000000000000:job/${jobId}`,
    });
  });

  test('fails when a child fails, after all have ended', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'broken', { command: ['node', '-e', FAIL_AT_ONE] });
    const jobId = await service.submit({ jobDefinition: 'broken', arrayProperties: { size: 3 } });
    expect(await service.reaches(jobId, 'SUCCEEDED', 'FAILED')).toMatchObject({
      statusReason: 'Array Child Job failed',
      arrayProperties: { statusSummary: { SUCCEEDED: 2, FAILED: 1 } },
    });
  });

  test('in sequence starts a child after the one before has succeeded, and fails the rest after a failure', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'broken', { command: ['node', '-e', FAIL_AT_ONE] });
    const jobId = await service.submit({
      jobDefinition: 'broken',
      arrayProperties: { size: 4 },
      dependsOn: [{ type: 'SEQUENTIAL' }],
    });
    await service.reaches(jobId, 'FAILED');
    expect(await service.describe(`${jobId}:1`)).toMatchObject({
      status: 'FAILED',
      container: { exitCode: 1 },
    });
    expect(await service.describe(`${jobId}:3`)).toMatchObject({
      statusReason: 'Dependent Job failed',
      attempts: [],
    });
    expect(await service.statesTold(`${jobId}:3`)).toEqual(['PENDING', 'FAILED']);
    const order = service.events.filter(({ detail }) =>
      ['RUNNING', 'SUCCEEDED'].includes(String(detail['status'])),
    );
    expect(order.map(({ detail }) => `${detail['jobId']} ${detail['status']}`)).toEqual([
      `${jobId}:0 RUNNING`,
      `${jobId}:0 SUCCEEDED`,
      `${jobId}:1 RUNNING`,
    ]);
  });

  test('N_TO_N waits child by child for another array', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'broken', { command: ['node', '-e', FAIL_AT_ONE] });
    const arrayProperties = { size: 3 };
    const first = await service.submit({ jobDefinition: 'broken', arrayProperties });
    const second = await service.submit({ arrayProperties, dependsOn: [{ jobId: first, type: 'N_TO_N' }] });
    await service.reaches(second, 'FAILED');
    const states = await Promise.all([0, 1, 2].map((index) => service.describe(`${second}:${index}`)));
    expect(states.map((child) => child?.status)).toEqual(['SUCCEEDED', 'FAILED', 'SUCCEEDED']);
    expect(states[1]?.statusReason).toBe('Dependent Job failed');
  });

  test('N_TO_N fails with an array that never had children', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'never', { command: ['node'], ...NEVER_FITS });
    const gate = await service.submit({ jobDefinition: 'never' });
    const arrayProperties = { size: 2 };
    const first = await service.submit({ arrayProperties, dependsOn: [{ jobId: gate }] });
    const second = await service.submit({ arrayProperties, dependsOn: [{ jobId: first, type: 'N_TO_N' }] });
    await service.reaches(`${second}:1`, 'PENDING');
    await service.client.send(new CancelJobCommand({ jobId: gate, reason: 'closed' }));
    expect(await service.reaches(second, 'FAILED')).toMatchObject({ statusReason: 'Array Child Job failed' });
    expect(await service.describe(first)).toMatchObject({ statusReason: 'Dependent Job failed' });
  });

  test('that is terminated ends all its children', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'long', {
      command: ['node', '-e', 'setTimeout(() => {}, 300_000)'],
      vcpus: '4',
      memory: '8192',
    });
    const jobId = await service.submit({ jobDefinition: 'long', arrayProperties: { size: 2 } });
    await service.reaches(`${jobId}:0`, 'RUNNING');
    await service.client.send(new CancelJobCommand({ jobId, reason: 'stop those that wait' }));
    expect(await service.describe(`${jobId}:1`)).toMatchObject({ status: 'FAILED', isCancelled: true });
    expect(await service.describe(jobId)).toMatchObject({ status: 'PENDING' });
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'stop all' }));
    expect(await service.reaches(jobId, 'FAILED')).toMatchObject({ statusReason: 'stop all' });
    expect(await service.describe(`${jobId}:0`)).toMatchObject({ status: 'FAILED', isTerminated: true });
  });

  test('of a thousand links fails from end to end when the first one does', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'never', { command: ['node'], ...NEVER_FITS });
    const jobId = await service.submit({
      jobDefinition: 'never',
      arrayProperties: { size: 1000 },
      dependsOn: [{ type: 'SEQUENTIAL' }],
    });
    await service.reaches(`${jobId}:0`, 'RUNNABLE');
    await service.client.send(new CancelJobCommand({ jobId: `${jobId}:0`, reason: 'stop' }));
    expect(await service.describe(jobId)).toMatchObject({
      status: 'FAILED',
      arrayProperties: { statusSummary: { FAILED: 1000 } },
    });
  });

  test('lists its children', async () => {
    await using service = await startWithQueue();
    const jobId = await service.submit({ arrayProperties: { size: 3 } });
    await service.reaches(jobId, 'SUCCEEDED');
    const listed = await service.client.send(
      new ListJobsCommand({ arrayJobId: jobId, jobStatus: 'SUCCEEDED' }),
    );
    const indexes = listed.jobSummaryList?.map(({ arrayProperties }) => arrayProperties?.index);
    expect(indexes).toEqual([2, 1, 0]);
  });
});

describe('a dependency', () => {
  test('holds a job in PENDING until it has succeeded', async () => {
    await using service = await startWithQueue();
    const first = await service.submit({ jobName: 'first' });
    const second = await service.submit({ jobName: 'second', dependsOn: [{ jobId: first }] });
    await service.reaches(second, 'SUCCEEDED');
    const told = await service.statesTold(second);
    expect(told.at(-4)).toBe('RUNNABLE');
    const order = service.events.map(({ detail }) => `${detail['jobName']} ${detail['status']}`);
    expect(order.indexOf('second RUNNABLE')).toBeGreaterThan(order.indexOf('first SUCCEEDED'));
  });

  test('that fails takes its dependents with it', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'never', { command: ['node'], ...NEVER_FITS });
    const first = await service.submit({ jobDefinition: 'never' });
    const second = await service.submit({ dependsOn: [{ jobId: first }] });
    const third = await service.submit({ dependsOn: [{ jobId: second }] });
    await service.reaches(third, 'PENDING');
    await service.client.send(new CancelJobCommand({ jobId: first, reason: 'stop' }));
    for (const jobId of [second, third]) {
      expect(await service.describe(jobId)).toMatchObject({
        status: 'FAILED',
        statusReason: 'Dependent Job failed',
        attempts: [],
      });
    }
    const late = await service.submit({ dependsOn: [{ jobId: first }] });
    expect((await service.reaches(late, 'FAILED')).statusReason).toBe('Dependent Job failed');
  });
});
