/** Finds the queues and the table of a stage. */
import { type DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { misused, Stopped } from '../program/stopped.ts';

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
    throw new Stopped(
      'unreachable',
      `Expected the queue ${QueueName} and found none; --local, --stage, --region and --endpoint-url say where to look.`,
    );
  }
}

/**
 * CloudFormation names the table after its stack: `headgate-<stage>-JobsTable-…`, or with another prefix if the stack
 * has another name, as on the laptop. The table of another stage is never taken for this one's.
 */
export async function findTable(
  dynamo: DynamoDBClient,
  stage: string,
  kind: 'JobsTable' | 'KeysTable' = 'JobsTable',
): Promise<string> {
  const tables: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client: dynamo }, {}))
    tables.push(...TableNames.filter((name) => name.includes(kind)));
  const own = tables.filter((name) => name.startsWith(`headgate-${stage}-${kind}`));
  const candidates = own.length > 0 ? own : tables.filter((name) => !name.startsWith('headgate-'));
  const [name] = candidates;
  if (name !== undefined && candidates.length === 1) return name;
  const seen = tables.length === 0 ? 'there is none' : `there are ${tables.join(', ')}`;
  const sentence = `Expected one ${kind === 'JobsTable' ? 'jobs table' : 'table of keys'} of stage ${stage}; ${seen}.${kind === 'JobsTable' ? ' Name it with --table.' : ''}`;
  throw tables.length === 0 ? new Stopped('unreachable', sentence) : misused(sentence);
}
