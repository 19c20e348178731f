/** The policy for a deploy role may do what the template needs, to things of Headgate, and nothing beside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { root, template } from '../support/template.ts';

const Policy = z.object({
  Statement: z.array(
    z.object({
      Sid: z.string(),
      Effect: z.literal('Allow'),
      Action: z.array(z.string()),
      Resource: z.array(z.string()),
      Condition: z.unknown().optional(),
    }),
  ),
});
const text = readFileSync(join(root, 'docs/operating/examples/deploy-role.json'), 'utf8');
const { Statement } = Policy.parse(JSON.parse(text));
const allowed = new Set(Statement.flatMap(({ Action }) => Action));

/** What CloudFormation calls to make and to remove a resource. @see AWS CloudFormation registry, "handlers" of each type */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  'AWS::Batch::ComputeEnvironment': ['batch:CreateComputeEnvironment', 'batch:DeleteComputeEnvironment'],
  'AWS::Batch::JobDefinition': ['batch:RegisterJobDefinition', 'batch:DeregisterJobDefinition'],
  'AWS::Batch::JobQueue': ['batch:CreateJobQueue', 'batch:UpdateJobQueue', 'batch:DeleteJobQueue'],
  'AWS::Batch::SchedulingPolicy': ['batch:CreateSchedulingPolicy', 'batch:DeleteSchedulingPolicy'],
  'AWS::CloudWatch::Alarm': ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
  'AWS::CloudWatch::Dashboard': ['cloudwatch:PutDashboard', 'cloudwatch:DeleteDashboards'],
  'AWS::DynamoDB::Table': [
    'dynamodb:CreateTable',
    'dynamodb:UpdateContinuousBackups',
    'dynamodb:DeleteTable',
  ],
  'AWS::EC2::RouteTable': ['ec2:CreateRouteTable', 'ec2:DeleteRouteTable'],
  'AWS::EC2::SecurityGroup': ['ec2:CreateSecurityGroup', 'ec2:DeleteSecurityGroup'],
  'AWS::EC2::Subnet': ['ec2:CreateSubnet', 'ec2:DeleteSubnet'],
  'AWS::EC2::SubnetRouteTableAssociation': ['ec2:AssociateRouteTable', 'ec2:DisassociateRouteTable'],
  'AWS::EC2::VPC': ['ec2:CreateVpc', 'ec2:DeleteVpc'],
  'AWS::EC2::VPCEndpoint': ['ec2:CreateVpcEndpoint', 'ec2:DeleteVpcEndpoints'],
  'AWS::ECR::Repository': ['ecr:CreateRepository', 'ecr:BatchDeleteImage', 'ecr:DeleteRepository'],
  'AWS::Events::EventBus': ['events:CreateEventBus', 'events:DeleteEventBus'],
  'AWS::Events::Rule': ['events:PutRule', 'events:PutTargets', 'events:RemoveTargets', 'events:DeleteRule'],
  'AWS::IAM::Policy': ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
  'AWS::IAM::Role': ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:DeleteRole'],
  'AWS::KMS::Alias': ['kms:CreateAlias', 'kms:DeleteAlias'],
  'AWS::KMS::Key': ['kms:CreateKey', 'kms:EnableKeyRotation', 'kms:ScheduleKeyDeletion'],
  'AWS::Lambda::EventInvokeConfig': [
    'lambda:PutFunctionEventInvokeConfig',
    'lambda:DeleteFunctionEventInvokeConfig',
  ],
  'AWS::Lambda::EventSourceMapping': ['lambda:CreateEventSourceMapping', 'lambda:DeleteEventSourceMapping'],
  'AWS::Lambda::Function': ['lambda:CreateFunction', 'lambda:DeleteFunction', 'iam:PassRole'],
  'AWS::Lambda::Permission': ['lambda:AddPermission', 'lambda:RemovePermission'],
  'AWS::Lambda::Url': ['lambda:CreateFunctionUrlConfig', 'lambda:DeleteFunctionUrlConfig'],
  'AWS::Logs::LogGroup': ['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:DeleteLogGroup'],
  'AWS::Logs::QueryDefinition': ['logs:PutQueryDefinition', 'logs:DeleteQueryDefinition'],
  'AWS::S3::Bucket': ['s3:CreateBucket', 's3:PutLifecycleConfiguration', 's3:DeleteBucket'],
  'AWS::S3::BucketPolicy': ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy'],
  'AWS::SQS::Queue': ['sqs:CreateQueue', 'sqs:SetQueueAttributes', 'sqs:DeleteQueue'],
  'AWS::SQS::QueuePolicy': ['sqs:SetQueueAttributes'],
};

const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))].toSorted();

it.each(types)('it may make and remove each %s', (type) => {
  const calls = CALLS[type] ?? [`the calls of ${type}, which this test does not know`];
  expect(calls.filter((call) => !allowed.has(call))).toEqual([]);
});

describe('it may do no more', () => {
  it('than in the services of the template', () => {
    const services = new Set(types.map((type) => type.split('::')[1]?.toLowerCase() ?? ''));
    const others = [...allowed]
      .map((action) => action.split(':')[0] ?? '')
      .filter((each) => !services.has(each));
    expect([...new Set(others)]).toEqual(['cloudformation']);
  });

  it('than the actions that it names', () => {
    expect([...allowed].filter((action) => action.includes('*'))).toEqual([]);
  });

  it('than to things of Headgate, where the service can say whose they are', () => {
    const wide = Statement.filter(({ Resource }) => Resource.includes('*')).map(({ Sid }) => Sid);
    expect(wide).toEqual([
      'CheckTemplate',
      'EventSourceMappings',
      'Batch',
      'Keys',
      'RegistryLogin',
      'SavedQueries',
      'OwnNetwork',
    ]);
    const named = Statement.filter(({ Resource }) => !Resource.includes('*')).flatMap(
      ({ Resource }) => Resource,
    );
    const foreign = named.filter((arn) => !/headgate-|aws-service-role\/batch/.test(arn));
    expect(foreign).toEqual([]);
  });

  it('than to hand its roles to functions and containers, and reads no item, message or secret', () => {
    expect(Statement.find(({ Action }) => Action.includes('iam:PassRole'))?.Condition).toEqual({
      StringEquals: { 'iam:PassedToService': ['lambda.amazonaws.com', 'ecs-tasks.amazonaws.com'] },
    });
    const reading =
      /^(dynamodb:(Get|Query|Scan|Batch)|sqs:Receive|kms:(De|En)crypt|secretsmanager|lambda:Invoke)/;
    expect([...allowed].filter((action) => reading.test(action))).toEqual([]);
  });

  it('than an inline policy of a role has room for', () => {
    // IAM user guide, "IAM and AWS STS quotas": 10,240 characters without white space.
    expect(text.replaceAll(/\s/g, '').length).toBeLessThanOrEqual(10_240);
  });
});
