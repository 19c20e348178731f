/** What a program does all day with each service, by three clients: the requests that their SDKs write differently. */
import { expect } from '@jest/globals';
import { eventually } from '../local/cloud/set-up.ts';
import { type Body, sessions } from './client-sessions.ts';

const MIB = 1024 * 1024;

sessions((session) => {
  const { name, test, call, refusal } = session;
  const job = () => ({
    jobQueue: session.cloud.outputs['JobQueueArn'],
    jobDefinition: session.cloud.physicalId('Definition'),
    shareIdentifier: 'a',
  });
  const submit = async (jobName: string, more: object = {}) =>
    (await call('batch', 'SubmitJob', { ...job(), jobName, ...more }))['jobId'];
  const described = async (id: unknown) => {
    const { jobs } = await call('batch', 'DescribeJobs', { jobs: [id] });
    return (jobs as Body[])[0]; // as Batch answers
  };
  const inState = (id: unknown, ...states: string[]) =>
    eventually(async () => {
      const found = await described(id);
      return states.includes(String(found?.['status'])) ? found : undefined;
    });

  test('Batch: an array runs, a job is ended, one that waits is cancelled, and all are listed', async () => {
    const array = await submit('array', { arrayProperties: { size: 2 } });
    expect(await inState(array, 'SUCCEEDED', 'FAILED')).toMatchObject({
      status: 'SUCCEEDED',
      arrayProperties: { size: 2, statusSummary: { SUCCEEDED: 2 } },
    });
    const children = { arrayJobId: array, jobStatus: 'SUCCEEDED' };
    expect((await call('batch', 'ListJobs', children))['jobSummaryList']).toHaveLength(2);

    const endless = await submit('endless', { parameters: { Greeting: 'wait' } });
    const waits = await submit('waits', { dependsOn: [{ jobId: endless }] });
    await inState(waits, 'PENDING');
    await call('batch', 'CancelJob', { jobId: waits, reason: 'not wanted' });
    await inState(endless, 'RUNNING');
    // A job that waits for others is cancelled when they have ended.
    expect(await inState(waits, 'PENDING')).toMatchObject({ status: 'PENDING' });
    await call('batch', 'TerminateJob', { jobId: endless, reason: 'enough' });
    expect(await inState(endless, 'FAILED')).toMatchObject({ statusReason: 'enough' });
    expect(await inState(waits, 'FAILED')).toMatchObject({ statusReason: 'not wanted' });

    const page = { jobQueue: job().jobQueue, jobStatus: 'FAILED', maxResults: 1 };
    const first = await call('batch', 'ListJobs', page);
    const second = await call('batch', 'ListJobs', { ...page, nextToken: first['nextToken'] });
    const ids = [first, second].flatMap(({ jobSummaryList }) => jobSummaryList as Body[]); // as Batch answers
    expect(ids.map(({ jobId }) => jobId).toSorted()).toEqual([endless, waits].toSorted());
  });

  test('Batch: definitions, queues, resources and tags are made, shown and removed', async () => {
    const consumable = { consumableResourceName: 'licence', totalQuantity: 2, resourceType: 'REPLENISHABLE' };
    await call('batch', 'CreateConsumableResource', consumable);
    expect(
      await call('batch', 'DescribeConsumableResource', { consumableResource: 'licence' }),
    ).toMatchObject({
      totalQuantity: 2,
      inUseQuantity: 0,
    });
    const { jobDefinition, jobQueue: resourceArn } = job();
    expect(await call('batch', 'DescribeJobDefinitions', { jobDefinitions: [jobDefinition] })).toMatchObject({
      jobDefinitions: [{ status: 'ACTIVE', platformCapabilities: ['FARGATE'] }],
    });
    await call('batch', 'TagResource', { resourceArn, tags: { team: 'a', 'a b': 'ü' } });
    await call('batch', 'UntagResource', { resourceArn, tagKeys: ['a b'] });
    expect(await call('batch', 'ListTagsForResource', { resourceArn })).toMatchObject({
      tags: { team: 'a' },
    });
    expect(await call('batch', 'GetJobQueueSnapshot', { jobQueue: resourceArn })).toMatchObject({
      frontOfQueue: { jobs: [] },
    });
  });

  test('S3: an object in parts, in ranges and in pages', async () => {
    const at = { Bucket: session.cloud.physicalId('Files'), Key: 'a folder/größe.txt' };
    const { UploadId } = await call('s3', 'CreateMultipartUpload', { ...at, ContentType: 'text/plain' });
    const Parts: object[] = [];
    for (const [index, Body] of ['x'.repeat(5 * MIB), 'end'].entries()) {
      const part = { ...at, UploadId, PartNumber: index + 1, Body };
      Parts.push({ PartNumber: index + 1, ETag: (await call('s3', 'UploadPart', part))['ETag'] });
    }
    await call('s3', 'CompleteMultipartUpload', { ...at, UploadId, MultipartUpload: { Parts } });
    expect(await call('s3', 'HeadObject', at)).toMatchObject({
      ContentLength: 5 * MIB + 3,
      ContentType: 'text/plain',
    });
    expect(await call('s3', 'GetObject', { ...at, Range: `bytes=${5 * MIB}-` })).toMatchObject({
      Body: 'end',
    });
    // The SDK for JavaScript sends the source as it is, the others encode it.
    const CopySource = `${at.Bucket}/${name === 'JavaScript' ? encodeURIComponent(at.Key) : at.Key}`;
    await call('s3', 'CopyObject', { Bucket: at.Bucket, Key: 'copy', CopySource });
    const page = { Bucket: at.Bucket, MaxKeys: 1 };
    const first = await call('s3', 'ListObjectsV2', page);
    expect(first).toMatchObject({ IsTruncated: true, Contents: [{ Key: at.Key }] });
    const ContinuationToken = first['NextContinuationToken'];
    expect(await call('s3', 'ListObjectsV2', { ...page, ContinuationToken })).toMatchObject({
      Contents: [{ Key: 'copy' }],
    });
    const Delete = { Objects: [{ Key: 'copy' }, { Key: at.Key }] };
    expect((await call('s3', 'DeleteObjects', { Bucket: at.Bucket, Delete }))['Deleted']).toHaveLength(2);
    expect(await refusal('s3', 'GetObject', at)).toBe('NoSuchKey');
  });

  test('SQS: batches, an order, a dead letter and its way back', async () => {
    const Attributes = { FifoQueue: 'true', ContentBasedDeduplication: 'true' };
    const { QueueUrl: fifo } = await call('sqs', 'CreateQueue', { QueueName: 'ordered.fifo', Attributes });
    const Entries = ['a', 'b', 'a'].map((MessageBody, n) => ({
      Id: `${n}`,
      MessageBody,
      MessageGroupId: 'g',
    }));
    expect((await call('sqs', 'SendMessageBatch', { QueueUrl: fifo, Entries }))['Successful']).toHaveLength(
      3,
    );
    const all = { QueueUrl: fifo, AttributeNames: ['All'] };
    expect(await call('sqs', 'GetQueueAttributes', all)).toMatchObject({
      Attributes: { ApproximateNumberOfMessages: '2' },
    });
    const [received] = (await call('sqs', 'ReceiveMessage', { QueueUrl: fifo }))['Messages'] as Body[]; // sent above
    expect(received).toMatchObject({ Body: 'a' });
    const { ReceiptHandle } = received ?? {};
    const deletions = [
      { Id: 'good', ReceiptHandle },
      { Id: 'bad', ReceiptHandle: 'garbage' },
    ];
    expect(await call('sqs', 'DeleteMessageBatch', { QueueUrl: fifo, Entries: deletions })).toMatchObject({
      Successful: [{ Id: 'good' }],
      Failed: [{ Id: 'bad', Code: 'ReceiptHandleIsInvalid' }],
    });

    const kept = { QueueUrl: session.cloud.physicalId('Kept') };
    await call('sqs', 'SendMessage', { ...kept, MessageBody: 'unwanted' });
    for (let times = 0; times < 6; times += 1)
      await call('sqs', 'ReceiveMessage', { ...kept, VisibilityTimeout: 0 });
    const dead = { QueueUrl: session.cloud.physicalId('Dead'), VisibilityTimeout: 0 };
    expect(await call('sqs', 'ReceiveMessage', dead)).toMatchObject({ Messages: [{ Body: 'unwanted' }] });
    const SourceArn = 'arn:aws:sqs:us-east-1:000000000000:local-Dead';
    await call('sqs', 'StartMessageMoveTask', { SourceArn });
    expect(
      await eventually(async () => (await call('sqs', 'ReceiveMessage', kept))['Messages']),
    ).toMatchObject([{ Body: 'unwanted' }]);
  });

  test('DynamoDB: items in batches, by condition, by index and in pages', async () => {
    const TableName = session.cloud.physicalId('Rows');
    const Items = ['a', 'b', 'c'].map((pk) => ({ pk: { S: pk }, at: { N: '1' }, blank: { NULL: true } }));
    const RequestItems = { [TableName]: Items.map((Item) => ({ PutRequest: { Item } })) };
    expect(await call('dynamodb', 'BatchWriteItem', { RequestItems })).toMatchObject({
      UnprocessedItems: {},
    });
    const Key = { pk: { S: 'a' } };
    const update = {
      TableName,
      Key,
      UpdateExpression: 'SET #n = if_not_exists(#n, :zero) + :one, deep = :deep',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#n': 'count' },
      ExpressionAttributeValues: {
        ':zero': { N: '0' },
        ':one': { N: '1' },
        ':deep': { M: { list: { L: [{ BOOL: true }, { SS: ['x', 'y'] }] } } },
      },
      ReturnValues: 'UPDATED_NEW',
    };
    await call('dynamodb', 'UpdateItem', update);
    expect(await call('dynamodb', 'UpdateItem', update)).toMatchObject({
      Attributes: { count: { N: '2' }, deep: update.ExpressionAttributeValues[':deep'] },
    });
    const wrong = { ...update, Key: { pk: { S: 'gone' } } };
    expect(await refusal('dynamodb', 'UpdateItem', wrong)).toBe('ConditionalCheckFailedException');
    const query = {
      TableName,
      IndexName: 'byTime',
      KeyConditionExpression: '#at = :one',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':one': { N: '1' } },
      Limit: 2,
    };
    const first = await call('dynamodb', 'Query', query);
    const second = await call('dynamodb', 'Query', {
      ...query,
      ExclusiveStartKey: first['LastEvaluatedKey'],
    });
    expect([first['Count'], second['Count']]).toEqual([2, 1]);
    const Statement = `INSERT INTO "${TableName}" VALUE {'pk': ?}`;
    const Statements = [{ Statement, Parameters: [{ S: 'd' }] }];
    await call('dynamodb', 'BatchExecuteStatement', { Statements });
    const Keys = ['a', 'd'].map((pk) => ({ pk: { S: pk } }));
    const got = await call('dynamodb', 'BatchGetItem', { RequestItems: { [TableName]: { Keys } } });
    expect((got['Responses'] as Record<string, unknown[]>)[TableName]).toHaveLength(2); // as DynamoDB answers
    expect(await call('dynamodb', 'Scan', { TableName, Select: 'COUNT' })).toMatchObject({ Count: 4 });
  });

  test('EventBridge: an event reaches its queue, and one that is wrong fails alone', async () => {
    const entry = { EventBusName: 'own', Source: 'test', DetailType: 'told', Detail: '{"größe":1}' };
    const sent = await call('events', 'PutEvents', { Entries: [entry, { ...entry, Detail: 'no JSON' }] });
    expect(sent).toMatchObject({ FailedEntryCount: 1, Entries: [{}, { ErrorCode: 'MalformedDetail' }] });
    const { Messages } = await call('sqs', 'ReceiveMessage', { QueueUrl: session.cloud.physicalId('Told') });
    const [message] = Messages as { Body: string }[]; // as SQS answers
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ source: 'test', detail: { größe: 1 } });
    await call('events', 'CreateEventBus', { Name: `bus-${name.replace(' ', '')}` });
    expect((await call('events', 'ListEventBuses', {}))['EventBuses']).toHaveLength(3);
    expect(await refusal('events', 'CreateEventBus', { Name: 'own' })).toBe('ResourceAlreadyExistsException');
    expect(await refusal('events', 'DescribeRule', { Name: 'gone' })).toBe('ResourceNotFoundException');
  });

  test('Lambda: an error of the function, its policy and its configuration for events', async () => {
    const FunctionName = session.cloud.physicalId('Copy');
    expect(await call('lambda', 'Invoke', { FunctionName, Payload: '{}' })).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      Payload: expect.stringContaining('"errorType":"TypeError"'),
    });
    const permission = {
      FunctionName,
      StatementId: 'events',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
    };
    await call('lambda', 'AddPermission', permission);
    expect(await refusal('lambda', 'AddPermission', permission)).toBe('ResourceConflictException');
    expect(String((await call('lambda', 'GetPolicy', { FunctionName }))['Policy'])).toContain('"events"');
    await call('lambda', 'RemovePermission', { FunctionName, StatementId: 'events' });
    expect(await refusal('lambda', 'GetPolicy', { FunctionName })).toBe('ResourceNotFoundException');
    const config = { FunctionName, MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 };
    await call('lambda', 'PutFunctionEventInvokeConfig', config);
    expect(await call('lambda', 'GetFunctionEventInvokeConfig', { FunctionName })).toMatchObject({
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 60,
    });
    const wrong = { ...config, MaximumRetryAttempts: 3 };
    expect(await refusal('lambda', 'PutFunctionEventInvokeConfig', wrong)).not.toBe('accepted');
  });
});
