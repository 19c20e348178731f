/**
 * The only place that makes AWS clients. Region, credentials and endpoint come from the standard AWS variables.
 *
 * Each client is made by its own function, so that a bundle carries only the SDKs its Lambda calls.
 */
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { SUBMIT_TIMEOUT_MS } from '../../domain/batch/submission.ts';

/** The SDK itself has no timeout: a stalled connection would use up the whole time of the function. */
const timeouts = { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true };

export function dynamo(): DynamoDBDocumentClient {
  const client = new DynamoDBClient({ requestHandler: timeouts });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

export const sqs = (): SQSClient => new SQSClient({ requestHandler: timeouts });
export const eventBridge = (): EventBridgeClient => new EventBridgeClient({ requestHandler: timeouts });
export const sts = (): STSClient => new STSClient({ requestHandler: timeouts });
export const kms = (): KMSClient => new KMSClient({ requestHandler: timeouts });
export const s3 = (): S3Client => new S3Client({ requestHandler: { ...timeouts, requestTimeout: 60_000 } });
/** What is read there is worth no wait: the tenants of other jobs of the batch are told after it. */
export const logs = (): CloudWatchLogsClient =>
  new CloudWatchLogsClient({ maxAttempts: 1, requestHandler: { ...timeouts, requestTimeout: 1500 } });
/** What it is refused is tried again: streams are deleted slowly. */
export const erasingLogs = (): CloudWatchLogsClient => new CloudWatchLogsClient({ requestHandler: timeouts });
/** An invocation waits for its function. */
export const lambda = (): LambdaClient =>
  new LambdaClient({ requestHandler: { ...timeouts, requestTimeout: 35_000 } });
/** For the start of runs: each repetition would be another run. */
export const startingLambda = (): LambdaClient =>
  new LambdaClient({ maxAttempts: 1, requestHandler: { ...timeouts, requestTimeout: SUBMIT_TIMEOUT_MS } });
export const batch = (): BatchClient => new BatchClient({ requestHandler: timeouts });

/**
 * For SubmitJob alone. The request has no client token, and the SDK repeats a request whose answer was lost: three
 * requests would be up to three Batch jobs.
 * @see docs/developing/protocol.md, S7
 */
export const submittingBatch = (): BatchClient =>
  new BatchClient({ maxAttempts: 1, requestHandler: { ...timeouts, requestTimeout: SUBMIT_TIMEOUT_MS } });
