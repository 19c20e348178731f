/** The requests EventBridge understands here. Every object is strict: a key that is not listed is refused by name. */
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import { MAX_TAGS, TagKey, TagValue } from '../tags.ts';
import { TargetInput } from './target-input.ts';

const Name = z.string().min(1).max(256);
/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const RuleName = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'a rule has a name of 1 to 64 letters, digits, dots, hyphens and underscores');
/** @see EventBridge user guide, quotas: "Event pattern size" */
const Pattern = z.string().max(2048, 'an event pattern has at most 2048 characters');
const OptionalBus = { EventBusName: z.string().min(1).optional() };
const Page = { NextToken: z.string().optional(), Limit: z.int().min(1).max(100).optional() };

const Tags = z.array(z.strictObject({ Key: TagKey, Value: TagValue })).max(MAX_TAGS);
type Tags = z.infer<typeof Tags>;

export function tagsFrom(tags: Tags = []): Map<string, string> {
  return new Map(tags.map(({ Key, Value }) => [Key, Value]));
}

const ResourceARN = z.string().min(1).max(1600);
export const TagResource = z.strictObject({ ResourceARN, Tags });
export const UntagResource = z.strictObject({ ResourceARN, TagKeys: z.array(z.string().min(1)) });
export const ListTagsForResource = z.strictObject({ ResourceARN });

export const CreateEventBus = z.strictObject({
  /** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html */
  Name: z
    .string()
    .regex(/^[\w.-]{1,256}$/, 'a custom bus has a name of letters, digits, dots, hyphens and underscores'),
  Description: z.string().max(512).optional(),
  Tags: Tags.optional(),
});
export const OneEventBus = z.strictObject({ Name: z.string().min(1).optional() });
export const ListEventBuses = z.strictObject({ NamePrefix: z.string().optional(), ...Page });

export const PutRule = z.strictObject({
  Name: RuleName,
  ...OptionalBus,
  EventPattern: Pattern.optional(),
  ScheduleExpression: z.string().max(256).optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Description: z.string().max(512).optional(),
  RoleArn: z.string().optional(),
  Tags: Tags.optional(),
});
export const OneRule = z.strictObject({ Name, ...OptionalBus });
export const DeleteRule = OneRule.extend({ Force: z.boolean().optional() });
export const ListRuleNamesByTarget = z.strictObject({
  TargetArn: z.string().min(1).max(1600),
  ...OptionalBus,
  ...Page,
});
export const ListRules = z.strictObject({ NamePrefix: z.string().optional(), ...OptionalBus, ...Page });

/** @see EventBridge user guide, "Considerations for using a dead-letter queue": standard queues alone */
const QueueArn = z
  .string()
  .regex(/^arn:aws:sqs:/, 'a dead-letter queue is an SQS queue')
  .refine((arn) => !arn.endsWith('.fifo'), 'a dead-letter queue is a standard queue');

const Target = z.strictObject({
  Id: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'a target has an id of 1 to 64 letters, digits, dots, hyphens and underscores'),
  Arn: z.string().regex(/^arn:aws:(sqs|lambda):/, 'not implemented here: targets other than SQS and Lambda'),
  RoleArn: z.string().optional(),
  ...TargetInput,
  SqsParameters: z.strictObject({ MessageGroupId: z.string().min(1).max(100) }).optional(),
  DeadLetterConfig: z.strictObject({ Arn: QueueArn }).optional(),
  RetryPolicy: z
    .strictObject({
      MaximumRetryAttempts: z.int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
    })
    .optional(),
});
export type Target = z.infer<typeof Target>;

export const PutTargets = z.strictObject({
  Rule: Name,
  ...OptionalBus,
  Targets: z.array(Target).min(1).max(100),
});
export const RemoveTargets = z.strictObject({
  Rule: Name,
  ...OptionalBus,
  Ids: z.array(z.string()).min(1),
  Force: z.boolean().optional(),
});
export const ListTargetsByRule = z.strictObject({ Rule: Name, ...OptionalBus, ...Page });

export const TestEventPattern = z.strictObject({ EventPattern: Pattern, Event: z.string() });

const Entry = z.strictObject({
  /** Epoch seconds: how JSON 1.1 writes a timestamp. */
  Time: z.number().optional(),
  Source: z.string().optional(),
  Resources: z.array(z.string()).default([]),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  ...OptionalBus,
});
export type Entry = z.infer<typeof Entry>;

export const PutEvents = z.strictObject({ Entries: z.array(Entry).min(1).max(10) });

/** @throws ValidationException naming the field, and the unknown keys */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const place = z.core.toDotPath(issue.path);
    if (issue.code === 'invalid_key') return `${place}: ${issue.issues[0]?.message ?? issue.message}`;
    if (issue.code !== 'unrecognized_keys') return `${place || 'request'}: ${issue.message}`;
    return `not implemented here: ${issue.keys.map((key) => (place ? `${place}.${key}` : key)).join(', ')}`;
  });
  throw new ApiError('ValidationException', problems.join('; '));
}
