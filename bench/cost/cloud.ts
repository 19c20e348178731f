/**
 * AWS inside the process: the SDK's own clients, whose requests are counted and answered without a socket, so that a run
 * makes the same calls each time. DynamoDB is the embedded one; a queue and a bus keep what they are given.
 */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { parse } from 'yaml';
import * as z from 'zod';
import { ApiError, type ApiRequest } from '../../local/aws.ts';
import { openTables } from '../../local/dynamodb/tables.ts';
import type { Counts } from './meter.ts';

export const TABLE = 'jobs';
export const QUEUES_URL = 'https://sqs.us-east-1.amazonaws.com/bench';
const REQUEST_BYTES = 65_536;

const SendMessageBatch = z.object({
  QueueUrl: z.string(),
  Entries: z.array(
    z.object({
      Id: z.string(),
      MessageBody: z.string(),
      DelaySeconds: z.number().default(0),
      MessageAttributes: z.record(z.string(), z.object({ StringValue: z.string() })).default({}),
    }),
  ),
});
const PutEvents = z.object({ Entries: z.array(z.looseObject({})) });
const Decrypt = z.object({ CiphertextBlob: z.string() });
const Consumed = z.object({ CapacityUnits: z.number() });
const Answer = z.looseObject({ ConsumedCapacity: z.union([Consumed, z.array(Consumed)]).optional() });

export interface Sent {
  readonly queueUrl: string;
  readonly body: string;
  readonly delaySeconds: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Listener {
  sent(message: Sent): void;
}

export type CountedCloud = Awaited<ReturnType<typeof openCountedCloud>>;

export async function openCountedCloud(counts: Counts, listener: Listener) {
  const tables = openTables();
  const services: Readonly<Record<string, (request: ApiRequest) => Promise<unknown>>> = {
    dynamodb: async (request) => {
      const { body } = await tables.handle(asking(request)).catch((error: unknown) => {
        // At least: AWS charges by the size of the item that did not meet the condition.
        if (error instanceof ApiError && error.name === 'ConditionalCheckFailedException')
          counts.writeUnits += 1;
        throw error;
      });
      const { ConsumedCapacity = [], ...answer } = Answer.parse(body);
      const units = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
      counts[/\.(?:Query|.*Get)/.test(targetOf(request)) ? 'readUnits' : 'writeUnits'] += units;
      return answer;
    },
    sqs: async ({ body }) => {
      const { QueueUrl, Entries } = SendMessageBatch.parse(body);
      counts.messages += Entries.length;
      counts.queueRequests += Math.ceil(JSON.stringify(body).length / REQUEST_BYTES);
      for (const { MessageBody, DelaySeconds, MessageAttributes } of Entries)
        listener.sent({
          queueUrl: QueueUrl,
          body: MessageBody,
          delaySeconds: DelaySeconds,
          attributes: Object.fromEntries(
            Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
          ),
        });
      return {
        Successful: Entries.map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' })),
        Failed: [],
      };
    },
    events: async ({ body }) => {
      const { Entries } = PutEvents.parse(body);
      counts.events += Entries.length;
      return { FailedEntryCount: 0, Entries: Entries.map((_, i) => ({ EventId: String(i) })) };
    },
    kms: async ({ body }) => {
      counts.keyRequests += 1;
      return { Plaintext: Decrypt.parse(body).CiphertextBlob };
    },
  };
  const configOf = (service: string) => ({
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    maxAttempts: 1,
    requestHandler: answering(services[service] ?? (async () => ({})), counts),
  });
  const dynamo = new DynamoDBClient(configOf('dynamodb'));
  await dynamo.send(new CreateTableCommand(jobsTable()));
  // It is made with a later turn of the event loop.
  const isActive = async () =>
    (await dynamo.send(new DescribeTableCommand({ TableName: TABLE }))).Table?.TableStatus === 'ACTIVE';
  while (!(await isActive())) await pause(1);
  return {
    db: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    sqs: new SQSClient({ ...configOf('sqs'), md5: false }),
    events: new EventBridgeClient(configOf('events')),
    kms: new KMSClient(configOf('kms')),
    close: async () => tables.close(),
  };
}

interface SentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A request handler of the SDK. It is known by its shape, so nothing of the SDK's own is needed. */
function answering(service: (request: ApiRequest) => Promise<unknown>, counts: Counts) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ headers, body }: SentRequest) {
      counts.calls += 1;
      try {
        const request = { method: 'POST', path: '/', headers, body: JSON.parse(textOf(body)) };
        return answer(200, await service(request));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return answer(error.status, { __type: error.name, message: error.message, ...error.members });
      }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** A request without a stream has its body as text or as bytes. */
const textOf = (body: unknown) =>
  body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body);

const answer = (statusCode: number, body: unknown) => ({
  response: { statusCode, headers: {}, body: Readable.from([Buffer.from(JSON.stringify(body))]) },
});

/** CreateTable consumes nothing, and takes no such question. */
const asking = (request: ApiRequest): ApiRequest =>
  /Item|Query|Statement/.test(targetOf(request))
    ? { ...request, body: { ...request.body, ReturnConsumedCapacity: 'TOTAL' } }
    : request;

const targetOf = ({ headers }: ApiRequest) => headers['x-amz-target'] ?? '';

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const Declared = z.object({
  Resources: z.object({
    JobsTable: z.object({
      Properties: z.object({
        BillingMode: z.literal('PAY_PER_REQUEST'),
        AttributeDefinitions: z.array(
          z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
        ),
        KeySchema,
        GlobalSecondaryIndexes: z.array(
          z.object({
            IndexName: z.string(),
            KeySchema,
            Projection: z.object({ ProjectionType: z.enum(['KEYS_ONLY', 'ALL']) }),
          }),
        ),
      }),
    }),
  }),
});

/** From the source: a benchmark of the table needs no package. */
function jobsTable(): CreateTableCommandInput {
  const text = readFileSync(`${import.meta.dirname}/../../resources/tables.yml`, 'utf8');
  const { Properties } = Declared.parse(parse(text, { logLevel: 'error' })).Resources.JobsTable;
  return { TableName: TABLE, ...Properties };
}
