/** The packaged CloudFormation template, in the shapes the wiring tests ask about. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { root } from './root.ts';

export { root } from './root.ts';

const file = join(root, '.serverless/cloudformation-template-update-stack.json');
if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build`);

export const templateText = readFileSync(file, 'utf8');
const Properties = z.record(z.string(), z.unknown());
const Template = z.object({
  Parameters: z.record(z.string(), z.looseObject({ Type: z.string(), Default: z.unknown().optional() })),
  Conditions: Properties,
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: Properties.default({}) })),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});
export const template = Template.parse(JSON.parse(templateText));

/** All resources of one type by logical id, each parsed: a resource the schema does not fit fails by name. */
export function resources<Shape extends z.ZodType>(type: string, shape: Shape): [string, z.infer<Shape>][] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => {
      const parsed = shape.safeParse(resource.Properties);
      if (!parsed.success) throw new Error(`${id}: ${z.prettifyError(parsed.error)}`);
      return [id, parsed.data];
    });
}

/** The logical id that `!Ref X` or `!GetAtt X.Y` names; other values are refused, so nothing is wired by a literal. */
export const Reference = z.union([
  z.strictObject({ Ref: z.string() }).transform((value) => value.Ref),
  z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((v) => v['Fn::GetAtt'][0]),
]);

/** A policy's resource as text: a reference as its logical id, `!Sub` as its pattern. */
export const Target = z.union([
  z.string(),
  Reference,
  z.strictObject({ 'Fn::Sub': z.string() }).transform((v) => v['Fn::Sub']),
]);

const listOf = <Item extends z.ZodType>(item: Item) =>
  z.union([z.array(item), item.transform((one) => [one])]);

export const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z
    .union([z.literal('*'), z.strictObject({ Service: z.string() }), z.strictObject({ AWS: Reference })])
    .optional(),
  Action: listOf(z.string()),
  Resource: listOf(Target).default([]),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
export type Statement = z.infer<typeof Statement>;

const NoValue = z.strictObject({ Ref: z.literal('AWS::NoValue') }).transform(() => undefined);
/** A statement behind a condition counts as given: what a stack may allow is what must be looked at. */
const Conditional = z
  .strictObject({
    'Fn::If': z.tuple([z.string(), z.union([Statement, NoValue]), z.union([Statement, NoValue])]),
  })
  .transform((value) => value['Fn::If'].slice(1));

const PolicyDocument = z
  .object({ Statement: z.array(z.union([Statement.transform((one) => [one]), Conditional])) })
  .transform((document) =>
    document.Statement.flat().filter((each): each is Statement => typeof each === 'object'),
  );

export const Queue = z.strictObject({
  QueueName: z.string().optional(),
  VisibilityTimeout: z.number().optional(),
  MessageRetentionPeriod: z.number(),
  SqsManagedSseEnabled: z.boolean(),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: Reference, maxReceiveCount: z.number() }).optional(),
  RedriveAllowPolicy: z
    .strictObject({ redrivePermission: z.string(), sourceQueueArns: z.array(Target).default([]) })
    .optional(),
});

export const QueuePolicy = z.strictObject({ Queues: z.array(Reference), PolicyDocument });

export const Rule = z.object({
  /** A schedule needs no dead-letter queue: what one run misses, the next one does. */
  ScheduleExpression: z.string().optional(),
  Targets: z.array(
    z.object({
      Arn: Reference,
      DeadLetterConfig: z.object({ Arn: Reference }).optional(),
      RoleArn: z.never().optional(),
    }),
  ),
});

export const LambdaFunction = z.object({
  Handler: z.string(),
  Role: Reference,
  FunctionName: z.string(),
  Timeout: z.number(),
  Environment: z.object({
    Variables: z.record(
      z.string(),
      z.union([
        z.string().transform((literal) => ({ literal })),
        Reference.transform((refersTo) => ({ refersTo })),
        z
          .strictObject({ 'Fn::Sub': z.union([z.string(), z.tuple([z.string(), z.unknown()])]) })
          .transform(({ 'Fn::Sub': text }) => ({ pattern: typeof text === 'string' ? text : text[0] })),
      ]),
    ),
  }),
});

export const EventSourceMapping = z.object({
  EventSourceArn: Reference,
  FunctionName: Reference,
  FunctionResponseTypes: z.array(z.string()).default([]),
  MaximumBatchingWindowInSeconds: z.number().default(0),
  ScalingConfig: z.object({ MaximumConcurrency: z.number().optional() }).default({}),
});

/** Without Cors: the function answers browsers itself, and they refuse headers that are there twice. */
export const FunctionUrl = z.strictObject({
  TargetFunctionArn: Reference,
  AuthType: z.enum(['NONE', 'AWS_IAM']),
});

export const Role = z
  .strictObject({ AssumeRolePolicyDocument: PolicyDocument, Policies: z.array(z.object({ PolicyDocument })) })
  .transform((role) => role.Policies.flatMap((policy) => policy.PolicyDocument));

export const BucketPolicy = z.strictObject({ Bucket: Reference, PolicyDocument });

export const JobQueue = z.object({
  SchedulingPolicyArn: Reference,
  ComputeEnvironmentOrder: z.array(z.object({ Order: z.number(), ComputeEnvironment: Reference })),
});

export const JobDefinition = z.object({
  JobDefinitionName: z.string(),
  PlatformCapabilities: z.array(z.string()),
  SchedulingPriority: z.number(),
  ResourceRetentionPolicy: z.object({ SkipDeregisterOnUpdate: z.boolean() }),
  Timeout: z.object({ AttemptDurationSeconds: z.number() }),
  RetryStrategy: z.object({
    Attempts: z.number(),
    EvaluateOnExit: z.array(
      z.strictObject({
        Action: z.string(),
        OnReason: z.string().optional(),
        OnStatusReason: z.string().optional(),
        OnExitCode: z.string().optional(),
      }),
    ),
  }),
  ContainerProperties: z.object({
    Command: z.array(z.string()),
    User: z.string(),
    ReadonlyRootFilesystem: z.boolean(),
    Privileged: z.boolean().default(false),
    JobRoleArn: Reference,
    ExecutionRoleArn: Reference,
    RuntimePlatform: z.object({ CpuArchitecture: z.string() }),
    NetworkConfiguration: z.object({ AssignPublicIp: z.string().default('DISABLED') }).default({
      AssignPublicIp: 'DISABLED',
    }),
    LogConfiguration: z.object({ LogDriver: z.string() }),
  }),
});
