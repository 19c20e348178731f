import {
  CancelJobCommand,
  CancelJobsCommand,
  DescribeJobsCommand,
  TerminateJobCommand,
  TerminateJobsCommand,
} from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { processStart } from '../../../../local/batch/containers/process-identity.ts';
import { register, startWithQueue, until } from '../service.ts';

const OUTLAST_THE_TEST = 'setTimeout(() => {}, 300_000)';
const IGNORE_SIGTERM = `process.on('SIGTERM', () => console.log('not yet')); console.log('ready'); ${OUTLAST_THE_TEST}`;
/** Starts a process of its own and prints its number. */
const WITH_CHILD = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(OUTLAST_THE_TEST)}]);
  console.log('child', child.pid);
  ${OUTLAST_THE_TEST}`;

async function startRunning(script = OUTLAST_THE_TEST, terminationGraceSeconds = 30) {
  const service = await startWithQueue({ terminationGraceSeconds });
  await register(service.client, 'long', { command: ['node', '-e', script] });
  const run = async (others = {}) => {
    const jobId = await service.submit({ jobDefinition: 'long', ...others });
    return { jobId, job: await service.reaches(jobId, 'RUNNING') };
  };
  return { service, run };
}

describe('TerminateJob', () => {
  test('ends a running job, which fails with the reason given and is not tried again', async () => {
    const { service, run } = await startRunning();
    await using _ = service;
    const { jobId } = await run({ retryStrategy: { attempts: 3 } });
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'no longer wanted' }));
    expect(await service.reaches(jobId, 'FAILED')).toMatchObject({
      statusReason: 'no longer wanted',
      isTerminated: true,
      isCancelled: false,
      container: { exitCode: 143 },
      attempts: [{ container: { exitCode: 143 }, statusReason: 'no longer wanted' }],
    });
  });

  test('kills what does not heed the first signal when the grace is over', async () => {
    const { service, run } = await startRunning(IGNORE_SIGTERM, 0.5);
    await using _ = service;
    const { jobId, job } = await run();
    const log = () => service.printedBy(job);
    await until(() => log().includes('ready'), 'the handler to be there');
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'stop' }));
    expect(await service.reaches(jobId, 'FAILED')).toMatchObject({ container: { exitCode: 137 } });
    expect(log()).toBe('ready\nnot yet\n');
  });

  test('ends the processes that the command started, too', async () => {
    const { service, run } = await startRunning(WITH_CHILD);
    await using _ = service;
    const { jobId, job } = await run();
    const childPid = () => /child (\d+)/.exec(service.printedBy(job))?.[1];
    await until(() => childPid() !== undefined, 'the child to be there');
    const pid = Number(childPid());
    expect(processStart(pid)).toBeDefined();
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'stop' }));
    await service.reaches(jobId, 'FAILED');
    await until(() => processStart(pid) === undefined, 'the child to be gone');
  });

  test('fails a job that has not started, without a try', async () => {
    const { service } = await startRunning();
    await using _ = service;
    await register(service.client, 'huge', { command: ['node'], vcpus: '8', memory: '16384' });
    const jobId = await service.submit({ jobDefinition: 'huge' });
    await service.reaches(jobId, 'RUNNABLE');
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'too big' }));
    expect(await service.describe(jobId)).toMatchObject({
      status: 'FAILED',
      statusReason: 'too big',
      attempts: [],
    });
  });

  test('of an unknown job, or one that has ended, changes nothing and succeeds', async () => {
    await using service = await startWithQueue();
    const jobId = await service.submit();
    await service.reaches(jobId, 'SUCCEEDED');
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'late' }));
    await service.client.send(new TerminateJobCommand({ jobId: 'unknown', reason: 'late' }));
    expect(await service.describe(jobId)).toMatchObject({ status: 'SUCCEEDED', isTerminated: false });
  });

  test('without a reason is refused', async () => {
    await using service = await startWithQueue();
    const command = new TerminateJobCommand({ jobId: 'x', reason: undefined });
    await expect(service.client.send(command)).rejects.toMatchObject({ name: 'ClientException' });
  });
});

describe('CancelJob', () => {
  test('fails a job that waits', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'huge', { command: ['node'], vcpus: '8', memory: '16384' });
    const jobId = await service.submit({ jobDefinition: 'huge' });
    await service.reaches(jobId, 'RUNNABLE');
    await service.client.send(new CancelJobCommand({ jobId, reason: 'changed my mind' }));
    expect(await service.describe(jobId)).toMatchObject({
      status: 'FAILED',
      statusReason: 'changed my mind',
      isCancelled: true,
    });
  });

  test('of a running job succeeds and does nothing', async () => {
    const { service, run } = await startRunning('setTimeout(() => {}, 1000)');
    await using _ = service;
    const { jobId } = await run();
    await service.client.send(new CancelJobCommand({ jobId, reason: 'too late' }));
    expect(await service.describe(jobId)).toMatchObject({ status: 'RUNNING', isCancelled: false });
    await service.reaches(jobId, 'SUCCEEDED');
  });
});

describe('a command that ends by itself', () => {
  test('leaves nothing running that it started', async () => {
    await using service = await startWithQueue();
    const script = `
      const child = require('node:child_process').spawn(
        process.execPath, ['-e', ${JSON.stringify(OUTLAST_THE_TEST)}], { stdio: 'ignore' });
      process.stdout.write(String(child.pid), () => process.exit(0));`;
    await register(service.client, 'careless', { command: ['node', '-e', script] });
    const job = await service.reaches(await service.submit({ jobDefinition: 'careless' }), 'SUCCEEDED');
    const pid = Number(service.printedBy(job));
    expect(pid).toBeGreaterThan(1);
    await until(() => processStart(pid) === undefined, 'the child to be gone');
  });
});

describe('a time limit', () => {
  test('ends the try when the clock has passed it, and there is no other try', async () => {
    const { service, run } = await startRunning();
    await using _ = service;
    const { jobId } = await run({
      timeout: { attemptDurationSeconds: 3600 },
      retryStrategy: { attempts: 3 },
    });
    service.advance(3_599_000 - 60_000);
    expect(await service.describe(jobId)).toMatchObject({ status: 'RUNNING' });
    service.advance(120_000);
    expect(await service.reaches(jobId, 'FAILED', 'RUNNABLE')).toMatchObject({
      status: 'FAILED',
      statusReason: 'Job attempt duration exceeded timeout',
      isTerminated: false,
      attempts: [{ statusReason: 'Job attempt duration exceeded timeout' }],
    });
  });
});

describe('retries', () => {
  const FAIL_ONCE = 'process.exit(process.env.AWS_BATCH_JOB_ATTEMPT === "1" ? 75 : 0)';

  test('make the job runnable again, and its end is told once', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'flaky', { command: ['node', '-e', FAIL_ONCE] });
    const jobId = await service.submit({ jobDefinition: 'flaky', retryStrategy: { attempts: 3 } });
    const job = await service.reaches(jobId, 'SUCCEEDED', 'FAILED');
    expect(job.attempts?.map(({ container }) => container?.exitCode)).toEqual([75, 0]);
    const again = ['RUNNABLE', 'STARTING', 'RUNNING'];
    expect(await service.statesTold(jobId)).toEqual([...again, ...again, 'SUCCEEDED']);
    const tries = service.events.map(({ detail }) => (detail['attempts'] as unknown[]).length);
    expect(tries).toEqual([0, 0, 0, 1, 1, 1, 2]);
    const runnableAgain = service.events[3]?.detail;
    expect(runnableAgain).not.toHaveProperty('startedAt');
    expect(runnableAgain?.['container']).not.toHaveProperty('taskArn');
  });

  test('end when the tries are used up', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'broken', { command: ['node', '-e', 'process.exit(1)'] });
    const jobId = await service.submit({ jobDefinition: 'broken', retryStrategy: { attempts: 2 } });
    expect((await service.reaches(jobId, 'FAILED')).attempts).toHaveLength(2);
    expect((await service.statesTold(jobId)).filter((state) => state === 'FAILED')).toHaveLength(1);
  });

  test('stop at a rule of the definition that says so', async () => {
    await using service = await startWithQueue();
    const evaluateOnExit = [{ onExitCode: '64', action: 'EXIT' as const }];
    await register(
      service.client,
      'broken',
      { command: ['node', '-e', 'process.exit(64)'] },
      { retryStrategy: { attempts: 5, evaluateOnExit } },
    );
    const job = await service.reaches(await service.submit({ jobDefinition: 'broken' }), 'FAILED');
    expect(job.attempts).toHaveLength(1);
    expect(job.retryStrategy).toMatchObject({ attempts: 5 });
  });
});

describe('a finished job', () => {
  test('is forgotten seven days after it stopped, without an error', async () => {
    await using service = await startWithQueue();
    const jobId = await service.submit();
    await service.reaches(jobId, 'SUCCEEDED');
    service.advance(7 * 86_400_000 - 60_000);
    expect(await service.describe(jobId)).toBeDefined();
    service.advance(120_000);
    const { jobs } = await service.client.send(new DescribeJobsCommand({ jobs: [jobId] }));
    expect(jobs).toEqual([]);
  });
});

describe('a list of jobs', () => {
  test.each([
    ['cancelled', CancelJobsCommand, { isCancelled: true }],
    ['terminated', TerminateJobsCommand, { isTerminated: true }],
  ])('is %s by one call, which answers for each', async (_, Command, flag) => {
    await using service = await startWithQueue();
    await register(service.client, 'huge', { command: ['node'], vcpus: '8', memory: '16384' });
    const jobIds = [
      await service.submit({ jobDefinition: 'huge' }),
      await service.submit({ jobDefinition: 'huge' }),
    ];
    const unknown = '00000000-0000-4000-8000-000000000000';
    const request = { jobs: [...jobIds, unknown, 'no id'], reason: 'enough' };
    expect(await service.client.send(new Command(request))).toMatchObject({
      successful: [...jobIds, unknown],
      errors: [{ job: 'no id', code: 'ValidationException', message: 'no id is not the id of a job' }],
    });
    for (const jobId of jobIds) {
      expect(await service.reaches(jobId, 'FAILED')).toMatchObject({ statusReason: 'enough', ...flag });
    }
  });

  test.each([
    ['none', []],
    ['51', Array.from({ length: 51 }, () => '00000000-0000-4000-8000-000000000000')],
  ])('of %s is refused', async (_, jobs) => {
    await using service = await startWithQueue();
    const refused = service.client.send(new CancelJobsCommand({ jobs, reason: 'enough' }));
    await expect(refused).rejects.toMatchObject({ name: 'ClientException' });
  });
});
