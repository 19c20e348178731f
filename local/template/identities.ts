/**
 * The names of each resource type: its `Ref` and its attributes, before anything is made. The types without effect on
 * a laptop are listed with the reason; an unlisted type is refused.
 */
import { createHash } from 'node:crypto';
import { ACCOUNT_ID } from '../aws.ts';
import { URL_PREFIX } from '../lambda/function-urls.ts';

export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The account, Region and name of the stack. */
export interface Site {
  readonly region: string;
  readonly stackName: string;
  /** http://127.0.0.1:port, of which queue URLs are made. */
  readonly endpoint: string;
}

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

type Identify = (resource: Resource, site: Site) => Identity;

export const URL_SUFFIX = 'amazonaws.com';
export const PARTITION = 'aws';

/** Types that are made through their service. */
const MADE: Readonly<Record<string, Identify>> = {
  'AWS::SQS::Queue': (resource, site) => {
    const name = nameOf(resource, site, 'QueueName');
    const url = `${site.endpoint}/${ACCOUNT_ID}/${name}`;
    return { ref: url, attributes: { Arn: arn(site, 'sqs', name), QueueName: name, QueueUrl: url } };
  },
  'AWS::SQS::QueuePolicy': plain(),
  'AWS::DynamoDB::Table': (resource, site) => {
    const name = nameOf(resource, site, 'TableName');
    return { ref: name, attributes: { Arn: arn(site, 'dynamodb', `table/${name}`) } };
  },
  'AWS::S3::Bucket': (resource, site) => {
    const name = nameOf(resource, site, 'BucketName').toLowerCase();
    return {
      ref: name,
      attributes: { Arn: `arn:${PARTITION}:s3:::${name}`, DomainName: `${name}.s3.${URL_SUFFIX}` },
    };
  },
  'AWS::Events::EventBus': (resource, site) => {
    const name = nameOf(resource, site, 'Name');
    return { ref: name, attributes: { Arn: arn(site, 'events', `event-bus/${name}`), Name: name } };
  },
  'AWS::Events::Rule': (resource, site) => {
    const name = nameOf(resource, site, 'Name');
    const bus = String(resource.properties['EventBusName'] ?? 'default')
      .split('/')
      .at(-1);
    const onBus = bus === 'default' ? name : `${bus}/${name}`;
    return {
      ref: onBus.replace('/', '|'),
      attributes: { Arn: arn(site, 'events', `rule/${onBus}`) },
    };
  },
  'AWS::Batch::ComputeEnvironment': (resource, site) => {
    const id = arn(site, 'batch', `compute-environment/${nameOf(resource, site, 'ComputeEnvironmentName')}`);
    return { ref: id, attributes: { ComputeEnvironmentArn: id } };
  },
  'AWS::Batch::SchedulingPolicy': (resource, site) => {
    const id = arn(site, 'batch', `scheduling-policy/${nameOf(resource, site, 'Name')}`);
    return { ref: id, attributes: { Arn: id } };
  },
  'AWS::Batch::JobQueue': (resource, site) => {
    const id = arn(site, 'batch', `job-queue/${nameOf(resource, site, 'JobQueueName')}`);
    return { ref: id, attributes: { JobQueueArn: id } };
  },
  // Batch gives the revision; until then this is a placeholder.
  'AWS::Batch::JobDefinition': (resource, site) =>
    jobDefinition(arn(site, 'batch', `job-definition/${nameOf(resource, site, 'JobDefinitionName')}:1`)),
  // KMS gives the id; until then this is a placeholder.
  'AWS::KMS::Key': ({ logicalId }, site) => keyIdentity(uuidOf(logicalId), site),
  'AWS::KMS::Alias': ({ properties }) => ({ ref: String(properties['AliasName']), attributes: {} }),
  'AWS::Lambda::Function': (resource, site) => {
    const name = nameOf(resource, site, 'FunctionName');
    return { ref: name, attributes: { Arn: arn(site, 'lambda', `function:${name}`) } };
  },
  'AWS::Lambda::Url': ({ properties }, site) => {
    const functionArn = String(properties['TargetFunctionArn']);
    const url = `${site.endpoint}${URL_PREFIX}${functionArn.split(':').at(-1)}/`;
    return { ref: functionArn, attributes: { FunctionArn: functionArn, FunctionUrl: url } };
  },
  'AWS::Lambda::EventSourceMapping': ({ logicalId }) => {
    const uuid = uuidOf(logicalId);
    return { ref: uuid, attributes: { Id: uuid } };
  },
  'AWS::CloudWatch::Alarm': (resource, site) => {
    const name = nameOf(resource, site, 'AlarmName');
    return { ref: name, attributes: { Arn: arn(site, 'cloudwatch', `alarm:${name}`) } };
  },
  'AWS::Lambda::EventInvokeConfig': plain(),
  'AWS::Lambda::Permission': plain(),
};

const NO_IAM = 'nothing here checks credentials';
const NO_SCREENS = 'there are no screens of CloudWatch';
const NO_NETWORK = 'containers are processes of this machine, in its own network';

/** Types without effect here, and why that is safe: wiring.ts, or AWS alone, checks what they forbid. */
const INERT: Readonly<Record<string, { readonly because: string; readonly identify: Identify }>> = {
  'AWS::S3::BucketPolicy': { because: NO_IAM, identify: plain() },
  'AWS::IAM::Role': {
    because: NO_IAM,
    identify: (resource, site) => {
      const name = nameOf(resource, site, 'RoleName');
      return {
        ref: name,
        attributes: {
          Arn: `arn:${PARTITION}:iam::${ACCOUNT_ID}:role/${name}`,
          RoleId: `AROA${hash(name).slice(0, 17).toUpperCase()}`,
        },
      };
    },
  },
  'AWS::IAM::Policy': { because: NO_IAM, identify: plain() },
  'AWS::IAM::InstanceProfile': {
    because: NO_IAM,
    identify: (resource, site) => {
      const name = nameOf(resource, site, 'InstanceProfileName');
      return {
        ref: name,
        attributes: { Arn: `arn:${PARTITION}:iam::${ACCOUNT_ID}:instance-profile/${name}` },
      };
    },
  },
  'AWS::EC2::LaunchTemplate': {
    because: 'containers are processes of this machine, and there are no instances',
    identify: ({ logicalId }) => {
      const id = `lt-${hash(logicalId).slice(0, 17)}`;
      return {
        ref: id,
        attributes: { LaunchTemplateId: id, LatestVersionNumber: '1', DefaultVersionNumber: '1' },
      };
    },
  },
  'AWS::IAM::ManagedPolicy': {
    because: NO_IAM,
    identify: (resource, site) => {
      const id = `arn:${PARTITION}:iam::${ACCOUNT_ID}:policy/${nameOf(resource, site, 'ManagedPolicyName')}`;
      return { ref: id, attributes: { PolicyArn: id } };
    },
  },
  'AWS::Lambda::Version': {
    because: 'a function runs from the bundle as it is',
    identify: ({ properties }, site) => {
      const name = String(properties['FunctionName']).split(':').at(-1);
      return { ref: arn(site, 'lambda', `function:${name}:1`), attributes: { Version: '1' } };
    },
  },
  'AWS::Logs::LogGroup': {
    because: 'lines go to the terminal',
    identify: (resource, site) => {
      const name = nameOf(resource, site, 'LogGroupName');
      return { ref: name, attributes: { Arn: `${arn(site, 'logs', `log-group:${name}`)}:*` } };
    },
  },
  'AWS::CloudWatch::Dashboard': {
    because: NO_SCREENS,
    identify: (resource, site) => ({ ref: nameOf(resource, site, 'DashboardName'), attributes: {} }),
  },
  'AWS::Logs::QueryDefinition': {
    because: NO_SCREENS,
    identify: ({ logicalId }) => ({
      ref: uuidOf(logicalId),
      attributes: { QueryDefinitionId: uuidOf(logicalId) },
    }),
  },
  'AWS::ECR::Repository': {
    because: 'a folder stands for the image',
    identify: (resource, site) => {
      const name = nameOf(resource, site, 'RepositoryName').toLowerCase();
      return {
        ref: name,
        attributes: {
          Arn: arn(site, 'ecr', `repository/${name}`),
          RepositoryUri: `${ACCOUNT_ID}.dkr.ecr.${site.region}.${URL_SUFFIX}/${name}`,
        },
      };
    },
  },
  'AWS::EC2::VPC': network('vpc', 'VpcId', ['CidrBlock']),
  'AWS::EC2::Subnet': network('subnet', 'SubnetId', ['AvailabilityZone', 'CidrBlock', 'VpcId']),
  'AWS::EC2::SecurityGroup': network('sg', 'GroupId', ['VpcId']),
  'AWS::EC2::SecurityGroupIngress': network('sgr', 'Id'),
  'AWS::EC2::SecurityGroupEgress': network('sgr', 'Id'),
  'AWS::EC2::RouteTable': network('rtb', 'RouteTableId'),
  'AWS::EC2::Route': network('r', 'Id'),
  'AWS::EC2::SubnetRouteTableAssociation': network('rtbassoc', 'Id'),
  'AWS::EC2::VPCEndpoint': network('vpce', 'Id'),
  'AWS::EC2::VPCGatewayAttachment': network('vpcga', 'Id'),
  'AWS::EC2::InternetGateway': network('igw', 'InternetGatewayId'),
  'AWS::EC2::NatGateway': network('nat', 'NatGatewayId'),
  'AWS::EC2::EIP': network('eipalloc', 'AllocationId'),
};

export const KNOWN_TYPES: readonly string[] = [...Object.keys(MADE), ...Object.keys(INERT)].toSorted();

/** @returns undefined for a type that is not known here */
export function identify(resource: Resource, site: Site): Identity | undefined {
  const made = Object.hasOwn(MADE, resource.type) ? MADE[resource.type] : undefined;
  if (made !== undefined) return made(resource, site);
  return Object.hasOwn(INERT, resource.type) ? INERT[resource.type]?.identify(resource, site) : undefined;
}

/** Why a resource of this type has no effect here; undefined when it has an effect. */
export function inertBecause(type: string): string | undefined {
  return Object.hasOwn(INERT, type) ? INERT[type]?.because : undefined;
}

export function keyIdentity(id: string, site: Site): Identity {
  return { ref: id, attributes: { Arn: arn(site, 'kms', `key/${id}`), KeyId: id } };
}

export function jobDefinition(id: string): Identity {
  return { ref: id, attributes: { JobDefinitionArn: id } };
}

/**
 * The name in the template, or one made as CloudFormation does, without the random part: a restart must find it
 * again.
 */
export function nameOf(resource: Resource, site: Site, property: string): string {
  const given = resource.properties[property];
  return given === undefined ? `${site.stackName}-${resource.logicalId}` : String(given);
}

function arn(site: Site, service: string, name: string): string {
  return `arn:${PARTITION}:${service}:${site.region}:${ACCOUNT_ID}:${name}`;
}

function plain(): Identify {
  return ({ logicalId }, { stackName }) => ({
    ref: `${stackName}-${logicalId}`,
    attributes: { Id: `${stackName}-${logicalId}` },
  });
}

function network(prefix: string, attribute: string, copied: readonly string[] = []) {
  return {
    because: NO_NETWORK,
    identify: ({ logicalId, properties }: Resource): Identity => {
      const id = `${prefix}-${hash(logicalId).slice(0, 17)}`;
      const copies = copied.map((name) => [name, properties[name]]);
      return { ref: id, attributes: { [attribute]: id, ...Object.fromEntries(copies) } };
    },
  };
}

function uuidOf(logicalId: string): string {
  const digest = hash(logicalId);
  return [0, 8, 12, 16, 20].map((start, index, all) => digest.slice(start, all[index + 1] ?? 32)).join('-');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
