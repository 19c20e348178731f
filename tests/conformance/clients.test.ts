/** Sessions of people with the laptop, by three clients: what AWS takes is taken, and what it refuses is refused by its code. */
import { expect } from '@jest/globals';
import { eventually } from '../local/cloud/set-up.ts';
import { type Body, sessions } from './client-sessions.ts';
import { definition, requirements, wrongDefinitions, wrongEnvironments } from './wrong-batch.ts';

const QUEUE_ARN = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const wrongPatterns: readonly object[] = [
  { detail: { FileName: [{ 'anything-but': { prefix: '' } }] } },
  { detail: { FileName: [{ 'anything-but': { suffix: { 'equals-ignore-case': '.png' } } }] } },
  { EventBusArn: [{ wildcard: '*:*:*:*:*:event-bus/*' }] },
];

sessions((session) => {
  const { name, test, call, refusal, refusals, all } = session;

  test('a wrong job definition, environment or queue is refused when it is made', async () => {
    const definitions = wrongDefinitions.map(
      ([title, input]) => [title, { jobDefinitionName: 'wrong', ...input }] as const,
    );
    expect(await refusals('batch', 'RegisterJobDefinition', definitions)).toEqual(
      all(definitions, 'ClientException'),
    );
    const environments = wrongEnvironments.map(
      ([title, input]) => [title, { computeEnvironmentName: 'wrong', ...input }] as const,
    );
    expect(await refusals('batch', 'CreateComputeEnvironment', environments)).toEqual(
      all(environments, 'ClientException'),
    );
    const order = [{ order: 1, computeEnvironment: session.cloud.physicalId('Environment') }];
    const action = {
      action: 'CANCEL',
      maxTimeSeconds: 600,
      reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
      state: 'RUNNABLE',
    };
    const queue = (more: object) => ({
      jobQueueName: 'wrong',
      priority: 1,
      computeEnvironmentOrder: order,
      ...more,
    });
    const queues = [
      [
        'with one environment twice',
        queue({ computeEnvironmentOrder: [...order, { ...order[0], order: 2 }] }),
      ],
      ['with one order twice', queue({ computeEnvironmentOrder: [...order, ...order] })],
      [
        'with a time limit of 599 s',
        queue({ jobStateTimeLimitActions: [{ ...action, maxTimeSeconds: 599 }] }),
      ],
      [
        'with a time limit for no known reason',
        queue({ jobStateTimeLimitActions: [{ ...action, reason: 'WHATEVER' }] }),
      ],
      ['with a tag of AWS', queue({ tags: { 'aws:x': '1' } })],
    ] as const;
    expect(await refusals('batch', 'CreateJobQueue', queues)).toEqual(all(queues, 'ClientException'));
  });

  test('a wrong job is refused when it is submitted', async () => {
    const jobDefinition = session.cloud.physicalId('Definition');
    const job = {
      jobName: 'wrong',
      jobQueue: session.cloud.outputs['JobQueueArn'],
      jobDefinition,
      shareIdentifier: 'a',
    };
    const overridden = (type: string, value: string) => ({
      ...job,
      containerOverrides: { resourceRequirements: [{ type, value }] },
    });
    await call('batch', 'RegisterJobDefinition', {
      jobDefinitionName: `ec2-${name.replace(' ', '')}`,
      ...definition(requirements(['VCPU', '1'], ['MEMORY', '64'])),
    });
    const jobs = [
      ['with -1 vCPU', overridden('VCPU', '-1')],
      ['with abc vCPUs', overridden('VCPU', 'abc')],
      ['with 3 MiB', overridden('MEMORY', '3')],
      ['with an instance type', { ...job, containerOverrides: { instanceType: 'm5.large' } }],
      ['with a tag of AWS', { ...job, tags: { 'aws:x': '1' } }],
      [
        'with a definition of another account',
        { ...job, jobDefinition: jobDefinition.replace('000000000000', '111111111111') },
      ],
      ['with a definition for another platform', { ...job, jobDefinition: `ec2-${name.replace(' ', '')}` }],
      ['with a name that has a blank', { ...job, jobName: 'a b' }],
    ] as const;
    expect(await refusals('batch', 'SubmitJob', jobs)).toEqual(all(jobs, 'ClientException'));
    const wrongDate = {
      jobQueue: job.jobQueue,
      filters: [{ name: 'BEFORE_CREATED_AT', values: ['yesterday'] }],
    };
    expect(await refusal('batch', 'ListJobs', wrongDate)).toBe('ClientException');
    const tags = { resourceArn: session.cloud.outputs['JobQueueArn'], tags: { 'aws:x': '1' } };
    expect(await refusal('batch', 'TagResource', tags)).toBe('ClientException');
  });

  test('a job that depends on a failed one fails, and what a job printed can be read', async () => {
    const job = {
      jobQueue: session.cloud.outputs['JobQueueArn'],
      jobDefinition: session.cloud.physicalId('Definition'),
      shareIdentifier: 'a',
    };
    const failing = await call('batch', 'SubmitJob', {
      ...job,
      jobName: 'failing',
      parameters: { Greeting: 'fail' },
    });
    const { jobId } = failing;
    const next = await call('batch', 'SubmitJob', { ...job, jobName: 'next', dependsOn: [{ jobId }] });
    const ended = (id: unknown) =>
      eventually(async () => {
        const { jobs } = await call('batch', 'DescribeJobs', { jobs: [id] });
        const [found] = jobs as { status: string; statusReason?: string; container?: Body }[]; // as Batch answers
        return ['FAILED', 'SUCCEEDED'].includes(found?.status ?? '') ? found : undefined;
      });
    expect(await ended(next['jobId'])).toMatchObject({
      status: 'FAILED',
      statusReason: 'Dependent Job failed',
    });
    const failed = await ended(jobId);
    expect(failed).toMatchObject({ status: 'FAILED', container: { exitCode: 9 } });
    const stream = { logGroupName: 'jobs', logStreamName: failed.container?.['logStreamName'] };
    const said = [{ message: 'said: fail' }];
    expect(await call('logs', 'GetLogEvents', stream)).toMatchObject({ events: said });
    const found = { logGroupName: 'jobs', filterPattern: 'fail -hello' };
    expect(await call('logs', 'FilterLogEvents', found)).toMatchObject({ events: said });
    expect(await call('logs', 'DescribeLogStreams', { logGroupName: 'jobs' })).toMatchObject({
      logStreams: [{ logStreamName: stream.logStreamName }],
    });
    expect(await refusal('logs', 'GetLogEvents', { ...stream, logStreamName: 'gone' })).toBe(
      'ResourceNotFoundException',
    );
  });

  test('an object is written once, whole, and may be empty', async () => {
    const at = { Bucket: session.cloud.physicalId('Files'), Key: 'result' };
    await call('s3', 'PutObject', { ...at, Key: 'empty', Body: '' });
    expect(await call('s3', 'GetObject', { ...at, Key: 'empty' })).toMatchObject({
      Body: '',
      ContentLength: 0,
    });
    await call('s3', 'PutObject', { ...at, Body: 'first', IfNoneMatch: '*' });
    const puts = [
      ['a second time', { ...at, Body: 'second', IfNoneMatch: '*' }],
      ['with another ETag', { ...at, Body: 'second', IfMatch: '"wrong"' }],
    ] as const;
    expect(await refusals('s3', 'PutObject', puts)).toEqual(all(puts, 'PreconditionFailed'));
    const wrongSum = { ...at, Body: 'second', ChecksumSHA256: 'A'.repeat(43).concat('=') };
    expect(await refusal('s3', 'PutObject', wrongSum)).toBe('BadDigest');
    expect(await call('s3', 'GetObject', at)).toMatchObject({ Body: 'first' });
    const versioning = { Bucket: at.Bucket, VersioningConfiguration: { Status: 'Enabled' } };
    expect(await refusal('s3', 'PutBucketVersioning', versioning)).toBe('NotImplemented');
  });

  test('a queue refuses what SQS refuses, with the code that the client shows for AWS', async () => {
    // boto3 and the CLI show the codes of the older protocol where they differ.
    const code = (today: string, older: string) => (name === 'JavaScript' ? today : older);
    const QueueName = 'mine';
    const { QueueUrl } = await call('sqs', 'CreateQueue', { QueueName });
    expect(await refusal('sqs', 'CreateQueue', { QueueName: 'a'.repeat(81) })).toBe('InvalidParameterValue');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QUEUE_ARN('gone'), maxReceiveCount: 1 });
    expect(await refusal('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { RedrivePolicy } })).toBe(
      'InvalidParameterValue',
    );
    expect(await refusal('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle: 'garbage' })).toBe(
      'ReceiptHandleIsInvalid',
    );
    const gone = { QueueUrl: `${session.cloud.endpoint}/000000000000/gone`, MessageBody: 'x' };
    expect(await refusal('sqs', 'SendMessage', gone)).toBe(
      code('QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'),
    );
    const AWSTraceHeader = { DataType: 'String', StringValue: 'Root=1' };
    await call('sqs', 'SendMessage', {
      QueueUrl,
      MessageBody: '🎉',
      MessageSystemAttributes: { AWSTraceHeader },
    });
    const received = await call('sqs', 'ReceiveMessage', { QueueUrl, MessageSystemAttributeNames: ['All'] });
    expect(received).toMatchObject({ Messages: [{ Body: '🎉', Attributes: { AWSTraceHeader: 'Root=1' } }] });
    await call('sqs', 'PurgeQueue', { QueueUrl });
    expect(await refusal('sqs', 'PurgeQueue', { QueueUrl })).toBe(
      code('PurgeQueueInProgress', 'AWS.SimpleQueueService.PurgeQueueInProgress'),
    );
  });

  test('a table keeps its conditions, its protection and its expiry', async () => {
    const TableName = 'mine';
    const AttributeDefinitions = [{ AttributeName: 'pk', AttributeType: 'S' }];
    const KeySchema = [{ AttributeName: 'pk', KeyType: 'HASH' }];
    const table = { TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' };
    await call('dynamodb', 'CreateTable', { ...table, DeletionProtectionEnabled: true });
    expect(await refusal('dynamodb', 'DeleteTable', { TableName })).toBe('ValidationException');
    const Item = { pk: { S: 'a' } };
    await call('dynamodb', 'PutItem', {
      TableName: `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`,
      Item,
    });
    const once = { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' };
    expect(await refusal('dynamodb', 'PutItem', once)).toBe('ConditionalCheckFailedException');
    const Put = { ...once, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    expect(await refusal('dynamodb', 'TransactWriteItems', { TransactItems: [{ Put }] })).toBe(
      'TransactionCanceledException',
    );
    const Get = { TableName, Key: Item };
    expect(await call('dynamodb', 'TransactGetItems', { TransactItems: [{ Get }] })).toMatchObject({
      Responses: [{ Item }],
    });
    const TimeToLiveSpecification = { AttributeName: 'until', Enabled: true };
    await call('dynamodb', 'UpdateTimeToLive', { TableName, TimeToLiveSpecification });
    expect(await call('dynamodb', 'DescribeTimeToLive', { TableName })).toMatchObject({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED' },
    });
    const statement = { Statement: `SELECT * FROM ${TableName}` };
    expect(await refusal('dynamodb', 'ExecuteStatement', statement)).toBe('UnknownOperationException');
  });

  test('a pattern matches as in EventBridge, and a wrong one is refused', async () => {
    const event = (detail: object) =>
      JSON.stringify({
        id: '1',
        account: '0',
        source: 's',
        time: '2026-01-01T00:00:00Z',
        region: 'r',
        resources: [],
        'detail-type': 't',
        detail,
      });
    const matches = async (pattern: object, detail: object) =>
      (
        await call('events', 'TestEventPattern', {
          EventPattern: JSON.stringify(pattern),
          Event: event(detail),
        })
      )['Result'];
    expect(await matches({ detail: { 'state.status': ['running'] } }, { state: { status: 'running' } })).toBe(
      true,
    );
    expect(await matches({ detail: { ip: [{ cidr: '10.0.0.0/24' }] } }, { ip: '10.0.0.7' })).toBe(true);
    expect(await matches({ detail: { ip: [{ cidr: '10.0.0.0/24' }] } }, { ip: '10.0.1.7' })).toBe(false);
    const wrong = wrongPatterns.map(
      (pattern) =>
        [JSON.stringify(pattern), { Name: 'wrong', EventPattern: JSON.stringify(pattern) }] as const,
    );
    expect(await refusals('events', 'PutRule', wrong)).toEqual(all(wrong, 'InvalidEventPatternException'));
    expect(
      await refusal('events', 'PutRule', { Name: 'r'.repeat(65), EventPattern: '{"source":["x"]}' }),
    ).toBe('ValidationException');
  });

  test('a rule of a schedule is made with its target, found by it and removed', async () => {
    const rule = { Name: 'nightly', ScheduleExpression: 'cron(0 3 ? * MON-FRI *)' };
    await call('events', 'PutRule', { ...rule, Tags: [{ Key: 'team', Value: 'a' }] });
    const Arn = QUEUE_ARN('local-Told');
    const InputTransformer = { InputPathsMap: { at: '$.time' }, InputTemplate: '{"at": <at>}' };
    const Targets = [{ Id: 'queue', Arn, InputTransformer }];
    expect(await call('events', 'PutTargets', { Rule: rule.Name, Targets })).toMatchObject({
      FailedEntryCount: 0,
    });
    expect(await call('events', 'ListRuleNamesByTarget', { TargetArn: Arn })).toMatchObject({
      RuleNames: ['nightly'],
    });
    expect(await refusal('events', 'DeleteRule', { Name: rule.Name })).toBe('ValidationException');
    await call('events', 'RemoveTargets', { Rule: rule.Name, Ids: ['queue'] });
    await call('events', 'DeleteRule', { Name: rule.Name });
  });

  test('a function is called at once, as an event, and not at all', async () => {
    const FunctionName = session.cloud.physicalId('Copy');
    const Payload = JSON.stringify({ Records: [{ body: `row of ${name}` }] });
    expect(await call('lambda', 'Invoke', { FunctionName, Payload })).toMatchObject({
      StatusCode: 200,
      Payload: '{"batchItemFailures":[]}',
    });
    const event = { FunctionName, InvocationType: 'Event', Payload };
    expect(await call('lambda', 'Invoke', event)).toMatchObject({ StatusCode: 202 });
    expect(await call('lambda', 'Invoke', { ...event, InvocationType: 'DryRun' })).toMatchObject({
      StatusCode: 204,
    });
    expect(await refusal('lambda', 'Invoke', { FunctionName: 'gone' })).toBe('ResourceNotFoundException');
  });
});
