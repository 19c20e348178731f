/** A gateway over real stores on a free port, and clients for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchClient } from '@aws-sdk/client-batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { openTables } from '../../../local/dynamodb/tables.ts';
import { type GatewayOptions, type Service, startGateway } from '../../../local/gateway.ts';
import { openFauxqs } from '../../../local/sqs/fauxqs.ts';
import { handleQueueCall } from '../../../local/sqs/queues.ts';

export interface SetUp {
  readonly services?: Record<string, Service>;
  readonly directory?: string;
  readonly port?: number;
  /** A constant, when absent: standard queues keep the order of arrival. */
  readonly random?: () => number;
  readonly onCall?: GatewayOptions['onCall'];
  readonly control?: GatewayOptions['control'];
  readonly pages?: GatewayOptions['pages'];
}

export async function setUp({
  services = {},
  directory,
  port = 0,
  random = () => 0,
  onCall,
  control,
  pages,
}: SetUp = {}) {
  const reported: string[] = [];
  const fauxqs = await openFauxqs(directory && join(directory, 'queues'), random);
  const tables = openTables(directory && join(directory, 'tables.sqlite'));
  const closeStores = async () => {
    await fauxqs.close();
    tables.close();
  };
  const gateway = await startGateway({
    port,
    onCall,
    control,
    pages,
    report: (line) => reported.push(line),
    services: {
      dynamodb: { protocol: 'json', handle: tables.handle },
      s3: { protocol: 'raw', serve: fauxqs.serve },
      sqs: { protocol: 'json', handle: (request) => handleQueueCall(fauxqs, request) },
      sts: { protocol: 'raw', serve: fauxqs.serve },
      ...services,
    },
  }).catch(async (error) => {
    await closeStores();
    throw error;
  });
  fauxqs.moveQueues(gateway.endpoint);
  const sdk = clientsOf(gateway.endpoint);
  return {
    ...sdk,
    endpoint: gateway.endpoint,
    reported,
    /** A request as an SDK for that service would sign it. */
    fetch: (service: string, request: RequestInit & { path?: string } = {}) =>
      fetch(new URL(request.path ?? '/', gateway.endpoint), {
        method: 'POST',
        ...request,
        headers: { authorization: signature(service), ...request.headers },
      }),
    close: async () => {
      sdk.destroy();
      await gateway.close();
      await closeStores();
    },
  };
}

/** Clients that know nothing but what any AWS client can be told from outside. */
export function clientsOf(endpoint: string) {
  const config = {
    endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const sqs = new SQSClient(config);
  const dynamodb = new DynamoDBClient(config);
  const s3 = new S3Client(config);
  const batch = new BatchClient(config);
  return {
    sqs,
    dynamodb,
    s3,
    batch,
    destroy: () => {
      for (const client of [sqs, dynamodb, s3, batch]) client.destroy();
    },
  };
}

export function signature(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

/** A folder for one test, removed after it. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-cloud-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
