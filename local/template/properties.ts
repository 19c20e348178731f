/**
 * For each type that is made: the properties that have an effect, and those that cannot have one here. Any other is
 * refused.
 */
import * as z from 'zod';
import type { Resource } from './identities.ts';
import { TemplateRefusal } from './refusal.ts';

interface Known {
  readonly honoured: readonly string[];
  /** Encryption, backups, tags, roles, networks: they cannot be observed on a laptop. */
  readonly ignored: readonly string[];
}

const PROPERTIES: Readonly<Record<string, Known>> = {
  'AWS::SQS::Queue': {
    honoured: [
      'QueueName',
      'DelaySeconds',
      'MaximumMessageSize',
      'MessageRetentionPeriod',
      'ReceiveMessageWaitTimeSeconds',
      'RedriveAllowPolicy',
      'RedrivePolicy',
      'VisibilityTimeout',
    ],
    ignored: ['KmsDataKeyReusePeriodSeconds', 'KmsMasterKeyId', 'SqsManagedSseEnabled', 'Tags'],
  },
  'AWS::DynamoDB::Table': {
    honoured: [
      'TableName',
      'AttributeDefinitions',
      'BillingMode',
      'DeletionProtectionEnabled',
      'GlobalSecondaryIndexes',
      'KeySchema',
      'LocalSecondaryIndexes',
      'ProvisionedThroughput',
      'TimeToLiveSpecification',
    ],
    ignored: ['PointInTimeRecoverySpecification', 'SSESpecification', 'TableClass', 'Tags'],
  },
  'AWS::S3::Bucket': {
    honoured: ['BucketName'],
    ignored: [
      'BucketEncryption',
      'LifecycleConfiguration',
      'OwnershipControls',
      'PublicAccessBlockConfiguration',
      'Tags',
    ],
  },
  'AWS::CloudWatch::Alarm': {
    honoured: [
      'AlarmName',
      'AlarmDescription',
      'ComparisonOperator',
      'DatapointsToAlarm',
      'Dimensions',
      'EvaluationPeriods',
      'MetricName',
      'Metrics',
      'Namespace',
      'Period',
      'Statistic',
      'Threshold',
      'TreatMissingData',
    ],
    // Whom it tells.
    ignored: ['ActionsEnabled', 'AlarmActions', 'InsufficientDataActions', 'OKActions', 'Tags'],
  },
  'AWS::Events::EventBus': { honoured: ['Name', 'Description'], ignored: ['Tags'] },
  'AWS::Events::Rule': {
    honoured: [
      'Name',
      'Description',
      'EventBusName',
      'EventPattern',
      'ScheduleExpression',
      'State',
      'Targets',
    ],
    ignored: ['RoleArn', 'Tags'],
  },
  'AWS::Batch::ComputeEnvironment': {
    honoured: ['ComputeEnvironmentName', 'ComputeResources', 'ServiceRole', 'State', 'Tags', 'Type'],
    // How CloudFormation itself changes an environment.
    ignored: ['ReplaceComputeEnvironment', 'UpdatePolicy'],
  },
  'AWS::Batch::SchedulingPolicy': { honoured: ['Name', 'FairsharePolicy', 'Tags'], ignored: [] },
  'AWS::Batch::JobQueue': {
    honoured: [
      'JobQueueName',
      'ComputeEnvironmentOrder',
      'JobStateTimeLimitActions',
      'Priority',
      'SchedulingPolicyArn',
      'State',
      'Tags',
    ],
    ignored: [],
  },
  'AWS::Batch::JobDefinition': {
    honoured: [
      'JobDefinitionName',
      'ContainerProperties',
      'Parameters',
      'PlatformCapabilities',
      'PropagateTags',
      'RetryStrategy',
      'SchedulingPriority',
      'Tags',
      'Timeout',
      'Type',
    ],
    // Earlier revisions stay active here in any case.
    ignored: ['ResourceRetentionPolicy'],
  },
  'AWS::KMS::Key': {
    honoured: ['Description'],
    // Credentials are not checked here, and the key material is as old as the data directory.
    ignored: ['EnableKeyRotation', 'KeyPolicy', 'PendingWindowInDays', 'Tags'],
  },
  'AWS::KMS::Alias': { honoured: ['AliasName', 'TargetKeyId'], ignored: [] },
  'AWS::Lambda::Function': {
    honoured: [
      'FunctionName',
      'DeadLetterConfig',
      'Environment',
      'Handler',
      'LoggingConfig',
      'MemorySize',
      'Runtime',
      'TenancyConfig',
      'Timeout',
    ],
    // A loop through queues is the template's intent or a bug that should be visible here, where it costs nothing.
    ignored: [
      'Architectures',
      'Code',
      'Description',
      'EphemeralStorage',
      'PackageType',
      'RecursiveLoop',
      'Role',
      'Tags',
      'TracingConfig',
      // A laptop has no network of its own, as it has none for containers.
      'VpcConfig',
    ],
  },
  'AWS::Lambda::EventInvokeConfig': {
    honoured: [
      'FunctionName',
      'DestinationConfig',
      'MaximumEventAgeInSeconds',
      'MaximumRetryAttempts',
      'Qualifier',
    ],
    ignored: [],
  },
  'AWS::Lambda::EventSourceMapping': {
    honoured: [
      'BatchSize',
      'Enabled',
      'EventSourceArn',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'ScalingConfig',
    ],
    ignored: ['Tags'],
  },
};

/** @throws TemplateRefusal naming the property, for a type that is made; types without effect are not checked */
export function refuseUnknownProperties({ logicalId, type, properties }: Resource): void {
  const known = PROPERTIES[type];
  if (known === undefined) return;
  const names = [...known.honoured, ...known.ignored];
  const unknown = Object.keys(properties).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new TemplateRefusal(
    `Resources.${logicalId}.Properties`,
    `${type} does not take ${unknown.join(', ')} here; it takes ${names.toSorted().join(', ')}`,
  );
}

/** @throws TemplateRefusal naming the resource and the property that does not match the schema */
export function propertiesOf<T>(schema: z.ZodType<T>, { logicalId, properties }: Resource): T {
  const parsed = schema.safeParse(properties);
  if (parsed.success) return parsed.data;
  throw new TemplateRefusal(`Resources.${logicalId}.Properties`, z.prettifyError(parsed.error));
}
