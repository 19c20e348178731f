import { describe, expect, test } from '@jest/globals';
import { register, startWithQueue } from '../service.ts';

const PRINT_ENVIRONMENT = 'process.stdout.write(JSON.stringify(process.env))';

describe('a job whose command succeeds', () => {
  test('goes through the states in order and every change is told once', async () => {
    await using service = await startWithQueue();
    const jobId = await service.submit();
    const job = await service.reaches(jobId, 'SUCCEEDED', 'FAILED');
    expect(job).toMatchObject({
      status: 'SUCCEEDED',
      statusReason: 'Essential container in task exited',
      container: { exitCode: 0 },
      attempts: [{ container: { exitCode: 0 }, statusReason: 'Essential container in task exited' }],
    });
    expect(await service.statesTold(jobId)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
  });

  test('is told of in the shape that the user guide shows', async () => {
    await using service = await startWithQueue();
    const tags = { customer: 'acme' };
    const jobId = await service.submit({
      tags,
      retryStrategy: { attempts: 2 },
      timeout: { attemptDurationSeconds: 60 },
    });
    await service.reaches(jobId, 'SUCCEEDED');
    await service.statesTold(jobId);
    const arn = `arn:aws:batch:us-east-1:000000000000:job/${jobId}`;
    const [runnable] = service.events;
    expect(runnable).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Batch Job State Change',
      source: 'aws.batch',
      account: '000000000000',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'us-east-1',
      resources: [arn],
      detail: {
        jobArn: arn,
        jobName: 'job',
        jobId,
        jobQueue: 'arn:aws:batch:us-east-1:000000000000:job-queue/queue',
        status: 'RUNNABLE',
        attempts: [],
        createdAt: expect.any(Number),
        retryStrategy: { attempts: 2, evaluateOnExit: [] },
        dependsOn: [],
        jobDefinition: 'arn:aws:batch:us-east-1:000000000000:job-definition/work:1',
        parameters: {},
        container: {
          image: 'image',
          command: ['node', '-e', ''],
          volumes: [],
          environment: [],
          mountPoints: [],
          ulimits: [],
          networkInterfaces: [],
          resourceRequirements: [
            { type: 'VCPU', value: '0.25' },
            { type: 'MEMORY', value: '512' },
          ],
          secrets: [],
          executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
        },
        timeout: { attemptDurationSeconds: 60 },
        tags: { customer: 'acme', resourceArn: arn },
        propagateTags: false,
        platformCapabilities: ['FARGATE'],
        eksAttempts: [],
        isCancelled: false,
        isTerminated: false,
      },
    });
  });

  test('is told of at its end with times, task, log stream and the try', async () => {
    await using service = await startWithQueue();
    const jobId = await service.submit();
    await service.reaches(jobId, 'SUCCEEDED');
    await service.statesTold(jobId);
    const details = service.events.map(({ detail }) => detail);
    const taskArn = expect.stringMatching(
      /^arn:aws:ecs:us-east-1:000000000000:task\/AWSBatch-environment\/[0-9a-f]{32}$/,
    );
    const logStreamName = expect.stringMatching(/^work\/default\/[0-9a-f]{32}$/);
    expect(details[1]?.['container']).toMatchObject({ taskArn });
    expect(details[1]?.['container']).not.toHaveProperty('logStreamName');
    expect(details[2]).toMatchObject({
      startedAt: expect.any(Number),
      container: { taskArn, logStreamName },
    });
    expect(details[2]).not.toHaveProperty('stoppedAt');
    expect(details[3]).toMatchObject({
      startedAt: expect.any(Number),
      stoppedAt: expect.any(Number),
      statusReason: 'Essential container in task exited',
      container: { exitCode: 0, taskArn, logStreamName },
      attempts: [
        {
          container: { exitCode: 0, taskArn, logStreamName, networkInterfaces: [] },
          startedAt: expect.any(Number),
          stoppedAt: expect.any(Number),
          statusReason: 'Essential container in task exited',
        },
      ],
    });
  });
});

describe('what a container gets', () => {
  test('is the environment of the task and nothing of the shell that runs the service', async () => {
    process.env['SECRET_OF_THE_SHELL'] = 'x';
    await using service = await startWithQueue();
    await register(service.client, 'print', { command: ['node', '-e', PRINT_ENVIRONMENT] });
    const jobId = await service.submit({
      jobDefinition: 'print',
      containerOverrides: { environment: [{ name: 'MODE', value: 'fast' }] },
    });
    const job = await service.reaches(jobId, 'SUCCEEDED');
    expect(JSON.parse(service.printedBy(job))).toEqual({
      AWS_REGION: 'us-east-1',
      PATH: expect.any(String),
      TMPDIR: expect.any(String),
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      ECS_CONTAINER_METADATA_URI_V4: expect.any(String),
      MODE: 'fast',
      AWS_BATCH_JOB_ID: jobId,
      AWS_BATCH_JOB_ATTEMPT: '1',
      AWS_BATCH_JQ_NAME: 'queue',
      AWS_BATCH_CE_NAME: 'environment',
    });
  });

  test('is the command with its parameters as they are, without a shell', async () => {
    await using service = await startWithQueue();
    const command = [
      'node',
      '-p',
      'JSON.stringify(process.argv.slice(1))',
      '--',
      'Ref::a',
      'Ref::b',
      'Ref::c',
    ];
    await register(service.client, 'print', { command }, { parameters: { a: 'default', b: 'default' } });
    const jobId = await service.submit({ jobDefinition: 'print', parameters: { b: '$(touch x) "y"' } });
    const job = await service.reaches(jobId, 'SUCCEEDED');
    const printed = service.printedBy(job);
    expect(JSON.parse(printed)).toEqual(['default', '$(touch x) "y"', 'Ref::c']);
  });

  test('is a log stream with each of its lines, however many there are', async () => {
    await using service = await startWithQueue();
    const script = 'for (let i = 0; i < 40000; i += 1) console.log("line", i)';
    await register(service.client, 'talk', { command: ['node', '-e', script] });
    const job = await service.reaches(await service.submit({ jobDefinition: 'talk' }), 'SUCCEEDED');
    const lines = service.printedBy(job).split('\n');
    expect(lines).toHaveLength(40_001);
    expect(lines.at(-2)).toBe('line 39999');
  });
});

describe('a job that fails', () => {
  test.each([
    ['its exit code', 'process.exit(3)', 3],
    ['128 and the number of the signal that ended it', 'process.kill(process.pid, "SIGKILL")', 137],
  ])('shows %s', async (_, script, exitCode) => {
    await using service = await startWithQueue();
    await register(service.client, 'broken', { command: ['node', '-e', script] });
    const job = await service.reaches(await service.submit({ jobDefinition: 'broken' }), 'FAILED');
    expect(job).toMatchObject({
      statusReason: 'Essential container in task exited',
      container: { exitCode },
      attempts: [{ container: { exitCode } }],
    });
  });

  test('because its image is unknown has no exit code', async () => {
    await using service = await startWithQueue();
    await register(service.client, 'lost', { command: ['node'], image: 'nowhere' });
    const job = await service.reaches(await service.submit({ jobDefinition: 'lost' }), 'FAILED');
    expect(job.statusReason).toBe('Task failed to start');
    expect(job.attempts?.[0]?.container?.reason).toMatch(/^CannotPullContainerError: /);
    expect(job.attempts?.[0]?.container).not.toHaveProperty('exitCode');
    expect(job).not.toHaveProperty('startedAt');
  });

  test.each([[['no-such-program']], [['node', 'a\0b']], [[]]])(
    'because %j cannot be started says so',
    async (command) => {
      await using service = await startWithQueue();
      await register(service.client, 'absent', { command });
      const job = await service.reaches(await service.submit({ jobDefinition: 'absent' }), 'FAILED');
      expect(job.statusReason).toBe('Task failed to start');
      expect(job.container).toMatchObject({
        exitCode: 127,
        reason: expect.stringMatching(/^CannotStartContainerError: /),
      });
    },
  );

  test('because its overrides are too long does so after it was accepted, without a try', async () => {
    await using service = await startWithQueue();
    const environment = [{ name: 'BIG', value: 'x'.repeat(8192) }];
    const jobId = await service.submit({
      containerOverrides: { environment },
      retryStrategy: { attempts: 3 },
    });
    const job = await service.reaches(jobId, 'FAILED');
    expect(job).toMatchObject({
      statusReason: 'Container Overrides length must be at most 8192',
      attempts: [],
    });
    expect(await service.statesTold(jobId)).toEqual(['FAILED']);
  });
});
