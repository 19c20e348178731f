/** AWS clients for demos, at the endpoint that the caller's variables name. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export interface Clients {
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly eventBridge: EventBridgeClient;
  readonly kms: KMSClient;
  readonly dynamo: DynamoDBDocumentClient;
  close(): void;
}

/** @param environment the standard AWS variables, for instance those of an embedded cloud */
export function awsClients(environment: Readonly<Record<string, string | undefined>>): Clients {
  const config = {
    endpoint: environment['AWS_ENDPOINT_URL'],
    region: environment['AWS_REGION'],
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  };
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  const sqs = new SQSClient(given);
  const s3 = new S3Client(given);
  const eventBridge = new EventBridgeClient(given);
  const kms = new KMSClient(given);
  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(given));
  return {
    sqs,
    s3,
    eventBridge,
    kms,
    dynamo,
    close: () => {
      for (const client of [sqs, s3, eventBridge, kms, dynamo]) client.destroy();
    },
  };
}
