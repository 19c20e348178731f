/** A small stack with one of everything that is made, the files it runs, and a cloud on it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BatchClient } from '@aws-sdk/client-batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Cloud, type CloudOptions, startCloud } from '../../../local/cloud.ts';

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** Lets the rule send to the queue. */
const policy = (queue: string, rule: string) => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [{ Ref: queue }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: arnOf(queue),
          Condition: { ArnEquals: { 'aws:SourceArn': arnOf(rule) } },
        },
      ],
    },
  },
});

const rule = (queue: string, more: object) => ({
  Type: 'AWS::Events::Rule',
  Properties: { Targets: [{ Id: 'queue', Arn: arnOf(queue) }], ...more },
});

export function stack() {
  return {
    Parameters: { Cpus: { Type: 'Number', Default: 2 } },
    Resources: {
      Work: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } },
      Kept: {
        Type: 'AWS::SQS::Queue',
        Properties: { RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 5 } },
      },
      Dead: { Type: 'AWS::SQS::Queue' },
      Told: { Type: 'AWS::SQS::Queue' },
      JobStates: { Type: 'AWS::SQS::Queue' },
      Rows: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'at', AttributeType: 'N' },
          ],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'byTime',
              KeySchema: [{ AttributeName: 'at', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'KEYS_ONLY' },
            },
          ],
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        },
      },
      Files: { Type: 'AWS::S3::Bucket' },
      Copy: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Handler: 'functions/copy.handler',
          Runtime: 'nodejs24.x',
          Timeout: 30,
          Environment: { Variables: { TABLE_NAME: { Ref: 'Rows' }, CPUS: { Ref: 'Cpus' } } },
        },
      },
      CopyFromWork: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: arnOf('Work'),
          FunctionName: arnOf('Copy'),
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        },
      },
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'own' } },
      OwnEvents: rule('Told', { EventBusName: { Ref: 'Bus' }, EventPattern: { source: ['test'] } }),
      OwnEventsMaySend: policy('Told', 'OwnEvents'),
      BatchEvents: rule('JobStates', {
        EventPattern: { source: ['aws.batch'], detail: { jobQueue: [{ Ref: 'JobQueue' }] } },
      }),
      BatchEventsMaySend: policy('JobStates', 'BatchEvents'),
      Image: { Type: 'AWS::ECR::Repository' },
      Role: { Type: 'AWS::IAM::Role' },
      Subnet: { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: '10.0.0.0/24' } },
      Environment: {
        Type: 'AWS::Batch::ComputeEnvironment',
        Properties: {
          Type: 'MANAGED',
          ComputeResources: {
            Type: 'FARGATE',
            MaxvCpus: { Ref: 'Cpus' },
            Subnets: [{ Ref: 'Subnet' }],
            SecurityGroupIds: ['sg-1'],
          },
        },
      },
      Policy: {
        Type: 'AWS::Batch::SchedulingPolicy',
        Properties: { FairsharePolicy: { ShareDecaySeconds: 60 } },
      },
      JobQueue: {
        Type: 'AWS::Batch::JobQueue',
        Properties: {
          Priority: 1,
          SchedulingPolicyArn: arnOf('Policy'),
          ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: { Ref: 'Environment' } }],
        },
      },
      Definition: {
        Type: 'AWS::Batch::JobDefinition',
        Properties: {
          Type: 'container',
          PlatformCapabilities: ['FARGATE'],
          Parameters: { Greeting: 'hello' },
          SchedulingPriority: 1,
          Timeout: { AttemptDurationSeconds: 60 },
          ContainerProperties: {
            Image: { 'Fn::Join': [':', [{ 'Fn::GetAtt': ['Image', 'RepositoryUri'] }, 'latest']] },
            Command: ['node', 'main.mjs', 'Ref::Greeting'],
            Environment: [{ Name: 'TABLE_NAME', Value: { Ref: 'Rows' } }],
            ExecutionRoleArn: arnOf('Role'),
            ResourceRequirements: [
              { Type: 'VCPU', Value: '0.25' },
              { Type: 'MEMORY', Value: '512' },
            ],
            LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-group': 'jobs' } },
          },
        },
      },
    },
    Outputs: { WorkUrl: { Value: { Ref: 'Work' } }, JobQueueArn: { Value: { Ref: 'JobQueue' } } },
  };
}
export type StackTemplate = ReturnType<typeof stack>;

/** Puts one row by the plainest of means, so that a bundle needs no package. */
const PUT_ROW = `
  const putRow = async (item) => {
    const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request',
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        'content-type': 'application/x-amz-json-1.0',
      },
      body: JSON.stringify({ TableName: process.env.TABLE_NAME, Item: item }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };`;

const COPY = `${PUT_ROW}
  export const handler = async ({ Records }) => {
    for (const { body } of Records) await putRow({ pk: { S: body }, cpus: { S: process.env.CPUS } });
    return { batchItemFailures: [] };
  };`;

const CONTAINER = `${PUT_ROW}
  await putRow({ pk: { S: process.argv[2] }, by: { S: process.env.AWS_BATCH_JOB_ID } });`;

export interface Laptop {
  readonly folder: string;
  /** Writes the template and starts a cloud on it. */
  start(template?: object, more?: Partial<CloudOptions>): Promise<Started>;
  close(): Promise<void>;
}
export type Started = Cloud & ReturnType<typeof clientsOf> & { readonly reported: readonly string[] };

export async function laptop(): Promise<Laptop> {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-cloud-'));
  const started: { close(): Promise<void> }[] = [];
  await write(join(folder, 'bundles/functions/copy.mjs'), COPY);
  await write(join(folder, 'image/main.mjs'), CONTAINER);
  return {
    folder,
    async start(template = stack(), more = {}) {
      const file = join(folder, 'template.json');
      await write(file, JSON.stringify(template));
      const reported: string[] = [];
      const options = { ...optionsFor(folder), report: (line: string) => reported.push(line), ...more };
      const cloud = await startCloud(options);
      const clients = clientsOf(cloud.endpoint);
      const close = async () => {
        clients.destroy();
        await cloud.close();
      };
      started.push({ close });
      return { ...cloud, ...clients, reported, close };
    },
    async close() {
      for (const { close } of started) await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Also for a cloud in another process, once the files are there. */
export function optionsFor(folder: string): CloudOptions {
  return {
    template: join(folder, 'template.json'),
    bundles: join(folder, 'bundles'),
    images: { Image: join(folder, 'image') },
  };
}

export function clientsOf(endpoint: string) {
  const config = {
    endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const clients = {
    aws: {
      batch: new BatchClient(config),
      dynamodb: new DynamoDBClient(config),
      events: new EventBridgeClient(config),
      s3: new S3Client(config),
      sqs: new SQSClient(config),
    },
  };
  return {
    ...clients,
    destroy: () => {
      for (const client of Object.values(clients.aws)) client.destroy();
    },
  };
}

/** The next message of a queue, for which it waits. */
export async function nextMessage({ aws }: Pick<Started, 'aws'>, QueueUrl: string): Promise<string> {
  const body = await eventually(async () => {
    const { Messages = [] } = await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
    return Messages[0]?.Body;
  });
  return body;
}

/** Asks until there is an answer, for at most half a minute. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const giveUpAtMs = performance.now() + 30_000;
  while (performance.now() < giveUpAtMs) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('there was no answer within 30 s');
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
