import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { InvokeConfigRequest } from '../lambda/asynchronous/invoke-config.ts';
import type { Resource } from './identities.ts';
import type { Maker, Services } from './maker.ts';
import { propertiesOf } from './properties.ts';
import { TemplateRefusal } from './refusal.ts';
import type { Stack } from './stack.ts';
import { functionOf } from './wiring.ts';

const FunctionProperties = z.object({
  Handler: z.string().regex(/^[^.].*\.[^./]+$/, 'is not <path>.<export>'),
  Runtime: z.string().regex(/^nodejs/, 'only Node.js runs here'),
  MemorySize: z.coerce.number().default(128),
  Timeout: z.coerce.number().default(3),
  DeadLetterConfig: z
    .object({
      TargetArn: z.string().startsWith('arn:aws:sqs:', 'only a queue can take dead letters here').optional(),
    })
    .default({}),
  TenancyConfig: z.object({ TenantIsolationMode: z.literal('PER_TENANT', 'is not PER_TENANT') }).optional(),
  LoggingConfig: z
    .object({ LogGroup: z.string().optional(), LogFormat: z.enum(['JSON', 'Text']).default('Text') })
    .default({ LogFormat: 'Text' }),
  Environment: z
    .object({ Variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}) })
    .default({ Variables: {} }),
});

const MappingProperties = z.object({
  EventSourceArn: z.string(),
  BatchSize: z.coerce.number().default(10),
  Enabled: z.boolean().default(true),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  // Without one Lambda starts with five readers of a queue and grows to a thousand; this machine stays at five.
  ScalingConfig: z
    .object({ MaximumConcurrency: z.coerce.number().default(5) })
    .default({ MaximumConcurrency: 5 }),
});

/** @throws TemplateRefusal when the bundle of a function is missing */
export function bundleOf(resource: Resource, bundles: string): { bundle: string; exportName: string } {
  const { Handler } = propertiesOf(FunctionProperties, resource);
  const dot = Handler.lastIndexOf('.');
  const bundle = resolve(bundles, `${Handler.slice(0, dot)}.mjs`);
  if (!existsSync(bundle)) {
    throw new TemplateRefusal(
      `Resources.${resource.logicalId}`,
      `${bundle} is not built: run \`npm run build\``,
    );
  }
  return { bundle, exportName: Handler.slice(dot + 1) };
}

const makeFunction: Maker = async (
  resource,
  { lambda, bundles, functionEnvironment }: Services,
  stack: Stack,
) => {
  const { MemorySize, Timeout, Environment, DeadLetterConfig, TenancyConfig, LoggingConfig } = propertiesOf(
    FunctionProperties,
    resource,
  );
  const { ref, attributes } = stack.identity(resource.logicalId);
  lambda.define({
    name: ref,
    arn: String(attributes['Arn']),
    ...bundleOf(resource, bundles),
    timeoutSeconds: Timeout,
    memoryMiB: MemorySize,
    deadLetterQueueArn: DeadLetterConfig.TargetArn,
    isolatesTenants: TenancyConfig !== undefined,
    ...(LoggingConfig.LogGroup !== undefined && {
      log: { group: LoggingConfig.LogGroup, format: LoggingConfig.LogFormat },
    }),
    environment: {
      ...Object.fromEntries(
        Object.entries(Environment.Variables).map(([name, value]) => [name, String(value)]),
      ),
      ...functionEnvironment,
    },
  });
};

const makeMapping: Maker = async (resource, { lambda, call }, stack) => {
  const properties = propertiesOf(MappingProperties, resource);
  if (!properties.Enabled) return;
  const QueueName = properties.EventSourceArn.split(':').at(-1);
  const { QueueUrl } = await call('sqs', 'GetQueueUrl', { QueueName });
  lambda.map({
    functionName: stack.identity(functionOf(stack, resource).logicalId).ref,
    queueUrl: String(QueueUrl),
    queueArn: properties.EventSourceArn,
    batchSize: properties.BatchSize,
    windowSeconds: properties.MaximumBatchingWindowInSeconds,
    reportBatchItemFailures: properties.FunctionResponseTypes.length > 0,
    maximumConcurrency: properties.ScalingConfig.MaximumConcurrency,
  });
};

const PermissionProperties = z.strictObject({
  FunctionName: z.string(),
  Action: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
  FunctionUrlAuthType: z.string().optional(),
  InvokedViaFunctionUrl: z.boolean().optional(),
});

const makePermission: Maker = async (resource, { lambda }, stack) => {
  const { Action, Principal, SourceArn, SourceAccount } = propertiesOf(PermissionProperties, resource);
  const functionName = stack.identity(functionOf(stack, resource).logicalId).ref;
  lambda.permit(functionName, {
    StatementId: resource.logicalId,
    Action,
    Principal,
    SourceArn,
    SourceAccount,
  });
};

const InvokeConfigProperties = InvokeConfigRequest.extend({
  FunctionName: z.string(),
  Qualifier: z.string(),
});

const makeInvokeConfig: Maker = async (resource, { lambda }, stack) => {
  const { FunctionName: _, Qualifier, ...config } = propertiesOf(InvokeConfigProperties, resource);
  if (Qualifier !== '$LATEST')
    throw new TemplateRefusal(
      `Resources.${resource.logicalId}.Properties`,
      'its Qualifier must be $LATEST: there are no other versions here',
    );
  lambda.configure(stack.identity(functionOf(stack, resource).logicalId).ref, config);
};

const UrlProperties = z.strictObject({
  TargetFunctionArn: z.string(),
  AuthType: z.enum(['NONE', 'AWS_IAM']),
  Cors: z.never('is not implemented here').optional(),
  InvokeMode: z.literal('BUFFERED', 'only BUFFERED answers here').optional(),
  Qualifier: z.never('is not implemented here').optional(),
});

const makeUrl: Maker = async (resource, { lambda }, stack) => {
  const { AuthType } = propertiesOf(UrlProperties, resource);
  lambda.openUrl(stack.identity(functionOf(stack, resource).logicalId).ref, AuthType);
};

export const functionMakers: Readonly<Record<string, Maker>> = {
  'AWS::Lambda::Function': makeFunction,
  'AWS::Lambda::EventSourceMapping': makeMapping,
  'AWS::Lambda::Permission': makePermission,
  'AWS::Lambda::Url': makeUrl,
  'AWS::Lambda::EventInvokeConfig': makeInvokeConfig,
};
