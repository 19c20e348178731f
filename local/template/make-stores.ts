/** Queues, tables and buckets. Those of an earlier run are updated to the template with their data, or refused. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import type { Call, Maker } from './maker.ts';
import { propertiesOf } from './properties.ts';

const QUEUE_ATTRIBUTES = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedriveAllowPolicy',
  'RedrivePolicy',
  'VisibilityTimeout',
];

const makeQueue: Maker = async ({ logicalId, properties }, { call }, stack) => {
  const { QueueName } = stack.identity(logicalId).attributes;
  const given = QUEUE_ATTRIBUTES.filter((name) => properties[name] !== undefined);
  const attributes = Object.fromEntries(
    given.map((name) => {
      const value = properties[name];
      return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
    }),
  );
  const found = await unlessMissing(call('sqs', 'GetQueueUrl', { QueueName }));
  if (found === undefined) await call('sqs', 'CreateQueue', { QueueName, Attributes: attributes });
  // An empty redrive policy removes the policy from a queue.
  else
    await call('sqs', 'SetQueueAttributes', { ...found, Attributes: { RedrivePolicy: '', ...attributes } });
};

const makeQueuePolicy: Maker = async (resource, { call }) => {
  const { PolicyDocument, Queues } = propertiesOf(QueuePolicyProperties, resource);
  const Policy = JSON.stringify(PolicyDocument);
  for (const QueueUrl of Queues)
    await call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
};

const QueuePolicyProperties = z.strictObject({ PolicyDocument: z.unknown(), Queues: z.array(z.string()) });

const TABLE_PROPERTIES = [
  'AttributeDefinitions',
  'BillingMode',
  'DeletionProtectionEnabled',
  'GlobalSecondaryIndexes',
  'KeySchema',
  'LocalSecondaryIndexes',
  'ProvisionedThroughput',
];

const Index = z.object({ IndexName: z.string(), KeySchema: z.unknown(), Projection: z.unknown() });
const Keys = z.object({
  KeySchema: z.unknown(),
  GlobalSecondaryIndexes: z.array(Index).default([]),
  LocalSecondaryIndexes: z.array(Index).default([]),
});

const POLL_MS = 10;
const TABLE_TRIES = 1000;

const makeTable: Maker = async ({ logicalId, properties }, { call }, stack) => {
  const TableName = stack.identity(logicalId).ref;
  const wanted = Object.fromEntries(TABLE_PROPERTIES.map((name) => [name, properties[name]]));
  const found = await unlessMissing(call('dynamodb', 'DescribeTable', { TableName }));
  if (found === undefined) await call('dynamodb', 'CreateTable', { TableName, ...wanted });
  else if (!isDeepStrictEqual(keysOf(found['Table']), keysOf(wanted))) {
    throw new ApiError(
      'ValidationException',
      `the data directory has a table ${TableName} with other keys or indexes; start with another data directory`,
    );
  }
  for (let tries = 0; tries < TABLE_TRIES; tries += 1) {
    const { Table } = await call('dynamodb', 'DescribeTable', { TableName });
    if (z.object({ TableStatus: z.string() }).parse(Table).TableStatus === 'ACTIVE') {
      await setTimeToLive(TableName, properties['TimeToLiveSpecification'], call);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new ApiError(
    'ResourceInUseException',
    `table ${TableName} does not become ACTIVE; a process killed while it made the table leaves it so: start with another data directory`,
  );
};

/** A table of an earlier run may have an expiry by another attribute, which has to go first. */
async function setTimeToLive(TableName: string, wanted: unknown, call: Call): Promise<void> {
  const specification = TimeToLive.parse(wanted ?? { Enabled: false });
  const now = TimeToLive.parse(
    (await call('dynamodb', 'DescribeTimeToLive', { TableName }))['TimeToLiveDescription'],
  );
  const attribute = specification.Enabled ? specification.AttributeName : undefined;
  if (attribute === now.AttributeName) return;
  const set = (AttributeName: string | undefined, Enabled: boolean) =>
    call('dynamodb', 'UpdateTimeToLive', {
      TableName,
      TimeToLiveSpecification: { AttributeName, Enabled },
    });
  if (now.AttributeName !== undefined) await set(now.AttributeName, false);
  if (attribute !== undefined) await set(attribute, true);
}

const TimeToLive = z.object({ AttributeName: z.string().optional(), Enabled: z.boolean().optional() });

/** In one order, since a service may list indexes in its own. */
function keysOf(table: unknown): unknown {
  const { KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes } = Keys.parse(table);
  const sorted = (indexes: z.infer<typeof Index>[]) =>
    indexes.toSorted((left, right) => left.IndexName.localeCompare(right.IndexName));
  return [KeySchema, sorted(GlobalSecondaryIndexes), sorted(LocalSecondaryIndexes)];
}

const makeBucket: Maker = async ({ logicalId }, { call }, stack) => {
  await call('s3', 'CreateBucket', { Bucket: stack.identity(logicalId).ref });
};

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const missing = ['QueueDoesNotExist', 'ResourceNotFoundException'];
    if (error instanceof ApiError && missing.includes(error.name)) return undefined;
    throw error;
  }
}

export const storeMakers: Readonly<Record<string, Maker>> = {
  'AWS::SQS::Queue': makeQueue,
  'AWS::SQS::QueuePolicy': makeQueuePolicy,
  'AWS::DynamoDB::Table': makeTable,
  'AWS::S3::Bucket': makeBucket,
};
