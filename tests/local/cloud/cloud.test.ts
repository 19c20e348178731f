import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DescribeJobsCommand, RegisterJobDefinitionCommand, SubmitJobCommand } from '@aws-sdk/client-batch';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually, type Laptop, laptop, nextMessage, type Started, stack } from './set-up.ts';

jest.setTimeout(60_000);

let here: Laptop;
beforeEach(async () => {
  here = await laptop();
});
afterEach(() => here.close());

const row = ({ aws, physicalId }: Started, pk: string) =>
  eventually(async () => {
    const TableName = physicalId('Rows');
    const { Item } = await aws.dynamodb.send(
      new GetItemCommand({ TableName, Key: { pk: { S: pk } }, ConsistentRead: true }),
    );
    return Item;
  });

test('a message wakes the function of its queue, which finds the rest of the stack', async () => {
  const cloud = await here.start(stack(), { parameters: { Cpus: '4' } });
  const QueueUrl = cloud.outputs['WorkUrl'];
  await cloud.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'first' }));
  expect(await row(cloud, 'first')).toEqual({ pk: { S: 'first' }, cpus: { S: '4' } });
});

test('an event reaches the queue of the rule that wants it', async () => {
  const cloud = await here.start();
  const entry = { Source: 'test', DetailType: 'done', Detail: '{"a":1}', EventBusName: 'own' };
  await cloud.aws.events.send(new PutEventsCommand({ Entries: [entry] }));
  expect(JSON.parse(await nextMessage(cloud, cloud.physicalId('Told')))).toMatchObject({
    source: 'test',
    'detail-type': 'done',
    detail: { a: 1 },
  });
});

test('a Batch job runs in the folder of its image, and its state changes are events', async () => {
  const cloud = await here.start();
  const { jobId } = await cloud.aws.batch.send(
    new SubmitJobCommand({
      jobName: 'greet',
      jobQueue: cloud.outputs['JobQueueArn'],
      jobDefinition: cloud.physicalId('Definition'),
      shareIdentifier: 'tenant',
    }),
  );
  expect(await row(cloud, 'hello')).toEqual({ pk: { S: 'hello' }, by: { S: jobId } });
  // A standard queue keeps no order, so the end may be received before the beginning.
  const states = new Set<string>();
  while (!states.has('SUCCEEDED') || !states.has('RUNNABLE')) {
    const { detail } = JSON.parse(await nextMessage(cloud, cloud.physicalId('JobStates')));
    expect(detail.jobId).toBe(jobId);
    states.add(detail.status);
  }
});

test('an image of any registry runs, if its user says what runs in place of it', async () => {
  const otherImages = {
    '*': { kind: 'command' },
    'public.ecr.aws/own/tool': { kind: 'command', entrypoint: 'echo own' },
  } as const;
  const cloud = await here.start(stack(), { otherImages });
  const exitCodeOf = async (image: string) => {
    const { jobDefinitionArn } = await cloud.aws.batch.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: 'any',
        type: 'container',
        platformCapabilities: ['FARGATE'],
        containerProperties: {
          image,
          command: ['sh', '-c', 'exit 3'],
          executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
          resourceRequirements: [
            { type: 'VCPU', value: '0.25' },
            { type: 'MEMORY', value: '512' },
          ],
        },
      }),
    );
    const { jobId } = await cloud.aws.batch.send(
      new SubmitJobCommand({
        jobName: 'any',
        schedulingPriorityOverride: 1,
        jobQueue: cloud.outputs['JobQueueArn'],
        jobDefinition: jobDefinitionArn,
        shareIdentifier: 'tenant',
      }),
    );
    return eventually(async () => {
      const { jobs = [] } = await cloud.aws.batch.send(new DescribeJobsCommand({ jobs: [jobId ?? ''] }));
      return jobs[0]?.container?.exitCode;
    });
  };
  expect(await exitCodeOf('python:3.11-slim')).toBe(3);
  expect(await exitCodeOf('public.ecr.aws/own/tool:2')).toBe(0);
});

test('what it is called is said in outputs, physical ids and the environment for any client', async () => {
  const cloud = await here.start();
  expect(cloud.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(cloud.environment).toEqual({
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  expect(cloud.outputs).toEqual({
    WorkUrl: `${cloud.endpoint}/000000000000/local-Work`,
    JobQueueArn: 'arn:aws:batch:us-east-1:000000000000:job-queue/local-JobQueue',
  });
  await cloud.aws.s3.send(new HeadBucketCommand({ Bucket: cloud.physicalId('Files') }));
  expect(cloud.reported).toContain(
    'without effect here, because a folder stands for the image: AWS::ECR::Repository',
  );
});

test('a function that is not built is said in a sentence, before anything is made', async () => {
  const dataDirectory = join(here.folder, 'data');
  await rm(join(here.folder, 'bundles'), { recursive: true });
  await expect(here.start(stack(), { dataDirectory })).rejects.toThrow(
    /Resources\.Copy: .*copy\.mjs is not built: run `npm run build`/,
  );
  const template = { Resources: { Only: { Type: 'AWS::S3::Bucket' } } };
  const { aws } = await here.start(template, { dataDirectory, images: {} });
  expect((await aws.sqs.send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual([]);
});

test.each<[string, (template: ReturnType<typeof stack>) => object, RegExp]>([
  [
    'wiring that would lose events',
    ({ Resources: { OwnEventsMaySend: _, ...Resources }, ...rest }) => ({ ...rest, Resources }),
    /Resources\.OwnEvents .*Told has no queue policy/,
  ],
  [
    'what a service will not take',
    (template) => {
      template.Resources.Definition.Properties.ContainerProperties.ResourceRequirements = [];
      return template;
    },
    /Resources\.Definition \(AWS::Batch::JobDefinition\): ClientException: .*VCPU/,
  ],
])('%s is refused by the name of the resource', async (_, change, message) => {
  await expect(here.start(change(stack()))).rejects.toThrow(message);
});

test('a data directory whose tables an earlier version kept elsewhere is refused, and left as it is', async () => {
  const dataDirectory = join(here.folder, 'data');
  await mkdir(join(dataDirectory, 'dynamodb'), { recursive: true });
  await expect(here.start(stack(), { dataDirectory })).rejects.toThrow('start with another data directory');
  expect((await readdir(dataDirectory)).filter((name) => name.endsWith('.sqlite'))).toEqual([]);
});

test('a data directory in an earlier format is refused', async () => {
  const dataDirectory = join(here.folder, 'data');
  await mkdir(dataDirectory);
  await writeFile(join(dataDirectory, 'lambda.sqlite'), '');
  await expect(here.start(stack(), { dataDirectory })).rejects.toThrow('start with another data directory');
});

test('a folder for an image that no repository holds is refused', async () => {
  await expect(here.start(stack(), { images: { Imgae: '.' } })).rejects.toThrow(
    'images.Imgae: is no AWS::ECR::Repository of the template; it has Image',
  );
});

test('a missing template says how to get one', async () => {
  await expect(here.start(stack(), { template: join(here.folder, 'none.json') })).rejects.toThrow(
    /there is no packaged template; run `npm run build`/,
  );
});

test('a taken port is said, and the data directory is free again', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dataDirectory = join(here.folder, 'data');
  await expect(here.start(stack(), { port, dataDirectory })).rejects.toThrow(`port ${port} is taken`);
  await new Promise((resolve) => other.close(resolve));
  const cloud = await here.start(stack(), { port, dataDirectory });
  expect(cloud.endpoint).toBe(`http://127.0.0.1:${port}`);
});

test('after closing, the address answers no one', async () => {
  const { endpoint, close } = await here.start();
  await Promise.all([close(), close()]);
  await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
});
