import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  DescribeSchedulingPoliciesCommand,
} from '@aws-sdk/client-batch';
import { PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { clientsOf, type Laptop, laptop, type Started, stack } from './set-up.ts';

const LIMIT_MS = 120_000;
jest.setTimeout(LIMIT_MS);

let here: Laptop;
let dataDirectory: string;
const children: ChildProcessWithoutNullStreams[] = [];
beforeEach(async () => {
  here = await laptop();
  dataDirectory = join(here.folder, 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await here.close();
});

/** Starts and closes a cloud on the data directory. */
async function once<T>(template: object, use: (cloud: Started) => Promise<T>): Promise<T> {
  const cloud = await here.start(template, { dataDirectory });
  return await use(cloud).finally(cloud.close);
}

/** A cloud on the same files in another process. */
async function elsewhere(directory = dataDirectory) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'doomed-cloud.ts'), here.folder, directory],
    // No longer than the test.
    { timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  children.push(child);
  const complaints: string[] = [];
  child.stderr.on('data', (text) => complaints.push(String(text)));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    exited.then(() => reject(new Error(complaints.join(''))));
  });
  return { child, endpoint, exited };
}

const revisions = async ({ aws }: Started) => {
  const { jobDefinitions = [] } = await aws.batch.send(new DescribeJobDefinitionsCommand({}));
  return jobDefinitions.map(({ revision }) => revision).toSorted();
};

test('starting again makes no new revision of a job definition that did not change', async () => {
  const ids: string[] = [];
  for (let run = 0; run < 3; run += 1) {
    await once(stack(), async (cloud) => {
      ids.push(cloud.physicalId('Definition'));
      expect(await revisions(cloud)).toEqual([1]);
    });
  }
  expect(new Set(ids).size).toBe(1);
});

test.each<[string, (template: ReturnType<typeof stack>) => unknown]>([
  [
    'a changed value',
    ({ Resources: { Definition } }) =>
      Object.assign(Definition.Properties.Timeout, { AttemptDurationSeconds: 61 }),
  ],
  [
    'a property that is gone',
    ({ Resources: { Definition } }) => Reflect.deleteProperty(Definition.Properties, 'Timeout'),
  ],
])('%s makes the next revision, which is what the stack then means', async (_, change) => {
  await once(stack(), revisions);
  const changed = stack();
  change(changed);
  await once(changed, async (cloud) => {
    expect(await revisions(cloud)).toEqual([1, 2]);
    expect(cloud.physicalId('Definition')).toMatch(/:2$/);
  });
});

test('a changed template changes queues, job queues and scheduling policies that exist', async () => {
  await once(stack(), async () => undefined);
  const changed = stack();
  const { Work, Kept, JobQueue, Policy } = changed.Resources;
  Work.Properties.VisibilityTimeout = 90;
  Reflect.deleteProperty(Kept.Properties, 'RedrivePolicy');
  JobQueue.Properties.Priority = 7;
  Policy.Properties.FairsharePolicy.ShareDecaySeconds = 1200;
  await once(changed, async ({ aws, physicalId }) => {
    const attributes = async (logicalId: string) => {
      const command = new GetQueueAttributesCommand({
        QueueUrl: physicalId(logicalId),
        AttributeNames: ['All'],
      });
      return (await aws.sqs.send(command)).Attributes;
    };
    expect(await attributes('Work')).toMatchObject({ VisibilityTimeout: '90' });
    expect(await attributes('Kept')).not.toHaveProperty('RedrivePolicy');
    const { jobQueues } = await aws.batch.send(new DescribeJobQueuesCommand({}));
    expect(jobQueues).toMatchObject([{ priority: 7 }]);
    const arns = [physicalId('Policy')];
    const { schedulingPolicies } = await aws.batch.send(new DescribeSchedulingPoliciesCommand({ arns }));
    expect(schedulingPolicies).toMatchObject([{ fairsharePolicy: { shareDecaySeconds: 1200 } }]);
  });
});

test('a table whose keys the template changed is refused, not reused', async () => {
  await once(stack(), async () => undefined);
  const changed = stack();
  Object.assign(changed.Resources.Rows.Properties.GlobalSecondaryIndexes[0] ?? {}, { IndexName: 'byHour' });
  await expect(once(changed, async () => undefined)).rejects.toThrow(
    /Resources\.Rows .*has a table local-Rows with other keys or indexes; start with another data directory/,
  );
});

test('a data directory has one cloud at a time, in this process or another', async () => {
  const first = await here.start(stack(), { dataDirectory });
  const sentence = `${dataDirectory} is in use by process ${process.pid}`;
  await expect(here.start(stack(), { dataDirectory })).rejects.toThrow(sentence);
  await expect(elsewhere()).rejects.toThrow(sentence);
  await first.close();
  const { child, exited } = await elsewhere();
  await expect(here.start(stack(), { dataDirectory })).rejects.toThrow(`in use by process ${child.pid}`);
  child.kill('SIGKILL');
  await exited;
  await once(stack(), async () => undefined);
  expect(existsSync(join(dataDirectory, 'pid'))).toBe(false);
});

test('a cloud that is closed lets its process end by itself', async () => {
  await once(stack(), async () => undefined);
  for (const directory of [dataDirectory, '']) {
    const { child, exited } = await elsewhere(directory);
    child.stdin.end();
    expect(await exited).toBe(0);
  }
});

test('what was acknowledged is there after the process is killed in the middle of writing', async () => {
  const names = await once(stack(), async ({ physicalId }) => ({
    TableName: physicalId('Rows'),
    Bucket: physicalId('Files'),
    queue: new URL(physicalId('Kept')).pathname,
  }));
  const { child, endpoint, exited } = await elsewhere();
  const { aws, destroy } = clientsOf(endpoint);
  const { TableName, Bucket } = names;
  const QueueUrl = `${endpoint}${names.queue}`;
  const acknowledged = { messages: [] as string[], rows: [] as string[], objects: [] as string[] };
  const writers = [
    writeUntilRefused(acknowledged.messages, (id) =>
      aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: id })),
    ),
    writeUntilRefused(acknowledged.rows, (id) =>
      aws.dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: id }, at: { N: '1' } } })),
    ),
    writeUntilRefused(acknowledged.objects, (id) =>
      aws.s3.send(new PutObjectCommand({ Bucket, Key: id, Body: id })),
    ),
  ];
  const ended = exited.then(() => 'ended');
  while (Object.values(acknowledged).some((ids) => ids.length < 40)) {
    // It may not end by itself: then nothing more would be acknowledged, and this would wait for ever.
    expect(await Promise.race([ended, setTimeout(5, 'runs')])).toBe('runs');
  }
  child.kill('SIGKILL');
  await Promise.all([exited, ...writers]);
  destroy();

  await once(stack(), async (cloud) => {
    expect(await drain(cloud)).toEqual(expect.arrayContaining(acknowledged.messages));
    // Thousands of them, on a machine where one of the three writers is slow: a page has many.
    const rowsById = new Map<unknown, unknown>();
    const scan = { client: cloud.aws.dynamodb };
    for await (const { Items = [] } of paginateScan(scan, { TableName }))
      for (const row of Items) rowsById.set(row['pk']?.S, row);
    for (const id of acknowledged.rows) expect(rowsById.get(id)).toEqual({ pk: { S: id }, at: { N: '1' } });
    const sizes = new Map<unknown, unknown>();
    for await (const { Contents = [] } of paginateListObjectsV2({ client: cloud.aws.s3 }, { Bucket }))
      for (const { Key, Size } of Contents) sizes.set(Key, Size);
    for (const key of acknowledged.objects) expect([key, sizes.get(key)]).toEqual([key, key.length]);
  });
});

/** Four at a time, each name noted once its write was acknowledged. */
async function writeUntilRefused(acknowledged: string[], write: (id: string) => Promise<unknown>) {
  let next = 0;
  const writer = async () => {
    for (;;) {
      const id = `item-${next++}`;
      const written = await write(id).then(
        () => true,
        () => false,
      );
      if (!written) return;
      acknowledged.push(id);
    }
  };
  await Promise.all([writer(), writer(), writer(), writer()]);
}

async function drain({ aws, physicalId }: Started): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: physicalId('Kept'),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 600,
      }),
    );
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = '' }) => Body));
  }
}
