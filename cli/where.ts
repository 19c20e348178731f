/** Finds the queues and the table of a stage, at any endpoint. */
import { DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

/** Without these the SDK waits for ever for an address that does not answer. */
const requestHandler = { connectionTimeout: 5000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** Whatever is not given comes from the standard AWS variables and files. */
export function clientsFor(given: {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}) {
  const config = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const dynamo = new DynamoDBClient({ ...config, requestHandler });
  return {
    sqs: new SQSClient({ ...config, requestHandler }),
    dynamo,
    documents: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
  };
}

const RedrivePolicy = z.object({ deadLetterTargetArn: z.string() });

/** Only the front queue has a fixed name; its redrive policy names its dead-letter queue. */
export async function findQueues(
  sqs: SQSClient,
  stage: string,
): Promise<{ front: string; deadLetters: string }> {
  const front = await queueUrl(sqs, `headgate-${stage}-front`);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: front, AttributeNames: ['RedrivePolicy'] }),
  );
  const policy = RedrivePolicy.parse(JSON.parse(Attributes?.RedrivePolicy ?? '{}'));
  return { front, deadLetters: await queueUrl(sqs, policy.deadLetterTargetArn.split(':').at(-1) ?? '') };
}

export async function queueUrl(sqs: SQSClient, QueueName: string): Promise<string> {
  try {
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    throw new Error(
      `Expected the queue ${QueueName} and found none; --stage, --region and --endpoint-url say where to look.`,
    );
  }
}

/**
 * CloudFormation names the table after its stack: `headgate-<stage>-JobsTable-…`, or with another prefix if the stack
 * has another name, as on the laptop. The table of another stage is never taken for this one's.
 */
export async function findTable(dynamo: DynamoDBClient, stage: string): Promise<string> {
  const tables: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client: dynamo }, {}))
    tables.push(...TableNames.filter((name) => name.includes('JobsTable')));
  const own = tables.filter((name) => name.startsWith(`headgate-${stage}-JobsTable`));
  const candidates = own.length > 0 ? own : tables.filter((name) => !name.startsWith('headgate-'));
  const [name] = candidates;
  if (name !== undefined && candidates.length === 1) return name;
  const seen = tables.length === 0 ? 'there is none' : `there are ${tables.join(', ')}`;
  throw new Error(`Expected one jobs table of stage ${stage}; ${seen}. Name it with --table.`);
}
