/**
 * What a definition may say, by platform. The expectations are AWS's, from the API reference of ContainerProperties and
 * from the user guide's page on Fargate job definitions; the last column of the first table is this machine's.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { MEMBERS } from '../../../../local/batch/definitions/platform-rules.ts';
import { openRooms, type Rooms } from '../rooms.ts';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await openRooms();
});

const SIZES = {
  EC2: [
    { type: 'VCPU', value: '1' },
    { type: 'MEMORY', value: '4' },
  ],
  FARGATE: [
    { type: 'VCPU', value: '0.25' },
    { type: 'MEMORY', value: '512' },
  ],
};
type Platform = keyof typeof SIZES;
const EXECUTION_ROLE = 'arn:aws:iam::000000000000:role/execution';

function definition(
  platform: Platform,
  container: object = {},
  others: object = {},
): Record<string, unknown> {
  return {
    jobDefinitionName: 'x',
    type: 'container',
    platformCapabilities: [platform],
    containerProperties: {
      image: 'image',
      resourceRequirements: SIZES[platform],
      ...(platform === 'FARGATE' && { executionRoleArn: EXECUTION_ROLE }),
      ...container,
    },
    ...others,
  };
}
const register = (platform: Platform, container?: object, others?: object) =>
  rooms.verdict('registerjobdefinition', definition(platform, container, others));

/** A value by its path, as `{ a: { b: value } }` or `{ a: [{ b: value }] }`. */
const MEMBER_ROWS: readonly [path: string, sample: object, ec2: boolean, fargate: boolean, here: boolean][] =
  [
    ['vcpus', { vcpus: 1 }, true, false, true],
    ['memory', { memory: 4 }, true, false, true],
    ['executionRoleArn', { executionRoleArn: EXECUTION_ROLE }, true, true, true],
    ['jobRoleArn', { jobRoleArn: 'arn:aws:iam::000000000000:role/job' }, true, true, true],
    ['instanceType', { instanceType: 'm6i.large' }, false, false, true],
    ['privileged', { privileged: true }, true, false, true],
    ['readonlyRootFilesystem', { readonlyRootFilesystem: true }, true, true, true],
    ['user', { user: '1000' }, true, true, true],
    ['ulimits', { ulimits: [{ name: 'nofile', hardLimit: 2, softLimit: 1 }] }, true, false, true],
    ['repositoryCredentials', { repositoryCredentials: { credentialsParameter: 'arn' } }, true, true, true],
    ['mountPoints', { mountPoints: [{ containerPath: '/x', sourceVolume: 'v' }] }, true, true, false],
    ['volumes[].host', { volumes: [{ name: 'v', host: { sourcePath: '/x' } }] }, true, false, false],
    [
      'volumes[].efsVolumeConfiguration',
      { volumes: [{ name: 'v', efsVolumeConfiguration: { fileSystemId: 'fs-1' } }] },
      true,
      true,
      false,
    ],
    [
      'volumes[].s3filesVolumeConfiguration',
      { volumes: [{ name: 'v', s3filesVolumeConfiguration: { fileSystemArn: 'arn' } }] },
      true,
      true,
      false,
    ],
    [
      'linuxParameters.devices',
      { linuxParameters: { devices: [{ hostPath: '/dev/x' }] } },
      true,
      false,
      false,
    ],
    [
      'linuxParameters.tmpfs',
      { linuxParameters: { tmpfs: [{ containerPath: '/x', size: 1 }] } },
      true,
      false,
      false,
    ],
    ['linuxParameters.sharedMemorySize', { linuxParameters: { sharedMemorySize: 1 } }, true, false, true],
    ['linuxParameters.maxSwap', { linuxParameters: { maxSwap: 0 } }, true, false, true],
    ['linuxParameters.swappiness', { linuxParameters: { swappiness: 60 } }, true, false, true],
    [
      'linuxParameters.initProcessEnabled',
      { linuxParameters: { initProcessEnabled: true } },
      true,
      true,
      true,
    ],
    ['logConfiguration.logDriver', { logConfiguration: { logDriver: 'json-file' } }, true, false, true],
    [
      'logConfiguration.secretOptions',
      { logConfiguration: { logDriver: 'splunk', secretOptions: [{ name: 'a', valueFrom: 'b' }] } },
      true,
      true,
      true,
    ],
    ['networkConfiguration', { networkConfiguration: { assignPublicIp: 'ENABLED' } }, false, true, true],
    [
      'fargatePlatformConfiguration',
      { fargatePlatformConfiguration: { platformVersion: '1.4.0' } },
      false,
      true,
      true,
    ],
    ['ephemeralStorage', { ephemeralStorage: { sizeInGiB: 21 } }, true, true, true],
    ['runtimePlatform', { runtimePlatform: { cpuArchitecture: 'ARM64' } }, true, true, true],
    ['enableExecuteCommand', { enableExecuteCommand: true }, true, true, true],
  ];
/** Members of tasks of several containers, which ecs-properties.test.ts has. */
const OF_TASKS = [
  'startTimeout',
  'taskRoleArn',
  'firelensConfiguration',
  'platformVersion',
  'ipcMode',
  'pidMode',
  'networkMode',
];

describe('a member of a container', () => {
  test('has a row here if it has one in the code', () => {
    const rows = MEMBER_ROWS.map(([path]) => path);
    expect([...rows, ...OF_TASKS].toSorted()).toEqual(Object.keys(MEMBERS).toSorted());
  });

  test('without effect here, or refused here, is named in the guide', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../../../docs/using/local.md'), 'utf8');
    const special = Object.entries(MEMBERS).filter(([, { here }]) => here !== undefined);
    expect(special.map(([path]) => path).filter((path) => !guide.includes(`\`${path}\``))).toEqual([]);
  });

  test.each(MEMBER_ROWS)(
    '%s is taken where AWS takes it, and refused by name elsewhere',
    async (path, sample, ec2, fargate, here) => {
      const name = path.split('.').at(-1)?.split('[')[0] ?? '';
      for (const [platform, taken] of [
        ['EC2', ec2],
        ['FARGATE', fargate],
      ] as const) {
        const said = await register(platform, sample);
        if (!taken) expect(said).toContain(name);
        else if (here) expect(said).toBe('accepted');
        else expect(said).toBe(`not implemented here: ${path} (a container is a process of this machine)`);
      }
    },
  );

  test('with nothing in it says nothing, for some clients always send them', async () => {
    const empty = {
      ulimits: [],
      mountPoints: [],
      linuxParameters: {},
      volumes: [],
      secrets: [],
      environment: [],
    };
    expect(await register('FARGATE', empty)).toBe('accepted');
    expect(await register('EC2', { ...empty, networkConfiguration: {} })).toBe('accepted');
  });

  test('that is null counts as absent', async () => {
    expect(await register('FARGATE', { ulimits: null, vcpus: null })).toBe('accepted');
  });

  test('that Batch does not have is refused by its path', async () => {
    expect(await register('EC2', { colour: 'red' })).toBe('not implemented here: containerProperties.colour');
    expect(await register('EC2', {}, { colour: 'red' })).toBe('not implemented here: colour');
  });
});

const requirements = (vcpu?: string, memory?: string, gpu?: string) => ({
  resourceRequirements: [
    ...(vcpu === undefined ? [] : [{ type: 'VCPU', value: vcpu }]),
    ...(memory === undefined ? [] : [{ type: 'MEMORY', value: memory }]),
    ...(gpu === undefined ? [] : [{ type: 'GPU', value: gpu }]),
  ],
});
const NOT_NUMERIC =
  /^Value .* for type (VCPU|MEMORY) in resourceRequirement is not valid. Please provide a numeric value.$/;

describe('a size', () => {
  test.each<[Platform, object, RegExp | 'accepted']>([
    ['EC2', { resourceRequirements: undefined }, /must have a value for VCPU/],
    ['EC2', { resourceRequirements: [] }, /must have a value for VCPU/],
    ['EC2', requirements('1'), /must have a value for MEMORY/],
    ['EC2', requirements(undefined, '64'), /must have a value for VCPU/],
    ['EC2', { resourceRequirements: [], vcpus: 1, memory: 4 }, 'accepted'],
    ['EC2', { ...requirements('2'), memory: 4 }, 'accepted'],
    ['EC2', { resourceRequirements: [], vcpus: 0, memory: 4 }, /^containerProperties.vcpus: /],
    ['EC2', { resourceRequirements: [], vcpus: 1, memory: 3 }, /^containerProperties.memory: /],
    ['EC2', { resourceRequirements: [], vcpus: 2 ** 31, memory: 4 }, /^containerProperties.vcpus: /],
    ...['abc', '0', '1.5', '1.0', '-1', '', ' 1', '1e3', '0x1'].map((vcpu): [Platform, object, RegExp] => [
      'EC2',
      requirements(vcpu, '64'),
      NOT_NUMERIC,
    ]),
    ...['abc', '3', '256.5', '0', '-4', ''].map((memory): [Platform, object, RegExp] => [
      'EC2',
      requirements('1', memory),
      NOT_NUMERIC,
    ]),
    ['EC2', requirements('1', '4'), 'accepted'],
    ['EC2', requirements('1', '64', '0'), /Value 0 for type GPU/],
    ['EC2', requirements('1', '64', 'one'), /Value one for type GPU/],
    ['FARGATE', requirements('0.25', '512'), 'accepted'],
    ['FARGATE', requirements('0.25', '513'), /^Fargate resource requirements/],
    ['FARGATE', requirements('3', '8192'), /^Fargate resource requirements/],
    ['FARGATE', requirements('abc', '512'), NOT_NUMERIC],
    ['FARGATE', requirements('0.25', '512.5'), NOT_NUMERIC],
    ['FARGATE', requirements('0.25'), /must have a value for MEMORY/],
    ['FARGATE', requirements('0.25', '512', '1'), /GPU is not applicable for Fargate/],
  ])('on %s of %j is answered as AWS would', async (platform, size, answer) => {
    const said = await register(platform, size);
    if (answer === 'accepted') expect(said).toBe(answer);
    else expect(said).toMatch(answer);
  });
});

describe('a value', () => {
  test.each<[Platform, object, string]>([
    ['EC2', { image: '' }, 'containerProperties.image'],
    ['EC2', { image: 'two words' }, 'containerProperties.image'],
    ['EC2', { image: 'x'.repeat(256) }, 'containerProperties.image'],
    ['EC2', { ulimits: [{ name: 'files', hardLimit: 1, softLimit: 1 }] }, 'ulimits.0.name'],
    ['EC2', { ulimits: [{ name: 'nofile', hardLimit: 1 }] }, 'ulimits.0.softLimit: is required'],
    ['EC2', { linuxParameters: { swappiness: 101 } }, 'linuxParameters.swappiness'],
    ['EC2', { linuxParameters: { maxSwap: -1 } }, 'linuxParameters.maxSwap'],
    ['EC2', { logConfiguration: { logDriver: 'paper' } }, 'logConfiguration.logDriver'],
    ['EC2', { logConfiguration: {} }, 'logConfiguration.logDriver: is required'],
    ['EC2', { volumes: [{ name: 'two words' }] }, 'volumes.0.name'],
    ['EC2', { secrets: [{ name: 'KEY' }] }, 'secrets.0.valueFrom: is required'],
    ['EC2', { environment: [{ name: 'AWS_BATCH_X', value: '1' }] }, 'names starting AWS_BATCH are reserved'],
    ['EC2', { privileged: 'yes' }, 'containerProperties.privileged: takes a value of type boolean'],
    ['FARGATE', { ephemeralStorage: { sizeInGiB: 20 } }, 'ephemeralStorage.sizeInGiB'],
    ['FARGATE', { ephemeralStorage: { sizeInGiB: 201 } }, 'ephemeralStorage.sizeInGiB'],
    ['FARGATE', { runtimePlatform: { cpuArchitecture: 'SPARC' } }, 'runtimePlatform.cpuArchitecture'],
    [
      'FARGATE',
      { runtimePlatform: { operatingSystemFamily: 'BEOS' } },
      'runtimePlatform.operatingSystemFamily',
    ],
    ['FARGATE', { fargatePlatformConfiguration: { platformVersion: '2' } }, 'platformVersion'],
    ['FARGATE', { networkConfiguration: { assignPublicIp: 'MAYBE' } }, 'assignPublicIp'],
    ['FARGATE', { executionRoleArn: undefined }, 'executionRoleArn is required for Fargate.'],
    ['FARGATE', { executionRoleArn: '' }, 'executionRoleArn is required for Fargate.'],
  ])('on %s of %j is refused', async (platform, container, text) => {
    expect(await register(platform, container)).toContain(text);
  });

  const windows = (others: object = {}) => ({
    runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE', cpuArchitecture: 'X86_64' },
    ...requirements('1', '2048'),
    ...others,
  });
  test.each<[object, string]>([
    [{}, 'accepted'],
    [
      { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2019_FULL', cpuArchitecture: 'ARM64' } },
      'cpuArchitecture must be X86_64 for Windows containers.',
    ],
    [
      { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2019_FULL' } },
      'cpuArchitecture must be X86_64 for Windows containers.',
    ],
    [{ linuxParameters: { initProcessEnabled: true } }, 'linuxParameters cannot be set for Windows'],
    [{ privileged: false }, 'privileged cannot be set for Windows containers.'],
    [{ user: 'me' }, 'user cannot be set for Windows containers.'],
    [{ readonlyRootFilesystem: true }, 'readonlyRootFilesystem cannot be set for Windows containers.'],
    [{ linuxParameters: {}, ulimits: [] }, 'accepted'],
  ])('of a container for Windows, %j, is answered as AWS would', async (container, text) => {
    expect(await register('FARGATE', windows(container))).toContain(text);
  });

  test.each<[object, string]>([
    [{ tags: { 'aws:x': '1' } }, 'keys that begin with aws: are reserved'],
    [{ tags: { 'AWS:x': '1' } }, 'keys that begin with aws: are reserved'],
    [{ timeout: { attemptDurationSeconds: 59 } }, 'timeout.attemptDurationSeconds'],
    [{ timeout: { attemptDurationSeconds: 2 ** 31 } }, 'timeout.attemptDurationSeconds'],
    [{ retryStrategy: {} }, 'RetryAttempts must be provided with retry strategy'],
    [{ schedulingPriority: 10_000 }, 'schedulingPriority'],
    [{ platformCapabilities: ['EKS'] }, 'only EC2 and FARGATE are implemented here'],
    [
      { containerProperties: undefined },
      'Exactly one of containerProperties and ecsProperties must be given',
    ],
    [{ eksProperties: {} }, 'not implemented here: eksProperties'],
    [{ nodeProperties: {} }, 'not implemented here: nodeProperties'],
  ])('of the definition, %j, is refused', async (others, text) => {
    expect(await register('EC2', {}, others)).toContain(text);
  });
});

test('a definition for both platforms takes what both take', async () => {
  const both = { platformCapabilities: ['EC2', 'FARGATE'] };
  const whole = { executionRoleArn: EXECUTION_ROLE, ...requirements('1', '2048') };
  expect(await register('EC2', whole, both)).toBe('accepted');
  expect(await register('EC2', { ...whole, ...requirements('0.25', '512') }, both)).toMatch(NOT_NUMERIC);
});
