/** What a compute environment and a queue may say: the expectations are those of the API reference. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openRooms, type Rooms } from '../rooms.ts';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await openRooms();
});

const FARGATE = { type: 'FARGATE', maxvCpus: 4, subnets: ['subnet-1'], securityGroupIds: ['sg-1'] };
const EC2 = { ...FARGATE, type: 'EC2', instanceRole: 'ecsInstanceRole', instanceTypes: ['optimal'] };
const SPOT = { ...EC2, type: 'SPOT', allocationStrategy: 'SPOT_CAPACITY_OPTIMIZED' };
const names = (count: number) => Array.from({ length: count }, (_, index) => `name-${index}`);
let made = 0;
const create = (computeResources: object, others: object = {}) => {
  made += 1;
  return rooms.verdict('createcomputeenvironment', {
    computeEnvironmentName: `e${made}`,
    type: 'MANAGED',
    computeResources,
    ...others,
  });
};

describe('a compute environment', () => {
  test.each<[string, object]>([
    [
      'of Fargate with 16 subnets and 5 security groups',
      { ...FARGATE, subnets: names(16), securityGroupIds: names(5) },
    ],
    ['of instances', EC2],
    [
      'of instances with a launch template for security groups',
      { ...EC2, securityGroupIds: [], launchTemplate: { launchTemplateName: 'x' } },
    ],
    [
      'of instances with a template for some of them',
      {
        ...EC2,
        instanceTypes: ['m6i', 'c6i.large', 'default_arm64', 'u-6tb1.metal'],
        launchTemplate: {
          launchTemplateName: 'x',
          overrides: [{ launchTemplateId: 'lt-1', version: '2', targetInstanceTypes: ['c6i'] }],
        },
        ec2Configuration: [{ imageType: 'ECS_AL2023', imageIdOverride: 'ami-1' }],
      },
    ],
    ['of instances with bounds', { ...EC2, minvCpus: 1, desiredvCpus: 2 }],
    ['of Spot instances', SPOT],
    [
      'of Spot instances by best fit, with a fleet role',
      { ...SPOT, allocationStrategy: 'BEST_FIT', spotIamFleetRole: 'role' },
    ],
  ])('%s is made', async (_, computeResources) => {
    expect(await create(computeResources)).toBe('accepted');
  });

  test.each<[object, string]>([
    [{ ...FARGATE, subnets: undefined }, 'At least one subnet is required.'],
    [{ ...FARGATE, subnets: [] }, 'At least one subnet is required.'],
    [{ ...FARGATE, subnets: names(17) }, 'at most 16 subnets'],
    [{ ...FARGATE, securityGroupIds: undefined }, 'At least one security group is required for Fargate.'],
    [{ ...FARGATE, securityGroupIds: names(6) }, 'at most 5 security groups'],
    ...Object.entries({
      allocationStrategy: 'BEST_FIT_PROGRESSIVE',
      minvCpus: 0,
      desiredvCpus: 0,
      instanceTypes: ['optimal'],
      imageId: 'ami-1',
      ec2KeyPair: 'key',
      instanceRole: 'role',
      tags: { a: 'b' },
      placementGroup: 'group',
      bidPercentage: 50,
      spotIamFleetRole: 'role',
      launchTemplate: { launchTemplateName: 'x' },
      ec2Configuration: [{ imageType: 'ECS_AL2023' }],
      scalingPolicy: { minScaleDownDelayMinutes: 20 },
    }).map(([name, value]): [object, string] => [
      { ...FARGATE, [name]: value },
      `${name} is not applicable for Fargate.`,
    ]),
    [{ ...EC2, subnets: [] }, 'At least one subnet is required.'],
    [{ ...EC2, instanceRole: undefined }, 'Instance role is required.'],
    [{ ...EC2, instanceTypes: undefined }, 'Instance types are required.'],
    [{ ...EC2, securityGroupIds: [] }, 'At least one security group is required'],
    ...['', 'two words', 'M6I.large', 'm6i..large'].map((type): [object, string] => [
      { ...EC2, instanceTypes: [type] },
      'computeResources.instanceTypes.0: is not an instance type',
    ]),
    [{ ...EC2, subnets: [''] }, 'computeResources.subnets.0'],
    [{ ...EC2, tags: { 'aws:a': 'b' } }, 'keys that begin with aws: are reserved'],
    [{ ...EC2, ec2Configuration: [{ imageType: '' }] }, 'ec2Configuration.0.imageType'],
    [{ ...EC2, ec2Configuration: [{ imageType: 'ECS_AL2023', colour: 'red' }] }, 'ec2Configuration.0.colour'],
    [{ ...EC2, launchTemplate: { launchTemplateName: 'x', colour: 'red' } }, 'launchTemplate.colour'],
    [
      { ...EC2, launchTemplate: { launchTemplateName: 'x', overrides: [{ targetInstanceTypes: ['c6i'] }] } },
      'overrides.0: takes either',
    ],
    ...(
      [
        [[], 'targetInstanceTypes is required in an override'],
        [['optimal'], 'takes types and families, and not optimal'],
        [['c5.large'], 'has c5.large, which instanceTypes does not have'],
        [['m6i', 'm6i.large'], 'm6i and m6i.large overlap'],
        [['c6i.large', 'c6i.large'], 'c6i.large and c6i.large overlap'],
      ] as const
    ).map(([targetInstanceTypes, text]): [object, string] => [
      {
        ...EC2,
        instanceTypes: ['m6i', 'c6i.large'],
        launchTemplate: {
          launchTemplateName: 'x',
          overrides: [{ launchTemplateId: 'lt-1', targetInstanceTypes }],
        },
      },
      text,
    ]),
    [{ ...EC2, minvCpus: 5 }, 'minvCpus 5 is more than maxvCpus 4.'],
    [{ ...EC2, desiredvCpus: 5 }, 'desiredvCpus 5 is not between'],
    [{ ...EC2, maxvCpus: 0 }, 'computeResources.maxvCpus'],
    [{ ...EC2, maxvCpus: 2 ** 31 }, 'computeResources.maxvCpus'],
    [{ ...EC2, allocationStrategy: 'SPOT_CAPACITY_OPTIMIZED' }, 'is only for SPOT'],
    [{ ...EC2, bidPercentage: 101 }, 'computeResources.bidPercentage'],
    [{ ...EC2, launchTemplate: { launchTemplateName: 'x', launchTemplateId: 'y' } }, 'takes either'],
    [{ ...SPOT, allocationStrategy: undefined }, 'spotIamFleetRole is required'],
    [
      { ...FARGATE, type: 'ECS_MANAGED_INSTANCES' },
      'only EC2, SPOT, FARGATE and FARGATE_SPOT are implemented here',
    ],
    [{ ...FARGATE, colour: 'red' }, 'not implemented here: computeResources.colour'],
  ])('%j is refused', async (computeResources, text) => {
    expect(await create(computeResources)).toContain(text);
  });

  test.each<[object, string]>([
    [{ type: 'UNMANAGED' }, 'only MANAGED is implemented here'],
    [{ eksConfiguration: {} }, 'not implemented here: eksConfiguration'],
    [{ state: 'DISABLED' }, 'must be created in the ENABLED state'],
    [{ unmanagedvCpus: 4 }, 'not implemented here: unmanagedvCpus'],
    [{ tags: { 'aws:a': 'b' } }, 'keys that begin with aws: are reserved'],
  ])('with %j is refused', async (others, text) => {
    expect(await create(FARGATE, others)).toContain(text);
  });

  test.each<[object, string]>([
    [{ computeResources: { maxvCpus: 0 } }, 'accepted'],
    [{ computeResources: { subnets: [] } }, 'accepted'],
    [{ computeResources: { subnets: names(17) } }, 'at most 16 subnets'],
    [{ computeResources: { instanceTypes: ['optimal'] } }, 'instanceTypes is not applicable for Fargate.'],
    [{ computeResources: { type: 'FARGATE_SPOT' } }, 'accepted'],
    [{ computeResources: { type: 'EC2' } }, 'cannot be changed between instances and Fargate'],
    [{ updatePolicy: { terminateJobsOnUpdate: true } }, 'not implemented here: updatePolicy'],
  ])('changed by %j is answered as AWS would', async (change, text) => {
    expect(await create(FARGATE)).toBe('accepted');
    const computeEnvironment = `e${made}`;
    expect(await rooms.verdict('updatecomputeenvironment', { computeEnvironment, ...change })).toContain(
      text,
    );
  });
});

describe('a compute environment of instances', () => {
  test.each<[object, object, string]>([
    [{}, { maxvCpus: 8, minvCpus: 1, desiredvCpus: 2 }, 'accepted'],
    [{}, { scalingPolicy: { minScaleDownDelayMinutes: 20 } }, 'accepted'],
    [
      {},
      { instanceTypes: ['m6i'] },
      'instanceTypes cannot be updated with the allocation strategy BEST_FIT.',
    ],
    [{}, { subnets: ['subnet-2'] }, 'subnets cannot be updated with the allocation strategy BEST_FIT.'],
    [{}, { allocationStrategy: 'BEST_FIT_PROGRESSIVE', instanceTypes: ['m6i'] }, 'accepted'],
    [{ allocationStrategy: 'BEST_FIT_PROGRESSIVE' }, { instanceTypes: ['m6i'] }, 'accepted'],
    [
      { allocationStrategy: 'BEST_FIT_PROGRESSIVE' },
      { allocationStrategy: 'BEST_FIT' },
      'BEST_FIT is not supported in an update.',
    ],
    [{ desiredvCpus: 3 }, { desiredvCpus: 2 }, 'desiredvCpus 2 is less than it is now.'],
    [{ desiredvCpus: 3 }, { desiredvCpus: 5 }, 'desiredvCpus 5 is not between minvCpus 0 and maxvCpus 4.'],
  ])('with %j, changed by %j, is answered as AWS would', async (own, change, text) => {
    expect(await create({ ...EC2, ...own })).toBe('accepted');
    const request = { computeEnvironment: `e${made}`, computeResources: change };
    expect(await rooms.verdict('updatecomputeenvironment', request)).toContain(text);
  });
});

test('an account has fifty compute environments and fifty job queues', async () => {
  const fresh = await openRooms();
  const verdicts = async (operation: string, bodyOf: (index: number) => Record<string, unknown>) => {
    const said: string[] = [];
    for (let index = 1; index <= 50; index += 1) said.push(await fresh.verdict(operation, bodyOf(index)));
    return said;
  };
  const environments = await verdicts('createcomputeenvironment', (index) => ({
    computeEnvironmentName: `e${index}`,
    type: 'MANAGED',
    computeResources: FARGATE,
  }));
  const queues = await verdicts('createjobqueue', (index) => ({
    jobQueueName: `q${index}`,
    priority: 1,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'environment' }],
  }));
  expect(environments.filter((said) => said === 'accepted')).toHaveLength(49);
  expect(environments.at(-1)).toBe('There are 50 compute environments already');
  expect(queues.filter((said) => said === 'accepted')).toHaveLength(49);
  expect(queues.at(-1)).toBe('There are 50 job queues already');
});

describe('a queue', () => {
  const one = { order: 1, computeEnvironment: 'environment' };
  const action = {
    reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
    state: 'RUNNABLE',
    maxTimeSeconds: 600,
    action: 'CANCEL',
  };
  let queues = 0;
  const createQueue = (others: object) => {
    queues += 1;
    return rooms.verdict('createjobqueue', {
      jobQueueName: `q${queues}`,
      priority: 1,
      computeEnvironmentOrder: [one],
      ...others,
    });
  };

  test.each<[object, string]>([
    [{}, 'accepted'],
    [{ jobQueueType: 'ECS_FARGATE' }, 'accepted'],
    [{ jobQueueType: 'ECS' }, 'jobQueueType ECS does not fit'],
    [{ jobQueueType: 'SAGEMAKER_TRAINING' }, 'only ECS and ECS_FARGATE are implemented here'],
    [{ computeEnvironmentOrder: [] }, 'computeEnvironmentOrder'],
    [{ computeEnvironmentOrder: [one, { ...one, order: 2 }] }, 'has one compute environment twice'],
    [
      { computeEnvironmentOrder: [one, { order: 1, computeEnvironment: 'other' }] },
      'has one place in the order twice',
    ],
    [{ priority: -1 }, 'priority'],
    [{ priority: 2 ** 31 }, 'priority'],
    [{ serviceEnvironmentOrder: [] }, 'not implemented here: serviceEnvironmentOrder'],
    [{ jobStateTimeLimitActions: [action] }, 'accepted'],
    [{ jobStateTimeLimitActions: [{ ...action, maxTimeSeconds: 86_400 }] }, 'accepted'],
    [
      {
        jobStateTimeLimitActions: [
          { ...action, reason: 'MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED' },
        ],
      },
      'accepted',
    ],
    [{ jobStateTimeLimitActions: [{ ...action, maxTimeSeconds: 599 }] }, 'maxTimeSeconds'],
    [{ jobStateTimeLimitActions: [{ ...action, maxTimeSeconds: 86_401 }] }, 'maxTimeSeconds'],
    [{ jobStateTimeLimitActions: [{ ...action, reason: 'WHATEVER' }] }, 'reason'],
    [{ jobStateTimeLimitActions: [{ ...action, state: 'RUNNING' }] }, 'state'],
    [{ jobStateTimeLimitActions: [{ ...action, action: 'TERMINATE' }] }, 'action'],
    [{ jobStateTimeLimitActions: [{ ...action, action: undefined }] }, 'action: is required'],
    [{ tags: { 'aws:a': 'b' } }, 'keys that begin with aws: are reserved'],
    [{ tags: { a: 'AWS:b' } }, 'values that begin with aws: are reserved'],
    [{ tags: { a: 'b aws:' } }, 'accepted'],
  ])('with %j is answered as AWS would', async (others, text) => {
    expect(await createQueue(others)).toContain(text);
  });

  test.each<[object, string]>([
    [{ priority: 2 }, 'accepted'],
    [{ jobStateTimeLimitActions: [{ ...action, maxTimeSeconds: 599 }] }, 'maxTimeSeconds'],
    [{ computeEnvironmentOrder: [one, { ...one, order: 2 }] }, 'has one compute environment twice'],
    [{ serviceEnvironmentOrder: [] }, 'not implemented here: serviceEnvironmentOrder'],
    [{ jobQueueName: 'other' }, 'not implemented here: jobQueueName'],
  ])('changed by %j is answered as AWS would', async (change, text) => {
    expect(await rooms.verdict('updatejobqueue', { jobQueue: 'queue', ...change })).toContain(text);
  });
});
