import { RegisterJobDefinitionCommand, type TaskContainerProperties } from '@aws-sdk/client-batch';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openRooms, type Rooms } from '../rooms.ts';
import { type Service, startWithQueue } from '../service.ts';

const container = (
  name: string,
  script: string,
  others: Partial<TaskContainerProperties> = {},
): TaskContainerProperties => ({
  name,
  image: 'image',
  command: ['node', '-e', script],
  resourceRequirements: [
    { type: 'VCPU', value: '0.25' },
    { type: 'MEMORY', value: '512' },
  ],
  ...others,
});
const WAITS = 'setTimeout(() => {}, 300_000)';

async function startWith(...containers: TaskContainerProperties[]): Promise<Service> {
  const service = await startWithQueue();
  await service.client.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: 'several',
      type: 'container',
      platformCapabilities: ['FARGATE'],
      ecsProperties: {
        taskProperties: [{ containers, executionRoleArn: 'arn:aws:iam::000000000000:role/execution' }],
      },
    }),
  );
  return service;
}

const outcomesOf = (job: Awaited<ReturnType<Service['reaches']>>) =>
  Object.fromEntries(
    job.attempts?.[0]?.taskProperties?.[0]?.containers?.map(({ name, exitCode }) => [name, exitCode]) ?? [],
  );

describe('a job of several containers', () => {
  test('succeeds with its essential one, and stops the others', async () => {
    await using service = await startWith(
      container('main', 'setTimeout(() => {}, 200)'),
      container('side', WAITS, { essential: false }),
    );
    const job = await service.reaches(await service.submit({ jobDefinition: 'several' }), 'SUCCEEDED');
    expect(outcomesOf(job)).toEqual({ main: 0, side: 143 });
    expect(job.container).toEqual({});
    expect(job.ecsProperties?.taskProperties?.[0]).toMatchObject({
      taskArn: expect.stringMatching(/^arn:aws:ecs:/),
      containers: [
        { name: 'main', exitCode: 0, logStreamName: expect.stringMatching(/^several\/main\//) },
        { name: 'side', exitCode: 143, logStreamName: expect.stringMatching(/^several\/side\//) },
      ],
    });
    expect(await service.statesTold(job.jobId ?? '')).toEqual([
      'RUNNABLE',
      'STARTING',
      'RUNNING',
      'SUCCEEDED',
    ]);
  });

  test('takes as many vCPUs as its containers together', async () => {
    await using service = await startWith(container('main', WAITS), container('side', WAITS));
    await service.reaches(await service.submit({ jobDefinition: 'several' }), 'RUNNING');
    const snapshot = await service.batch.handle({
      method: 'POST',
      path: '/v1/getjobqueuesnapshot',
      headers: {},
      body: { jobQueue: 'queue' },
    });
    expect(snapshot.body).toMatchObject({ queueUtilization: { totalCapacityUsage: [{ quantity: 0.5 }] } });
  });

  test('fails when an essential container fails, with its exit code for the rules', async () => {
    await using service = await startWith(container('main', WAITS), container('other', 'process.exit(3)'));
    const jobId = await service.submit({
      jobDefinition: 'several',
      retryStrategy: { attempts: 2, evaluateOnExit: [{ onExitCode: '3', action: 'RETRY' }] },
    });
    const job = await service.reaches(jobId, 'FAILED');
    expect(job.statusReason).toBe('Essential container in task exited');
    expect(job.attempts?.length).toBeGreaterThanOrEqual(1);
    expect(outcomesOf(job)).toEqual({ main: 143, other: 3 });
  });

  test('does not mind that another container fails', async () => {
    await using service = await startWith(
      container('main', 'setTimeout(() => {}, 300)'),
      container('side', 'process.exit(9)', { essential: false }),
    );
    const job = await service.reaches(await service.submit({ jobDefinition: 'several' }), 'SUCCEEDED');
    expect(outcomesOf(job)).toEqual({ main: 0, side: 9 });
  });

  test.each([
    ['SUCCESS', 0, 'SUCCEEDED', { setup: 0, main: 0 }],
    ['SUCCESS', 1, 'FAILED', { setup: 1, main: undefined }],
    ['COMPLETE', 1, 'SUCCEEDED', { setup: 1, main: 0 }],
  ])(
    'starts a container after another on condition %s, here with exit code %i',
    async (condition, code, status, outcomes) => {
      await using service = await startWith(
        container('setup', `process.exit(${code})`, { essential: false }),
        container('main', '', { dependsOn: [{ containerName: 'setup', condition }] }),
      );
      const job = await service.reaches(await service.submit({ jobDefinition: 'several' }), status);
      expect(outcomesOf(job)).toEqual(outcomes);
    },
  );

  test('is terminated with all its containers', async () => {
    await using service = await startWith(container('main', WAITS), container('side', WAITS));
    const jobId = await service.submit({ jobDefinition: 'several' });
    await service.reaches(jobId, 'RUNNING');
    const body = { jobId, reason: 'enough' };
    await service.batch.handle({ method: 'POST', path: '/v1/terminatejob', headers: {}, body });
    expect(await service.reaches(jobId, 'FAILED')).toMatchObject({ statusReason: 'enough' });
  });

  test('is overridden container by container', async () => {
    await using service = await startWith(
      container('main', 'process.exit(4)'),
      container('side', WAITS, { essential: false }),
    );
    const override = (name: string) => ({
      taskProperties: [{ containers: [{ name, command: ['node', '-e', '0'] }] }],
    });
    const submit = (name: string) =>
      service.submit({ jobDefinition: 'several', ecsPropertiesOverride: override(name) });
    await service.reaches(await submit('main'), 'SUCCEEDED');
    await service.reaches(await submit('side'), 'FAILED');
    await expect(submit('nope')).rejects.toThrow('there is no container nope');
    const wrong = service.submit({ jobDefinition: 'several', containerOverrides: { command: ['node'] } });
    await expect(wrong).rejects.toThrow(
      'containerOverrides is only for definitions with containerProperties',
    );
  });
});

describe('a definition of several containers', () => {
  let rooms: Rooms;
  beforeAll(async () => {
    rooms = await openRooms();
  });
  const main = container('main', '');
  const EC2_SIZE = {
    resourceRequirements: [
      { type: 'VCPU', value: '1' },
      { type: 'MEMORY', value: '4' },
    ],
  };
  const verdict = (platform: 'EC2' | 'FARGATE', task: object) =>
    rooms.verdict('registerjobdefinition', {
      jobDefinitionName: 'x',
      type: 'container',
      platformCapabilities: [platform],
      ecsProperties: {
        taskProperties: [{ executionRoleArn: 'arn:aws:iam::000000000000:role/execution', ...task }],
      },
    });
  const needs = (containerName: string, condition: string) => ({ dependsOn: [{ containerName, condition }] });

  test.each<['EC2' | 'FARGATE', object, string]>([
    ['FARGATE', { containers: [main] }, 'accepted'],
    ['FARGATE', { containers: [main], platformVersion: '1.4.0', taskRoleArn: 'arn' }, 'accepted'],
    ['FARGATE', { containers: [] }, 'containers'],
    [
      'FARGATE',
      { containers: Array.from({ length: 11 }, (_, index) => container(`c${index}`, '')) },
      'containers',
    ],
    ['FARGATE', { containers: [main, main] }, 'The container name main is there twice.'],
    ['FARGATE', { containers: [{ ...main, essential: false }] }, 'At least one container must be essential.'],
    [
      'FARGATE',
      { containers: [{ ...main, ...needs('nope', 'START') }] },
      'depends on nope, which is not there',
    ],
    ['FARGATE', { containers: [{ ...main, ...needs('main', 'START') }] }, 'in a circle'],
    [
      'FARGATE',
      { containers: [main, container('b', '', needs('main', 'SUCCESS'))] },
      'but main is essential',
    ],
    [
      'FARGATE',
      { containers: [main, container('b', '', needs('main', 'COMPLETE'))] },
      'but main is essential',
    ],
    ['FARGATE', { containers: [main, container('b', '', needs('main', 'START'))] }, 'accepted'],
    ['FARGATE', { containers: [main, container('b', '', needs('main', 'SOON'))] }, 'condition'],
    ['FARGATE', { containers: [{ ...main, stopTimeout: 1 }] }, 'stopTimeout'],
    ['FARGATE', { containers: [{ ...main, stopTimeout: 121 }] }, 'at most 120 seconds'],
    [
      'FARGATE',
      { containers: [{ ...main, ulimits: [{ name: 'nofile', hardLimit: 1, softLimit: 1 }] }] },
      'main: ulimits is not applicable for Fargate.',
    ],
    [
      'FARGATE',
      { containers: [{ ...main, resourceRequirements: [] }] },
      'main: resourceRequirements must have a value for VCPU.',
    ],
    [
      'FARGATE',
      {
        containers: [
          {
            ...main,
            resourceRequirements: [
              { type: 'VCPU', value: '64' },
              { type: 'MEMORY', value: '4' },
            ],
          },
        ],
      },
      'Fargate resource requirements (64 vCPU, 4 MiB) not valid.',
    ],
    [
      'FARGATE',
      { containers: [{ ...main, firelensConfiguration: { type: 'fluentd' } }] },
      'not implemented here: firelensConfiguration',
    ],
    ['FARGATE', { containers: [{ ...main, firelensConfiguration: [] }] }, 'firelensConfiguration'],
    ['FARGATE', { containers: [main], ipcMode: 'host' }, 'ipcMode is not applicable for Fargate.'],
    ['FARGATE', { containers: [main], pidMode: 'host' }, 'pidMode takes task for Fargate.'],
    [
      'FARGATE',
      { containers: [main], executionRoleArn: undefined },
      'executionRoleArn is required for Fargate.',
    ],
    ['FARGATE', { containers: [main], networkMode: 'host' }, 'networkMode'],
    ['FARGATE', { containers: [main], ephemeralStorage: { sizeInGiB: 20 } }, 'ephemeralStorage.sizeInGiB'],
    ['EC2', { containers: [{ ...main, ...EC2_SIZE }] }, 'accepted'],
    ['EC2', { containers: [main] }, 'Value 0.25 for type VCPU'],
    [
      'EC2',
      { containers: [{ ...main, ...EC2_SIZE }], platformVersion: '1.4.0' },
      'platformVersion is not applicable for EC2.',
    ],
    [
      'EC2',
      { containers: [{ ...main, ...EC2_SIZE }], networkConfiguration: { assignPublicIp: 'ENABLED' } },
      'networkConfiguration is not applicable for EC2.',
    ],
    ['EC2', { containers: [{ ...main, ...EC2_SIZE, stopTimeout: 121 }] }, 'accepted'],
  ])('on %s with %j is answered as AWS would', async (platform, task, text) => {
    expect(await verdict(platform, task)).toContain(text);
  });

  test('of two kinds at once is refused', async () => {
    const refused = rooms.verdict('registerjobdefinition', {
      jobDefinitionName: 'x',
      type: 'container',
      containerProperties: { image: 'image', vcpus: 1, memory: 4 },
      ecsProperties: { taskProperties: [{ containers: [{ ...main, ...EC2_SIZE }] }] },
    });
    expect(await refused).toBe('Exactly one of containerProperties and ecsProperties must be given');
  });
});
