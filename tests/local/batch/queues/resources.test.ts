import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DeleteComputeEnvironmentCommand,
  DeleteJobQueueCommand,
  DeregisterJobDefinitionCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  DescribeSchedulingPoliciesCommand,
  ListTagsForResourceCommand,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateComputeEnvironmentCommand,
  UpdateJobQueueCommand,
} from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import {
  createEnvironment,
  createFairQueue,
  createQueue,
  register,
  startService,
  startWithQueue,
} from '../service.ts';

describe('queues and environments', () => {
  test('are described as they were made', async () => {
    await using service = await startWithQueue();
    const { jobQueues } = await service.client.send(new DescribeJobQueuesCommand({ jobQueues: ['queue'] }));
    expect(jobQueues).toMatchObject([
      {
        jobQueueName: 'queue',
        jobQueueArn: 'arn:aws:batch:us-east-1:000000000000:job-queue/queue',
        state: 'ENABLED',
        status: 'VALID',
        priority: 1,
        computeEnvironmentOrder: [
          { computeEnvironment: 'arn:aws:batch:us-east-1:000000000000:compute-environment/environment' },
        ],
      },
    ]);
    const described = await service.client.send(new DescribeComputeEnvironmentsCommand({}));
    expect(described.computeEnvironments).toMatchObject([
      {
        type: 'MANAGED',
        state: 'ENABLED',
        status: 'VALID',
        computeResources: { type: 'FARGATE', maxvCpus: 4 },
      },
    ]);
  });

  test('go in order: the queue is disabled, then deleted, then the environment', async () => {
    await using service = await startWithQueue();
    const { client } = service;
    const refused = expect.objectContaining({ name: 'ClientException' });
    const deleteQueue = new DeleteJobQueueCommand({ jobQueue: 'queue' });
    const deleteEnvironment = new DeleteComputeEnvironmentCommand({ computeEnvironment: 'environment' });
    await expect(client.send(deleteQueue)).rejects.toEqual(refused);
    await expect(client.send(deleteEnvironment)).rejects.toEqual(refused);
    const state = 'DISABLED';
    await client.send(new UpdateComputeEnvironmentCommand({ computeEnvironment: 'environment', state }));
    await expect(client.send(deleteEnvironment)).rejects.toEqual(refused);
    const jobId = await service.submit();
    await service.reaches(jobId, 'RUNNABLE');
    await client.send(new UpdateJobQueueCommand({ jobQueue: 'queue', state }));
    await client.send(deleteQueue);
    expect(await service.describe(jobId)).toMatchObject({
      status: 'FAILED',
      statusReason: 'JobQueue deleted',
    });
    await client.send(deleteEnvironment);
    expect((await client.send(new DescribeComputeEnvironmentsCommand({}))).computeEnvironments).toEqual([]);
  });

  test('are refused when they contradict themselves', async () => {
    await using service = await startWithQueue();
    const { client } = service;
    const computeResources = {
      type: 'EC2' as const,
      maxvCpus: 4,
      subnets: ['subnet-1'],
      securityGroupIds: ['sg-1'],
      instanceTypes: ['optimal'],
      instanceRole: 'ecsInstanceRole',
    };
    const instances = { computeEnvironmentName: 'instances', type: 'MANAGED' as const, computeResources };
    await client.send(new CreateComputeEnvironmentCommand(instances));
    const mixed = createQueue(client, 'mixed', ['environment', 'instances']);
    await expect(mixed).rejects.toThrow('cannot be in the same job queue');
    await expect(createQueue(client, 'lost', ['nope'])).rejects.toThrow(
      'Compute environment nope does not exist',
    );
    await expect(createQueue(client, 'queue', ['environment'])).rejects.toThrow('Object already exists');
    const desired = {
      ...instances,
      computeEnvironmentName: 'x',
      computeResources: { ...computeResources, type: 'FARGATE' as const },
    };
    await expect(client.send(new CreateComputeEnvironmentCommand(desired))).rejects.toThrow(
      'instanceTypes is not applicable for Fargate.',
    );
    await createFairQueue(client, 'fair', 'environment');
    const { jobQueues } = await client.send(new DescribeJobQueuesCommand({ jobQueues: ['fair'] }));
    const schedulingPolicyArn = jobQueues?.[0]?.schedulingPolicyArn ?? '';
    const turned = client.send(new UpdateJobQueueCommand({ jobQueue: 'queue', schedulingPolicyArn }));
    await expect(turned).rejects.toThrow('cannot be added to a FIFO job queue');
    const unknown = client.send(
      new CreateJobQueueCommand({
        jobQueueName: 'x',
        priority: 1,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'environment' }],
        schedulingPolicyArn: 'arn:aws:batch:us-east-1:000000000000:scheduling-policy/nope',
      }),
    );
    await expect(unknown).rejects.toThrow('does not exist');
    const policies = await client.send(
      new DescribeSchedulingPoliciesCommand({ arns: [schedulingPolicyArn] }),
    );
    expect(policies.schedulingPolicies).toMatchObject([{ name: 'fair-policy', arn: schedulingPolicyArn }]);
  });

  test('are described page by page', async () => {
    await using service = await startService();
    for (const name of ['a', 'b', 'c']) await createEnvironment(service.client, name, 1);
    const page = (nextToken?: string) =>
      service.client.send(
        new DescribeComputeEnvironmentsCommand({ maxResults: 2, ...(nextToken && { nextToken }) }),
      );
    const first = await page();
    const second = await page(first.nextToken);
    expect(first.computeEnvironments).toHaveLength(2);
    expect(second.computeEnvironments?.map(({ computeEnvironmentName }) => computeEnvironmentName)).toEqual([
      'c',
    ]);
    expect(second.nextToken).toBeUndefined();
    for (const token of ['x', '-1', '1.5', ' 1']) await expect(page(token)).rejects.toThrow('nextToken');
  });
});

describe('job definitions', () => {
  test('get a new revision each time, and a name means the latest active one', async () => {
    await using service = await startWithQueue();
    const { client } = service;
    const second = await register(client, 'work', { command: ['node', '-e', '0'] });
    expect(second.revision).toBe(2);
    const definitionOf = async () => (await service.describe(await service.submit()))?.jobDefinition;
    expect(await definitionOf()).toMatch(/work:2$/);
    await client.send(new DeregisterJobDefinitionCommand({ jobDefinition: 'work:2' }));
    expect(await definitionOf()).toMatch(/work:1$/);
    expect((await register(client, 'work', { command: ['node'] })).revision).toBe(3);
    const named = await client.send(
      new DescribeJobDefinitionsCommand({ jobDefinitionName: 'work', status: 'ACTIVE' }),
    );
    expect(named.jobDefinitions?.map(({ revision }) => revision)).toEqual([3, 1]);
    const one = await client.send(new DescribeJobDefinitionsCommand({ jobDefinitions: ['work:2'] }));
    expect(one.jobDefinitions).toMatchObject([
      { status: 'INACTIVE', containerProperties: { image: 'image' } },
    ]);
    await expect(service.submit({ jobDefinition: 'work:2' })).rejects.toThrow('does not exist');
    const nameless = client.send(new DeregisterJobDefinitionCommand({ jobDefinition: 'work' }));
    await expect(nameless).rejects.toThrow('Job definition work has no revision');
    const both = new DescribeJobDefinitionsCommand({ jobDefinitions: ['work:1'], status: 'ACTIVE' });
    await expect(client.send(both)).rejects.toThrow('cannot be used with other parameters');
  });

  test.each<[string, Partial<RegisterJobDefinitionCommandInput>, string]>([
    ['an empty retry strategy', { retryStrategy: {} }, 'RetryAttempts must be provided with retry strategy'],
    ['a name with a dot', { jobDefinitionName: 'a.b' }, 'jobDefinitionName'],
    ['a multi-node job', { type: 'multinode' }, 'only container is implemented here'],
    ['several tasks', { ecsProperties: { taskProperties: [] } }, 'ecsProperties.taskProperties'],
    ['more than 24 KiB', { parameters: { a: 'x'.repeat(25_000) } }, 'less than 24 KiB'],
    [
      'no role for Fargate',
      { containerProperties: { image: 'i' } },
      'executionRoleArn is required for Fargate',
    ],
    [
      'a pattern with parentheses',
      { retryStrategy: { attempts: 2, evaluateOnExit: [{ onReason: 'a(b)', action: 'EXIT' }] } },
      'retryStrategy.evaluateOnExit.0.onReason',
    ],
  ])('are refused with %s', async (_, change, text) => {
    await using service = await startService();
    const refusal = service.client.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: 'x',
        type: 'container',
        platformCapabilities: ['FARGATE'],
        ...change,
      }),
    );
    await expect(refusal).rejects.toThrow(text);
  });

  test('with members that have no effect here are taken, and the operator is told of each member once', async () => {
    await using service = await startService();
    const guarded = (user: string) =>
      service.client.send(
        new RegisterJobDefinitionCommand({
          jobDefinitionName: 'guarded',
          type: 'container',
          containerProperties: { image: 'i', vcpus: 1, memory: 4, user },
        }),
      );
    await guarded('1000');
    await guarded('1001');
    expect(service.reports).toEqual(['without effect: user of job definition guarded:1']);
  });
});

describe('tags', () => {
  test('are added, listed and taken away on every kind of resource but children of arrays', async () => {
    await using service = await startWithQueue();
    await createFairQueue(service.client, 'fair', 'environment');
    const jobId = await service.submit({ arrayProperties: { size: 2 } });
    await service.reaches(jobId, 'SUCCEEDED');
    const arn = (resource: string) => `arn:aws:batch:us-east-1:000000000000:${resource}`;
    const kinds = [
      'job-queue/queue',
      'compute-environment/environment',
      'scheduling-policy/fair-policy',
      'job-definition/work:1',
    ];
    for (const resourceArn of [...kinds, `job/${jobId}`].map(arn)) {
      await service.client.send(new TagResourceCommand({ resourceArn, tags: { a: '1', b: '2', c: '3' } }));
      await service.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
      await service.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['b', 'x'] }));
      const { tags } = await service.client.send(new ListTagsForResourceCommand({ resourceArn }));
      expect(tags).toEqual({ c: '3' });
    }
    const reserved = new TagResourceCommand({ resourceArn: arn('job-queue/queue'), tags: { 'aws:a': '1' } });
    await expect(service.client.send(reserved)).rejects.toThrow('keys that begin with aws: are reserved');
    const child = new TagResourceCommand({ resourceArn: arn(`job/${jobId}:0`), tags: { a: '1' } });
    await expect(service.client.send(child)).rejects.toMatchObject({ name: 'ClientException' });
  });
});
