/** What AWS says of the platform, with names in it that are the operator's alone. Texts as seen in real accounts. */
import type { CallError } from '../../domain/batch/refusal.ts';
import type { FailedTry } from '../../domain/job/failure.ts';

const ACCOUNT = '123456789012';
const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:${ACCOUNT}:${rest}`;
const REQUEST_ID = '2b840943-b750-11e8-827b-15f8ec75bcad';
const REGISTRY = `${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com`;

/** Nothing that a tenant reads matches this. */
export const INTERNALS =
  /arn:aws|\d{12}|2b840943|RequestId|amazonaws|\.internal|10\.0\.|i-0a1b2c3d|ECONNREFUSED|db\.prod/;

const executing = (text: string) => `Error executing request, Exception : ${text}, RequestId: ${REQUEST_ID}`;
const client = (message: string): CallError => ({ name: 'ClientException', status: 400, message });
const denied = (message: string): CallError => ({ name: 'AccessDeniedException', status: 403, message });

/** @see AWS Batch API reference, SubmitJob: one exception for almost everything */
export const ownRequest: readonly (readonly [string, CallError, 'invalid_input' | 'platform'])[] = [
  ['its size', client('Job size must be less than 30 KiB, got 47 KiB'), 'invalid_input'],
  [
    'its size, in an envelope',
    client(executing('Job size must be less than 30 KiB, got 47 KiB')),
    'invalid_input',
  ],
  ['its overrides', client('Container Overrides length must be at most 8192'), 'invalid_input'],
  [
    'its parameters',
    client(
      `1 validation error detected: Value '{a=}' at 'parameters' failed to satisfy constraint: Map value`,
    ),
    'invalid_input',
  ],
  ['its tags', client(`Value at 'tags.member.1' failed to satisfy constraint: length 256`), 'invalid_input'],
  ['the number of its tags', client('Tags exceed the limit of 50'), 'invalid_input'],
  ['its name', client(executing('Job name should match valid pattern')), 'platform'],
  [
    'the memory that its type asks for',
    client('Fargate resource requirements (0.25 vCPU, 3000 MiB) not valid.'),
    'platform',
  ],
];

export const platform: readonly (readonly [string, CallError, string])[] = [
  ['the queue is disabled', client(`Job queue ${arn('batch', 'job-queue/standard')} is disabled`), 'queue'],
  [
    'the queue is disabled, in an envelope',
    client(executing(`JobQueue ${arn('batch', 'job-queue/a')} is in DISABLED state`)),
    'queue',
  ],
  ['the queue is gone', client('JobQueue headgate-prod-standard not found.'), 'queue'],
  [
    'the queue leads to another platform',
    client('Job Queue is attached to Compute Environment that can not run Jobs with capability EC2.'),
    'queue',
  ],
  [
    'the definition was deregistered',
    client('JobDefinition name headgate-worker does not exist or is not in ACTIVE status'),
    'definition',
  ],
  [
    'the definition was deregistered, by its ARN',
    client(`Job definition ${arn('batch', 'job-definition/small:7')} does not exist`),
    'definition',
  ],
  [
    'the definition wants what no job gives',
    client('Unable to substitute value. No parameter found for reference attempt'),
    'definition',
  ],
  ['the queue has 500 shares', client('Job queue a has 500 active share identifiers already'), 'share'],
  [
    'the queue has no policy',
    client(
      'Job with shareIdentifier or schedulingPriority can only be submitted to job queue with fair share scheduling policy.',
    ),
    'share',
  ],
  [
    'a priority is missing',
    client('Either schedulingPriority in job definition or schedulingPriorityOverride is required.'),
    'share',
  ],
  [
    'a right is missing',
    denied(
      `User: ${arn('sts', 'assumed-role/submit/x')} is not authorized to perform: batch:SubmitJob on resource: ${arn('batch', 'job-queue/a')}`,
    ),
    'permission',
  ],
  [
    'the right to tag is missing',
    denied(`User: ${arn('sts', 'assumed-role/submit/x')} is not authorized to perform: batch:TagResource`),
    'permission',
  ],
  [
    'a role may not be passed',
    client(
      `User: ${arn('sts', 'assumed-role/submit/x')} is not authorized to perform: iam:PassRole on resource: ${arn('iam', 'role/worker')}`,
    ),
    'permission',
  ],
  [
    'credentials are of another account',
    {
      name: 'UnrecognizedClientException',
      status: 403,
      message: 'The security token included in the request is invalid.',
    },
    'permission',
  ],
  [
    'credentials are over',
    {
      name: 'ExpiredTokenException',
      status: 403,
      message: 'The security token included in the request is expired',
    },
    'permission',
  ],
  [
    'the parameters of the definition are wrong',
    client('JobDefinition worker is invalid: its parameters must be a map'),
    'definition',
  ],
  [
    'the right to tag is missing, in the words of the service',
    client('Not authorized to perform batch:TagResource: tags must have an owner'),
    'permission',
  ],
  ['AWS says what we do not know', client(executing('The moon is in the wrong phase')), 'other'],
];

const ECS = 'Essential container in task exited';
const tried = (statusReason: string, container: FailedTry['container'] = {}): FailedTry => ({
  statusReason,
  container,
});

export const endings: readonly FailedTry[] = [
  tried('Host EC2 (instance i-0a1b2c3d4e5f67890) terminated.'),
  tried('Your Spot Task was interrupted.'),
  tried('Job attempt duration exceeded timeout', { exitCode: 137 }),
  tried('Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT'),
  tried('Task failed to start', {
    reason: `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${REGISTRY}/headgate:latest: not found`,
  }),
  tried(
    `CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: dial tcp 10.0.3.7:443: i/o timeout (${REGISTRY})`,
  ),
  tried('Task failed to start', {
    reason: `ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User: ${arn('sts', 'assumed-role/x')}`,
  }),
  tried(`ECS was unable to assume the role '${arn('iam', 'role/worker')}' that was provided for this task.`),
  tried('Timeout waiting for network interface provisioning to complete.'),
  tried(ECS, { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }),
  tried(ECS, { exitCode: 1 }),
  tried(ECS, { exitCode: 64 }),
  tried(ECS, { exitCode: 134 }),
  tried(ECS, {
    reason: 'CannotStartContainerError: failed to create task on ip-10-0-3-7.eu-central-1.compute.internal',
  }),
  { ...tried(`ended by ${arn('iam', 'user/ops')} for request id ${REQUEST_ID}`), isTerminated: true },
  tried('JobQueue deleted'),
  { container: {} },
];

/** What a handler may say when it puts the message of a library into a sentence of its own. */
export const handlers: readonly string[] = [
  `AccessDenied: User: ${arn('sts', 'assumed-role/worker/abc')} is not authorized to perform: s3:GetObject`,
  `The file could not be read from https://bucket.s3.eu-central-1.amazonaws.com/key: 403, RequestId: ${REQUEST_ID}`,
  'connect ECONNREFUSED db.prod.example:5432',
  'connect ECONNREFUSED 10.0.3.7:5432',
  `getaddrinfo ENOTFOUND db.prod.cluster.internal`,
  `Account ${ACCOUNT} has no such table`,
  `x-amzn-RequestId: ${REQUEST_ID}`,
];
