/** What a program needs to be allowed: the calls its code can make, in the words of IAM. */
import { join } from 'node:path';
import { root } from '../support/template.ts';
import { type Reached, reachedFrom } from './reach.ts';

const SERVICES: Readonly<Record<string, string>> = {
  'client-batch': 'batch',
  'client-cloudwatch-logs': 'logs',
  'client-dynamodb': 'dynamodb',
  'client-eventbridge': 'events',
  'client-kms': 'kms',
  'client-lambda': 'lambda',
  'client-s3': 's3',
  'client-sqs': 'sqs',
  'client-sts': 'sts',
  'lib-dynamodb': 'dynamodb',
};

/** Where the action is not called as the command is. Service Authorization Reference, by service. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'lib-dynamodb/BatchGetCommand': ['dynamodb:BatchGetItem'],
  'lib-dynamodb/BatchWriteCommand': ['dynamodb:BatchWriteItem'],
  'lib-dynamodb/DeleteCommand': ['dynamodb:DeleteItem'],
  'lib-dynamodb/GetCommand': ['dynamodb:GetItem'],
  'lib-dynamodb/PutCommand': ['dynamodb:PutItem'],
  'lib-dynamodb/UpdateCommand': ['dynamodb:UpdateItem'],
  // The requests of S3 and Lambda have other names than their rights.
  'client-s3/DeleteObjectsCommand': ['s3:DeleteObject', 's3:DeleteObjectVersion'],
  'client-s3/HeadObjectCommand': ['s3:GetObject'],
  'client-s3/ListObjectsV2Command': ['s3:ListBucket'],
  'client-s3/ListObjectVersionsCommand': ['s3:ListBucketVersions'],
  'client-lambda/InvokeCommand': ['lambda:InvokeFunction'],
  // Our requests carry tags.
  'client-batch/SubmitJobCommand': ['batch:SubmitJob', 'batch:TagResource'],
  'client-sqs/ChangeMessageVisibilityBatchCommand': ['sqs:ChangeMessageVisibility'],
  'client-sqs/DeleteMessageBatchCommand': ['sqs:DeleteMessage'],
  'client-sqs/SendMessageBatchCommand': ['sqs:SendMessage'],
};

/** A batch of statements needs the right to each kind of statement in it. */
const STATEMENTS: Readonly<Record<string, string>> = {
  DELETE: 'dynamodb:PartiQLDelete',
  INSERT: 'dynamodb:PartiQLInsert',
  SELECT: 'dynamodb:PartiQLSelect',
  UPDATE: 'dynamodb:PartiQLUpdate',
};

export interface Rights {
  readonly actions: readonly string[];
  /** What it queries: an index, or `table`. */
  readonly queries: readonly string[];
}

/** @param entry such as `functions/intake.ts` */
export function rightsOf(entry: string): Rights {
  const reached = reachedFrom(join(root, entry));
  return {
    actions: [...new Set([...reached.commands].flatMap((command) => actionsOf(command, reached)))].sort(),
    queries: [...reached.queries].sort(),
  };
}

function actionsOf(command: string, { statements }: Reached): readonly string[] {
  if (command === 'lib-dynamodb/BatchExecuteStatementCommand')
    return [...statements].map((first) => STATEMENTS[first] ?? first);
  const [client = '', name = ''] = command.split('/');
  const service = SERVICES[client];
  if (service === undefined) throw new Error(`No function has called ${client} before: add its service here`);
  return ACTIONS[command] ?? [`${service}:${name.replace(/Command$/, '')}`];
}
