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

const Packaged = z.object({ Resources: z.record(z.string(), z.object({ Properties: z.json() })) });

describe('a fourth size and a second image, added in job-types.ts alone', () => {
  let resources: z.infer<typeof Packaged>['Resources'] = {};
  const statements = () => JSON.stringify(resources['WorkerExecutionRole']?.Properties);

  beforeAll(() => {
    expect(registry.buildWith(added(''))).toMatchObject({ status: 0, stderr: '' });
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
