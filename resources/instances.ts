/**
 * What the template has for instances of EC2 (domain/container/instances.ts): for each set of them a compute environment, a queue, a role
 * and a launch template, and in a network of the stack's own the endpoints of ECS. Nothing, if no job type has any.
 *
 * On Fargate a container finds its own role and no other. An instance has a role too, with which it takes tasks, their tickets and their
 * credentials from ECS; AWS Batch puts containers into the network of the instance, which reaches the address that gives this role away.
 * So the launch template closes that address to everything but root, and root is out of reach of a container: its user is another one
 * (domain/container/container.ts), Docker gives no process more rights than it had, and no container is privileged.
 */
import { type Instances, instancesOf, queueId } from '../domain/container/instances.ts';
import type { JobTypes } from '../domain/job/job-type.ts';
import { arnOf, interfaceEndpoint, type Json, type Part, PREFIX, pascalCase, ref, sub } from './registry.ts';

const all = (types: JobTypes) => instancesOf([...types.values()].map(({ container }) => container));

/** The resources of all instances of a registry, as a template that is merged into the stack's. */
export function instanceTemplateOf(types: JobTypes): Part {
  const sets = all(types);
  if (sets.length === 0) return { Resources: {} };
  return {
    Resources: {
      InstanceRole: instanceRole,
      InstanceProfile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [ref('InstanceRole')] } },
      InstanceLaunchTemplate: launchTemplate,
      ...endpoints(),
      ...Object.fromEntries(sets.flatMap(resourcesOf)),
    },
    Outputs: Object.fromEntries(
      sets.map(({ name }) => [`${queueId(name)}Arn`, { Value: ref(queueId(name)) }]),
    ),
  };
}

/** The variable JOB_QUEUES_OF_INSTANCES of the functions that submit, and that know which Batch jobs are the stack's own. */
export function instanceQueuesOf(types: JobTypes): Json {
  const entries = all(types).map(({ name }) => `"${name}":"\${${queueId(name)}}"`);
  return entries.length === 0 ? '{}' : sub(`{${entries.join()}}`);
}

function resourcesOf(instances: Instances): [string, Part][] {
  const { name, types, gpus = 0, maxVcpus } = instances;
  const environmentId = `${pascalCase(name)}ComputeEnvironment`;
  const environment: Part = {
    Type: 'AWS::Batch::ComputeEnvironment',
    Properties: {
      Type: 'MANAGED',
      State: 'ENABLED',
      // As those of Fargate: changed in place, and not replaced under running jobs.
      ReplaceComputeEnvironment: false,
      ComputeResources: {
        Type: 'EC2',
        // BEST_FIT, the default, takes no update of types and template.
        AllocationStrategy: 'BEST_FIT_PROGRESSIVE',
        MinvCpus: 0,
        MaxvCpus: maxVcpus,
        InstanceTypes: types,
        Ec2Configuration: [{ ImageType: gpus > 0 ? 'ECS_AL2023_NVIDIA' : 'ECS_AL2023' }],
        InstanceRole: arnOf('InstanceProfile'),
        LaunchTemplate: {
          LaunchTemplateId: ref('InstanceLaunchTemplate'),
          Version: { 'Fn::GetAtt': ['InstanceLaunchTemplate', 'LatestVersionNumber'] },
        },
        Subnets: {
          'Fn::If': ['OwnNetwork', [ref('WorkerSubnetA'), ref('WorkerSubnetB')], ref('SubnetIds')],
        },
        SecurityGroupIds: [{ 'Fn::GetAtt': ['WorkerSecurityGroup', 'GroupId'] }],
      },
    },
  };
  return [
    [environmentId, environment],
    [queueId(name), queue(name, environmentId)],
  ];
}

function queue(name: string, environmentId: string): Part {
  return {
    Type: 'AWS::Batch::JobQueue',
    Properties: {
      // Fixed, because the right to submit is given for the names of a stage (resources/roles.yml).
      JobQueueName: PREFIX + name,
      State: 'ENABLED',
      Priority: 10,
      SchedulingPolicyArn: arnOf('TenantShareSchedulingPolicy'),
      ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: ref(environmentId) }],
      // As the queues of Fargate: a job that no instance can hold would block the head of its queue for ever.
      JobStateTimeLimitActions: [
        'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
        'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
      ].map((Reason) => ({ Reason, State: 'RUNNABLE', MaxTimeSeconds: 600, Action: 'CANCEL' })),
    },
  };
}

const ofAccount = (resource: string): Part =>
  sub(`arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:${resource}`);

/**
 * What the agent of ECS needs, and no more: images are pulled and logs written with the execution role. AWS Batch names the cluster.
 * @see Amazon ECS developer guide, "Amazon ECS container instance IAM role"
 */
const agent: readonly Part[] = [
  // ECS has no resource level for it. Service Authorization Reference, "Amazon Elastic Container Service".
  { Sid: 'FindEndpoint', Effect: 'Allow', Action: 'ecs:DiscoverPollEndpoint', Resource: '*' },
  {
    Sid: 'JoinCluster',
    Effect: 'Allow',
    Action: [
      'ecs:RegisterContainerInstance',
      'ecs:DeregisterContainerInstance',
      'ecs:SubmitAttachmentStateChanges',
      'ecs:SubmitContainerStateChange',
      'ecs:SubmitTaskStateChange',
    ],
    Resource: ofAccount('cluster/*'),
  },
  {
    Sid: 'TakeTasks',
    Effect: 'Allow',
    Action: ['ecs:Poll', 'ecs:StartTelemetrySession', 'ecs:UpdateContainerInstancesState'],
    Resource: ofAccount('container-instance/*'),
  },
];

const instanceRole: Part = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    Policies: [{ PolicyName: 'agent', PolicyDocument: { Version: '2012-10-17', Statement: agent } }],
  },
};

/** Where an instance finds its own role, for every program in its network. */
const METADATA = '169.254.169.254';

/**
 * Runs at each start, before Docker and the agent. The second rule is for containers behind a bridge, whose packets arrive from outside
 * of the instance's own network. When any of it fails, the agent never starts, so that no container is on an instance that is open.
 */
export const START = `#cloud-boothook
#!/bin/sh
close() {
  iptables -w -I OUTPUT -d ${METADATA} -m owner ! --uid-owner 0 -j REJECT || return 1
  iptables -w -t raw -I PREROUTING -d ${METADATA} -j DROP || return 1
  mkdir -p /etc/ecs || return 1
  printf '%s\\n' ECS_AWSVPC_BLOCK_IMDS=true ECS_DISABLE_PRIVILEGED=true >> /etc/ecs/ecs.config || return 1
  grep -q no-new-privileges /etc/sysconfig/docker ||
    sed -i 's/^OPTIONS="/OPTIONS="--no-new-privileges /' /etc/sysconfig/docker
  grep -q '^OPTIONS="--no-new-privileges ' /etc/sysconfig/docker
}
close || systemctl mask --now ecs
`;

/** AWS Batch adds a part of its own, so it takes no other form. @see AWS Batch user guide, "Amazon EC2 user data in launch templates" */
const USER_DATA = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="==HEADGATE=="

--==HEADGATE==
Content-Type: text/cloud-boothook; charset="us-ascii"

${START}
--==HEADGATE==--
`;

const launchTemplate: Part = {
  Type: 'AWS::EC2::LaunchTemplate',
  Properties: {
    LaunchTemplateData: {
      MetadataOptions: {
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
        // The rules of the start are for the address of IPv4.
        HttpProtocolIpv6: 'disabled',
        InstanceMetadataTags: 'disabled',
      },
      UserData: { 'Fn::Base64': USER_DATA },
    },
  },
};

/** Only instances get through, so that a container of Fargate, or one with credentials of its own, finds no way to ECS. */
function endpoints(): Part {
  const statement = (Action: Json): Part => ({
    Sid: 'InstancesTakeTasks',
    Effect: 'Allow',
    Principal: '*',
    Action,
    Resource: '*',
    Condition: { ArnEquals: { 'aws:PrincipalArn': arnOf('InstanceRole') } },
  });
  const actions = agent.flatMap((each) => each['Action'] ?? []);
  return {
    EcsEndpoint: interfaceEndpoint('ecs', statement(actions)),
    EcsAgentEndpoint: interfaceEndpoint('ecs-agent', statement(actions)),
    EcsTelemetryEndpoint: interfaceEndpoint('ecs-telemetry', statement(actions)),
  };
}
