/** What SQS refuses of a queue: its name, its attributes and its redrive policies. */
import * as z from 'zod';
import type { SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { ApiError } from '../aws.ts';
import { checkValues } from './attribute-values.ts';
import { policyFrom } from './policies.ts';

const SETTABLE = [
  'DelaySeconds',
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'Policy',
  'ReceiveMessageWaitTimeSeconds',
  'RedriveAllowPolicy',
  'RedrivePolicy',
  'SqsManagedSseEnabled',
  'VisibilityTimeout',
];
const FIFO_ONLY = ['ContentBasedDeduplication', 'DeduplicationScope', 'FifoQueue', 'FifoThroughputLimit'];
const READ_ONLY = [
  'All',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
];

export type Attributes = Readonly<Record<string, string>>;

/**
 * A FIFO queue says so twice, by its name and by an attribute.
 *
 * @throws InvalidParameterValue
 */
export function checkName(name: string, { FifoQueue }: Attributes): void {
  const isFifo = FifoQueue === 'true';
  if (isFifo ? name.length <= 80 && /^[\w-]+\.fifo$/.test(name) : /^[\w-]{1,80}$/.test(name)) return;
  const characters = 'an only include alphanumeric characters, hyphens, or underscores';
  const message = isFifo
    ? `The name of a FIFO queue c${characters}, must end with .fifo suffix and be 1 to 80 in length.`
    : `C${characters}. 1 to 80 in length`;
  throw new ApiError('InvalidParameterValue', message);
}

/** @throws InvalidAttributeName */
export function checkReadable(names: readonly string[]): void {
  const known = [...SETTABLE, ...FIFO_ONLY, ...READ_ONLY];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ApiError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
}

/**
 * @param queue the ARN that the queue has or will have, its type, and the attributes that it has already
 * @throws ApiError for attributes that SQS refuses
 */
export function checkAttributes(
  attributes: Attributes,
  queue: { readonly arn: string; readonly isFifo: boolean; readonly attributes?: Attributes },
  store: SqsStore,
): void {
  const known = queue.isFifo ? [...SETTABLE, ...FIFO_ONLY] : SETTABLE;
  const unknown = Object.keys(attributes).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ApiError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  checkValues(attributes, queue.attributes ?? {});
  const { Policy = '', RedrivePolicy = '', RedriveAllowPolicy = '' } = attributes;
  if (Policy !== '' && policyFrom(Policy) === undefined)
    throw new ApiError('InvalidAttributeValue', 'Invalid value for the parameter Policy.');
  if (RedriveAllowPolicy !== '') allowPolicyFrom(RedriveAllowPolicy);
  if (RedrivePolicy !== '') checkRedrivePolicy(RedrivePolicy, queue, store);
}

const RedrivePolicy = z.strictObject({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});
const AllowPolicy = z.discriminatedUnion('redrivePermission', [
  z.strictObject({ redrivePermission: z.enum(['allowAll', 'denyAll']) }),
  z.strictObject({
    redrivePermission: z.literal('byQueue'),
    sourceQueueArns: z.array(z.string().startsWith('arn:aws:sqs:')).min(1).max(10),
  }),
]);

function refuse(parameter: string, value: string, reason: string): never {
  const message = `Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}.`;
  throw new ApiError('InvalidParameterValue', message);
}

function checkRedrivePolicy(
  text: string,
  source: { readonly arn: string; readonly isFifo: boolean },
  store: SqsStore,
): void {
  const parsed = RedrivePolicy.safeParse(jsonOf(text));
  if (!parsed.success)
    refuse(
      'RedrivePolicy',
      text,
      'Redrive policy is not valid: it has a deadLetterTargetArn and a maxReceiveCount from 1 to 1000',
    );
  const { deadLetterTargetArn } = parsed.data;
  const target: SqsQueue | undefined = store.getQueueByArn(deadLetterTargetArn);
  if (target === undefined) refuse('RedrivePolicy', text, 'Dead letter target does not exist');
  if (target.isFifo() !== source.isFifo)
    refuse('RedrivePolicy', text, 'Dead-letter queue must be same type of queue as the source');
  const allowed = target.getAttribute('RedriveAllowPolicy');
  if (allowed === undefined || allowed === '' || admits(allowPolicyFrom(allowed), source.arn)) return;
  refuse('RedrivePolicy', text, `the RedriveAllowPolicy of ${deadLetterTargetArn} does not allow this queue`);
}

function allowPolicyFrom(text: string): z.infer<typeof AllowPolicy> {
  const parsed = AllowPolicy.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  return refuse(
    'RedriveAllowPolicy',
    text,
    'it has the redrivePermission allowAll, denyAll, or byQueue with 1 to 10 sourceQueueArns',
  );
}

function admits(policy: z.infer<typeof AllowPolicy>, sourceArn: string): boolean {
  if (policy.redrivePermission === 'byQueue') return policy.sourceQueueArns.includes(sourceArn);
  return policy.redrivePermission === 'allowAll';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
