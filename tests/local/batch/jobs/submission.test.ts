import {
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
  UpdateJobQueueCommand,
} from '@aws-sdk/client-batch';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createFairQueue,
  createInstances,
  createQueue,
  register,
  type Service,
  startWithQueue,
} from '../service.ts';

const METAL = {
  jobDefinitionName: 'metal',
  type: 'container',
  containerProperties: { image: 'image', command: ['node', '-e', ''], vcpus: 1, memory: 256 },
} satisfies RegisterJobDefinitionCommandInput;

/** Shared, because nothing in these tests changes it: all are refusals. */
let service: Service;

beforeAll(async () => {
  service = await startWithQueue();
  await createFairQueue(service.client, 'fair', 'environment');
  await createQueue(service.client, 'closed', ['environment']);
  await service.client.send(new UpdateJobQueueCommand({ jobQueue: 'closed', state: 'DISABLED' }));
  await createInstances(service.client, 'instances', 4);
  await createQueue(service.client, 'instances', ['instances']);
  await service.client.send(new RegisterJobDefinitionCommand(METAL));
  await register(service.client, 'ranked', { command: ['node'] }, { schedulingPriority: 1 });
});
afterAll(async () => await service[Symbol.asyncDispose]());

const many = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('SubmitJob refuses', () => {
  test.each<[string, Partial<SubmitJobCommandInput>, string]>([
    ['a name with a blank', { jobName: 'two words' }, 'Job name should match valid pattern'],
    ['a name that starts with a dash', { jobName: '-a' }, 'Job name should match valid pattern'],
    ['a name of 129 characters', { jobName: 'a'.repeat(129) }, 'Job name should match valid pattern'],
    ['an unknown queue', { jobQueue: 'nope' }, 'Job queue nope does not exist'],
    ['a disabled queue', { jobQueue: 'closed' }, 'Job queue closed is disabled'],
    ['an unknown definition', { jobDefinition: 'nope' }, 'Job definition nope does not exist'],
    ['an unknown revision', { jobDefinition: 'work:9' }, 'Job definition work:9 does not exist'],
    ['a share on a FIFO queue', { shareIdentifier: 'a' }, 'shareIdentifier is only for'],
    ['no share on a fair-share queue', { jobQueue: 'fair' }, 'shareIdentifier is required'],
    [
      'no priority on a fair-share queue',
      { jobQueue: 'fair', shareIdentifier: 'a' },
      'Either schedulingPriority in job definition or schedulingPriorityOverride is required.',
    ],
    [
      'a share with a dash',
      { jobQueue: 'fair', jobDefinition: 'ranked', shareIdentifier: 'a-b' },
      'shareIdentifier: takes letters and digits',
    ],
    [
      'a share of 256 letters',
      { jobQueue: 'fair', jobDefinition: 'ranked', shareIdentifier: 'a'.repeat(256) },
      'shareIdentifier: takes letters and digits',
    ],
    [
      'a priority of 10,000',
      { jobQueue: 'fair', shareIdentifier: 'a', schedulingPriorityOverride: 10_000 },
      'schedulingPriorityOverride',
    ],
    ['no tries', { retryStrategy: { attempts: 0 } }, 'retryStrategy.attempts'],
    ['eleven tries', { retryStrategy: { attempts: 11 } }, 'retryStrategy.attempts'],
    [
      'exit rules without a number of tries',
      { retryStrategy: { evaluateOnExit: [] } },
      'evaluateOnExit needs attempts',
    ],
    ['a limit under a minute', { timeout: { attemptDurationSeconds: 59 } }, 'timeout.attemptDurationSeconds'],
    ['an array of one', { arrayProperties: { size: 1 } }, 'arrayProperties.size'],
    ['an array of 10,001', { arrayProperties: { size: 10_001 } }, 'arrayProperties.size'],
    ['21 dependencies', { dependsOn: many(21).map(() => ({ jobId: 'x' })) }, 'dependsOn'],
    ['an unknown dependency', { dependsOn: [{ jobId: 'x' }] }, 'Job x of dependsOn does not exist'],
    [
      'a sequence without an array',
      { dependsOn: [{ type: 'SEQUENTIAL' }] },
      'SEQUENTIAL dependencies are for',
    ],
    [
      'a body over 30 KiB',
      { parameters: { a: 'x'.repeat(31_000) } },
      'Job size must be less than 30 KiB, got 31 KiB',
    ],
    ['an empty string in the command', { containerOverrides: { command: [''] } }, 'has an empty string'],
    [
      "an environment name of Batch's own",
      { containerOverrides: { environment: [{ name: 'AWS_BATCH_X', value: '1' }] } },
      'names starting AWS_BATCH are reserved',
    ],
    ['the older vcpus on Fargate', { containerOverrides: { vcpus: 1 } }, 'not applicable for Fargate'],
    [
      'a size that Fargate does not have',
      { containerOverrides: { resourceRequirements: [{ type: 'VCPU', value: '4' }] } },
      'Fargate resource requirements (4 vCPU, 512 MiB) not valid.',
    ],
    ['51 tags', { tags: Object.fromEntries(many(51).map((index) => [`t${index}`, 'x'])) }, 'tags'],
    ['a tag of AWS', { tags: { 'aws:x': '1' } }, 'keys that begin with aws: are reserved'],
    [
      'a definition of another account',
      { jobDefinition: 'arn:aws:batch:us-east-1:111111111111:job-definition/work:1' },
      'does not exist',
    ],
    [
      'a definition of another Region',
      { jobDefinition: 'arn:aws:batch:eu-west-1:000000000000:job-definition/work:1' },
      'does not exist',
    ],
    [
      'a queue for a definition',
      { jobDefinition: 'arn:aws:batch:us-east-1:000000000000:job-queue/work:1' },
      'does not exist',
    ],
    [
      'an instance type for a job of one node',
      { containerOverrides: { instanceType: 'm6i.large' } },
      'containerOverrides.instanceType: is only for multi-node jobs',
    ],
    [
      'no number of vCPUs',
      { containerOverrides: { resourceRequirements: [{ type: 'VCPU', value: '-1' }] } },
      'Value -1 for type VCPU in resourceRequirement is not valid. Please provide a numeric value.',
    ],
    [
      'no number of MiB',
      { containerOverrides: { resourceRequirements: [{ type: 'MEMORY', value: 'abc' }] } },
      'Value abc for type MEMORY in resourceRequirement is not valid. Please provide a numeric value.',
    ],
    [
      'a GPU on Fargate',
      { containerOverrides: { resourceRequirements: [{ type: 'GPU', value: '1' }] } },
      'GPU is not applicable for Fargate.',
    ],
    ['a definition for instances on a Fargate queue', { jobDefinition: 'metal' }, 'is not for FARGATE'],
    ['a definition for Fargate on a queue of instances', { jobQueue: 'instances' }, 'is not for EC2'],
    [
      'overrides of several containers for a job of one',
      { ecsPropertiesOverride: { taskProperties: [{ containers: [{ name: 'x' }] }] } },
      'ecsPropertiesOverride is only for definitions with ecsProperties',
    ],
    [
      'a limit of 2^31 seconds',
      { timeout: { attemptDurationSeconds: 2 ** 31 } },
      'timeout.attemptDurationSeconds',
    ],
    ['what is not built', { nodeOverrides: { numNodes: 2 } }, 'not implemented here: nodeOverrides'],
  ])('%s', async (_, change, text) => {
    const request = { jobName: 'job', jobQueue: 'queue', jobDefinition: 'work', ...change };
    const refusal = service.client.send(new SubmitJobCommand(request));
    await expect(refusal).rejects.toMatchObject({
      name: 'ClientException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(refusal).rejects.toThrow(text);
    await expect(refusal).rejects.toThrow(
      /^Error executing request, Exception : .*, RequestId: [0-9a-f-]{36}$/,
    );
  });

  test('parameters that are not strings', async () => {
    const body = { jobName: 'job', jobQueue: 'queue', jobDefinition: 'work', parameters: { count: 1 } };
    const request = { method: 'POST', path: '/v1/submitjob', headers: {}, body };
    expect(await service.batch.handle(request)).toMatchObject({ status: 400 });
  });
});

describe('SubmitJob accepts', () => {
  test.each<[string, Partial<SubmitJobCommandInput>]>([
    [
      'a queue and a definition by ARN',
      {
        jobQueue: 'arn:aws:batch:us-east-1:000000000000:job-queue/queue',
        jobDefinition: 'arn:aws:batch:us-east-1:000000000000:job-definition/work:1',
      },
    ],
    [
      'a definition by ARN without revision',
      {
        jobDefinition: 'arn:aws:batch:us-east-1:000000000000:job-definition/work',
      },
    ],
    [
      'structures with nothing in them',
      { arrayProperties: {}, retryStrategy: {}, timeout: {}, containerOverrides: {} },
    ],
    [
      'a share and a priority on a fair-share queue',
      {
        jobQueue: 'fair',
        shareIdentifier: 'acme',
        schedulingPriorityOverride: 3,
      },
    ],
    ['a name of one character', { jobName: 'a' }],
    ['tags up to fifty', { tags: Object.fromEntries(many(50).map((index) => [`t${index}`, 'x'])) }],
  ])('%s', async (_, change) => {
    const jobId = await service.submit(change);
    const job = await service.reaches(jobId, 'SUCCEEDED');
    expect(job).toMatchObject({
      jobDefinition: 'arn:aws:batch:us-east-1:000000000000:job-definition/work:1',
      retryStrategy: { attempts: 1 },
    });
    expect(job.arrayProperties).toBeUndefined();
  });
});

test('a job of a definition for instances runs on a queue of instances', async () => {
  const containerOverrides = { vcpus: 2, memory: 512, command: ['node', '-e', '0'] };
  const jobId = await service.submit({ jobQueue: 'instances', jobDefinition: 'metal', containerOverrides });
  expect(await service.reaches(jobId, 'SUCCEEDED')).toMatchObject({ container: { vcpus: 2, memory: 512 } });
});

test('a job whose tags and those of its definition cannot all be propagated fails', async () => {
  const tags = (prefix: string) => Object.fromEntries(many(26).map((index) => [`${prefix}${index}`, 'x']));
  await register(service.client, 'tagged', { command: ['node', '-e', ''] }, { tags: tags('a') });
  const jobId = await service.submit({ jobDefinition: 'tagged', tags: tags('b'), propagateTags: true });
  expect(await service.reaches(jobId, 'FAILED')).toMatchObject({ attempts: [] });
});
