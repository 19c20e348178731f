/** What an AWS has of a deployed stack, asked service by service. */
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { REGION } from './stage.ts';

export interface Deployed {
  /** Physical id by logical id. */
  resources(): Promise<ReadonlyMap<string, string>>;
  queue(url: string): Promise<Record<string, unknown>>;
  /** Of all functions. */
  mappings(): Promise<Record<string, unknown>[]>;
  /** With its targets, and its pattern parsed. */
  rule(name: string, bus?: string): Promise<Record<string, unknown>>;
  /** The principals that may assume it, and its rights. */
  role(name: string): Promise<{ trust: unknown; statements: Record<string, unknown>[] }>;
  /** Gives a role one right by hand. @returns a function that takes it back */
  allow(role: string, action: string): Promise<() => Promise<unknown>>;
  fn(name: string): Promise<Record<string, unknown>>;
  table(name: string): Promise<Record<string, unknown>>;
  /** Names of all tables, queues, functions, roles, buses and buckets that begin with the stack's. */
  named(): Promise<string[]>;
  /** Puts objects into a bucket, and an image into a repository. */
  fill(bucket: string, repository: string): Promise<void>;
  close(): void;
}

export function deployed(endpoint: string, stackName: string): Deployed {
  const config = { endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const cloudFormation = new CloudFormationClient(config);
  const [sqs, lambda, events] = [
    new SQSClient(config),
    new LambdaClient(config),
    new EventBridgeClient(config),
  ];
  const [iam, dynamo, s3] = [
    new IAMClient(config),
    new DynamoDBClient(config),
    new S3Client({ ...config, forcePathStyle: true }),
  ];
  const ecr = new ECRClient(config);
  return {
    async resources() {
      const found = new Map<string, string>();
      let NextToken: string | undefined;
      do {
        const page = await cloudFormation.send(
          new ListStackResourcesCommand({ StackName: stackName, NextToken }),
        );
        for (const { LogicalResourceId = '', PhysicalResourceId = '' } of page.StackResourceSummaries ?? [])
          found.set(LogicalResourceId, PhysicalResourceId);
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return found;
    },
    async queue(QueueUrl) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return Object.fromEntries(
        Object.entries(Attributes).map(([name, value]) => [
          name,
          name.startsWith('Redrive') ? JSON.parse(value) : value,
        ]),
      );
    },
    async mappings() {
      const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand());
      return EventSourceMappings.map((mapping) => ({ ...mapping }));
    },
    async rule(Name, EventBusName) {
      const { EventPattern, ...rule } = await events.send(new DescribeRuleCommand({ Name, EventBusName }));
      const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: Name, EventBusName }));
      return {
        ...rule,
        Targets,
        EventPattern: EventPattern === undefined ? undefined : JSON.parse(EventPattern),
      };
    },
    async role(RoleName) {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      const policies = PolicyNames.map((PolicyName) =>
        iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
      );
      return {
        trust: documentOf(Role?.AssumeRolePolicyDocument),
        statements: (await Promise.all(policies)).flatMap(
          ({ PolicyDocument }) => documentOf(PolicyDocument).Statement,
        ),
      };
    },
    async allow(RoleName, Action) {
      const PolicyName = 'by-hand';
      const statement = { Effect: 'Allow', Action, Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
      return () => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    },
    fn: async (FunctionName) => ({
      ...(await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))),
    }),
    table: async (TableName) => ({ ...(await dynamo.send(new DescribeTableCommand({ TableName }))).Table }),
    async named() {
      const found = [
        (await dynamo.send(new ListTablesCommand())).TableNames,
        (await sqs.send(new ListQueuesCommand())).QueueUrls?.map((url) => url.split('/').at(-1)),
        (await lambda.send(new ListFunctionsCommand())).Functions?.map(({ FunctionName }) => FunctionName),
        (await iam.send(new ListRolesCommand())).Roles?.map(({ RoleName }) => RoleName),
        (await events.send(new ListEventBusesCommand())).EventBuses?.map(({ Name }) => Name),
        (await s3.send(new ListBucketsCommand())).Buckets?.map(({ Name }) => Name),
      ];
      return found.flatMap((names = []) =>
        names.filter((name = '') => name.startsWith(stackName)),
      ) as string[]; // undefined does not begin so
    },
    async fill(Bucket, repositoryName) {
      for (const Key of ['tenants/acme/inputs/a.csv', 'tenants/acme/results/b.json'])
        await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
      const imageManifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      });
      await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag: 'latest' }));
    },
    close: () => {
      for (const client of [cloudFormation, sqs, lambda, events, iam, dynamo, s3, ecr]) client.destroy();
    },
  };
}

/** IAM gives policies as URL-encoded JSON. */
function documentOf(text = '{}') {
  return JSON.parse(decodeURIComponent(text));
}
