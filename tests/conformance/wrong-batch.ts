/** Job definitions and environments that AWS Batch refuses, each by what is wrong with it. */
const REQUIREMENTS = [
  { type: 'VCPU', value: '0.25' },
  { type: 'MEMORY', value: '512' },
];
const ROLE = 'arn:aws:iam::000000000000:role/execution';
const resources = { type: 'FARGATE', maxvCpus: 2, subnets: ['subnet-1'], securityGroupIds: ['sg-1'] };
const ec2 = { ...resources, type: 'EC2', instanceTypes: ['optimal'], instanceRole: 'role', minvCpus: 0 };
const environmentOf = (computeResources: object) => ({ type: 'MANAGED', computeResources });
export const definition = (containerProperties: object, more: object = {}) => ({
  type: 'container',
  containerProperties: { image: 'busybox', command: ['true'], ...containerProperties },
  ...more,
});
const onFargate = (containerProperties: object) =>
  definition(
    { resourceRequirements: REQUIREMENTS, executionRoleArn: ROLE, ...containerProperties },
    { platformCapabilities: ['FARGATE'] },
  );
export const requirements = (...pairs: readonly (readonly [string, string])[]) => ({
  resourceRequirements: pairs.map(([type, value]) => ({ type, value })),
});

/** A definition, and what is wrong with it. */
export const wrongDefinitions: readonly (readonly [string, object])[] = [
  ['without vCPUs and memory', definition({})],
  ...[
    ['abc', '64'],
    ['0', '64'],
    ['-1', '64'],
    ['1.5', '64'],
    ['1', '3'],
    ['1', '256.5'],
    ['1', 'abc'],
  ].map(
    ([vcpu = '', memory = '']) =>
      [
        `with ${vcpu} vCPUs and ${memory} MiB`,
        definition(requirements(['VCPU', vcpu], ['MEMORY', memory])),
      ] as const,
  ),
  [
    'for EC2 with a network configuration',
    definition({
      ...requirements(['VCPU', '1'], ['MEMORY', '64']),
      networkConfiguration: { assignPublicIp: 'ENABLED' },
    }),
  ],
  [
    'for EC2 with a Fargate platform version',
    definition({
      ...requirements(['VCPU', '1'], ['MEMORY', '64']),
      fargatePlatformConfiguration: { platformVersion: '1.4.0' },
    }),
  ],
  ['for Fargate with the log driver json-file', onFargate({ logConfiguration: { logDriver: 'json-file' } })],
  ['for Fargate with 20 GiB of storage', onFargate({ ephemeralStorage: { sizeInGiB: 20 } })],
  ['for Fargate with 201 GiB of storage', onFargate({ ephemeralStorage: { sizeInGiB: 201 } })],
  ['for Fargate with a device', onFargate({ linuxParameters: { devices: [{ hostPath: '/dev/x' }] } })],
  [
    'for Fargate with a volume of the host',
    onFargate({ volumes: [{ name: 'v', host: { sourcePath: '/x' } }] }),
  ],
  ['with a tag of AWS', { ...onFargate({}), tags: { 'aws:x': '1' } }],
  ['with a timeout of under a minute', { ...onFargate({}), timeout: { attemptDurationSeconds: 59 } }],
  ['with eleven attempts', { ...onFargate({}), retryStrategy: { attempts: 11 } }],
];

export const wrongEnvironments: readonly (readonly [string, object])[] = [
  ['without subnets', environmentOf({ ...resources, subnets: [] })],
  [
    'with 17 subnets',
    environmentOf({ ...resources, subnets: Array.from({ length: 17 }, (_, n) => `subnet-${n}`) }),
  ],
  ['for Fargate without security groups', environmentOf({ ...resources, securityGroupIds: [] })],
  ['for EC2 without an instance role', environmentOf({ ...ec2, instanceRole: undefined })],
  [
    'for Fargate with an allocation strategy',
    environmentOf({ ...resources, allocationStrategy: 'BEST_FIT' }),
  ],
  [
    'for Fargate with a launch template',
    environmentOf({ ...resources, launchTemplate: { launchTemplateName: 'x' } }),
  ],
  ['with more vCPUs at least than at most', environmentOf({ ...ec2, minvCpus: 3 })],
];
