/** One file decides what is run: a job type, a size or an image that is added in `job-types.ts` needs no other edit. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { copyOfRegistry } from '../support/registry-copy.ts';

const registry = copyOfRegistry();
afterAll(registry.remove);

const added = (change: string) => `{
  id: 'report.render',
  summary: 'Renders a report.',
  input: z.strictObject({}),
  queue: 'standard',
  timeoutSeconds: { default: 300, max: 900 },
  retry: { maxAttempts: 1, backoff: { initialSeconds: 1, factor: 1, maxSeconds: 1 } },
  exitCodes: workerExitCodes,
  promisesResult: false,
  container: {
    image: { uri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/report:2', architecture: 'x86_64', folder: 'worker' },
    command: ['report'],
    size: { vcpus: 4, memoryMiB: 8192 },
    secrets: { SMTP: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:smtp-AbCdEf:password::' },
    ${change}
  },
}`;

/** A job type for an instance with a GPU. */
const onGpu = (change: string) =>
  added(`
    size: { vcpus: 4, memoryMiB: 15000, gpus: 1 },
    instances: { name: 'gpu', types: ['g6.xlarge'], vcpus: 4, memoryMiB: 15000, gpus: 1, maxVcpus: 16, usdPerHour: 0.8 },
    ${change}`).replace("'report.render'", "'report.train'");

const Packaged = z.object({ Resources: z.record(z.string(), z.object({ Properties: z.json() })) });

describe('a fourth size and a second image, added in job-types.ts alone', () => {
  let resources: z.infer<typeof Packaged>['Resources'] = {};
  const statements = () => JSON.stringify(resources['WorkerExecutionRole']?.Properties);

  beforeAll(() => {
    expect(registry.buildWith(`${added('')},\n${onGpu('')}`)).toMatchObject({ status: 0, stderr: '' });
    resources = Packaged.parse(JSON.parse(readFileSync(registry.template, 'utf8'))).Resources;
  });

  it('are a job definition', () => {
    expect(resources['ReportRenderJobDefinition']?.Properties).toMatchObject({
      JobDefinitionName: 'headgate-dev_report_render',
      ContainerProperties: {
        Image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/report:2',
        Command: ['report'],
        ResourceRequirements: [
          { Type: 'VCPU', Value: '4' },
          { Type: 'MEMORY', Value: '8192' },
        ],
        RuntimePlatform: { CpuArchitecture: 'X86_64' },
      },
    });
  });

  it('are in the environment of the function that submits', () => {
    expect(JSON.stringify(resources['SubmitLambdaFunction']?.Properties)).toContain(
      JSON.stringify({ Ref: 'ReportRenderJobDefinition' }),
    );
  });

  it('may be pulled, and their secrets fetched', () => {
    expect(statements()).toContain(':ecr:eu-west-1:123456789012:repository/report"');
    expect(statements()).toContain(':secretsmanager:eu-west-1:123456789012:secret:smtp-AbCdEf"');
  });

  it('are on an instance with a GPU where they ask for one, with a compute environment and a queue of their own', () => {
    const definition = resources['ReportTrainJobDefinition']?.Properties;
    expect(definition).toMatchObject({
      PlatformCapabilities: ['EC2'],
      ContainerProperties: {
        User: '1000',
        ResourceRequirements: [
          { Type: 'VCPU', Value: '4' },
          { Type: 'MEMORY', Value: '15000' },
          { Type: 'GPU', Value: '1' },
        ],
      },
    });
    // AWS Batch takes neither on EC2.
    expect(JSON.stringify(definition)).not.toMatch(/RuntimePlatform|NetworkConfiguration|Privileged/);
    expect(resources['GpuJobQueue']?.Properties).toMatchObject({
      JobQueueName: 'headgate-dev_gpu',
      ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: { Ref: 'GpuComputeEnvironment' } }],
    });
    expect(resources['GpuComputeEnvironment']?.Properties).toMatchObject({
      ComputeResources: {
        Type: 'EC2',
        MinvCpus: 0,
        MaxvCpus: 16,
        InstanceTypes: ['g6.xlarge'],
        Ec2Configuration: [{ ImageType: 'ECS_AL2023_NVIDIA' }],
      },
    });
    for (const name of ['SubmitLambdaFunction', 'WorkerApiLambdaFunction'])
      expect(JSON.stringify(resources[name]?.Properties)).toMatch(/gpu[\\":]+\$\{GpuJobQueue}/);
  });

  it('get their secrets in the closed network as well', () => {
    expect(resources['SecretsEndpoint']).toBeDefined();
  });
});

it.each([
  [
    'a size that Fargate does not have',
    `size: { vcpus: 4, memoryMiB: 512 },`,
    /Fargate has no task of 4 vCPUs/,
  ],
  ['a GPU on Fargate', `size: { vcpus: 4, memoryMiB: 8192, gpus: 1 },`, /GPUs are of instances of EC2/],
  [
    'an instance that would run two jobs at once',
    `instances: { name: 'big', types: ['m7i.4xlarge'], vcpus: 16, memoryMiB: 60000, maxVcpus: 16, usdPerHour: 0.8 },`,
    /would run two jobs of 4 vCPUs at once/,
  ],
  [
    'a second folder for one image',
    `image: { architecture: 'arm64', folder: 'images/none' },`,
    /found \.build\/worker and images\/none/,
  ],
  [
    'an image whose folder is not there',
    `image: { uri: 'registry.example.com/report:2', architecture: 'arm64', folder: 'images/none' },`,
    /there is no folder images\/none/,
  ],
])('%s is refused by the build in one sentence', (_, change, sentence) => {
  const { status, stdout, stderr } = registry.buildWith(added(change));
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(sentence);
  expect(stderr).toMatch(/^job-types\.ts: .*\n$/);
});
