import {
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionEventInvokeConfigCommand,
  InvokeCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { functionArn, queueArn, startLambda } from './lambda-service.ts';
import { until } from './set-up.ts';

const FAILS =
  'export const handler = async (event, { awsRequestId }) => { console.log(awsRequestId); throw new TypeError("no " + event.what); };';
const WORKS = 'export const handler = async (event) => ({ had: event.what });';
const MINUTE_MS = 60_000;

let service: Awaited<ReturnType<typeof startLambda>>;
beforeEach(async () => {
  service = await startLambda();
});
afterEach(() => service.close());

const event = (FunctionName: string) =>
  new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify({ what: 'bread' }) });

/** The request id of each try so far. */
const tries = () => service.printed.filter((line) => /^[0-9a-f-]{36}$/.test(line));

test('an event on which a function throws is tried again after one and after two minutes, with the same request id', async () => {
  const { client, define, lambda } = await service.open();
  await define('fails', FAILS, { deadLetterQueueArn: queueArn('dead') });
  await lambda.start();
  const { StatusCode, $metadata } = await client.send(event('fails'));
  expect(StatusCode).toBe(202);
  await until(() => service.lines.length === 1);
  service.clock.advance(MINUTE_MS - 1000);
  expect(tries()).toHaveLength(1);
  service.clock.advance(1000);
  await until(() => service.lines.length === 2);
  service.clock.advance(2 * MINUTE_MS);
  await until(() => service.lines.length === 3);
  expect(new Set(tries())).toEqual(new Set([$metadata.requestId]));
  expect(tries()).toHaveLength(3);
  expect(service.sent).toEqual([
    {
      queueArn: queueArn('dead'),
      body: { what: 'bread' },
      attributes: { RequestID: $metadata.requestId, ErrorCode: '200', ErrorMessage: 'no bread' },
    },
  ]);
  expect(service.lines.at(-1)).toBe(
    `Function fails failed on an event for good (RetriesExhausted after 3 tries, TypeError); it is sent to ${queueArn('dead')}.`,
  );
  service.clock.advance(60 * MINUTE_MS);
  expect(tries()).toHaveLength(3);
});

test('an event that succeeds at its second try is not tried again', async () => {
  const { client, define, lambda } = await service.open();
  const body =
    'let calls = 0; export const handler = async () => { if (calls++ === 0) throw new Error("not yet"); console.log("done"); };';
  await define('later', body, { deadLetterQueueArn: queueArn('dead') });
  await lambda.start();
  await client.send(event('later'));
  await until(() => service.lines.length === 1);
  service.clock.advance(MINUTE_MS);
  await until(() => service.printed.includes('done'));
  service.clock.advance(60 * MINUTE_MS);
  expect(service.lines).toHaveLength(1);
  expect(service.sent).toEqual([]);
});

test('the results of a function go to its destinations, as records of the invocation', async () => {
  const { client, define, lambda } = await service.open();
  await define('works', WORKS);
  await define('fails', FAILS);
  await lambda.start();
  const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/own';
  await client.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName: 'works',
      DestinationConfig: { OnSuccess: { Destination: bus } },
    }),
  );
  await client.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName: 'fails',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: queueArn('failures') } },
    }),
  );
  await client.send(event('works'));
  await client.send(event('fails'));
  await until(() => service.published.length === 1 && service.sent.length === 1);
  expect(service.published).toMatchObject([
    {
      bus,
      event: {
        source: 'lambda',
        'detail-type': 'Lambda Function Invocation Result - Success',
        resources: [bus, `${functionArn('works')}:$LATEST`],
        detail: {
          version: '1.0',
          requestContext: { condition: 'Success', approximateInvokeCount: 1 },
          requestPayload: { what: 'bread' },
          responseContext: { statusCode: 200, executedVersion: '$LATEST' },
          responsePayload: { had: 'bread' },
        },
      },
    },
  ]);
  expect(service.sent).toMatchObject([
    {
      queueArn: queueArn('failures'),
      body: {
        requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
        requestPayload: { what: 'bread' },
        responseContext: { functionError: 'Unhandled' },
        responsePayload: { errorType: 'TypeError', errorMessage: 'no bread' },
      },
    },
  ]);
});

test('a function may be a destination of another', async () => {
  const { client, define, lambda } = await service.open();
  await define('works', WORKS);
  await define(
    'next',
    'export const handler = async ({ responsePayload }) => console.log("had " + responsePayload.had);',
  );
  await lambda.start();
  lambda.configure('works', { DestinationConfig: { OnSuccess: functionArn('next') } });
  await client.send(event('works'));
  await until(() => service.printed.includes('had bread'));
});

test('an event that grew too old is not tried any more', async () => {
  const { client, define, lambda } = await service.open();
  await define('fails', FAILS);
  await lambda.start();
  lambda.configure('fails', {
    MaximumEventAgeInSeconds: 60,
    DestinationConfig: { OnFailure: queueArn('old') },
  });
  await client.send(event('fails'));
  await until(() => service.lines.length === 1);
  service.clock.advance(MINUTE_MS + 1000);
  await until(() => service.sent.length === 1);
  expect(service.sent).toMatchObject([{ body: { requestContext: { condition: 'EventAgeExceeded' } } }]);
  expect(tries()).toHaveLength(1);
});

test('an event that waits for its next try is tried after a restart', async () => {
  const first = await service.open();
  await first.define('fails', FAILS);
  await first.lambda.start();
  await first.client.send(event('fails'));
  await until(() => service.lines.length === 1);
  await first.close();
  const second = await service.open();
  await second.define('fails', FAILS);
  await second.lambda.start();
  service.clock.advance(MINUTE_MS);
  await until(() => tries().length === 2);
});

test('a destination that takes nothing loses the event with a line, as AWS does without one', async () => {
  const { client, define, lambda } = await service.open();
  await define('fails', FAILS);
  await lambda.start();
  lambda.configure('fails', { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: queueArn('gone') } });
  await client.send(event('fails'));
  await until(() => service.lines.length === 2);
  expect(service.lines).toEqual([
    `${queueArn('gone')} did not take the result of function fails: Error: there is no such queue.`,
    'Function fails failed on an event for good (RetriesExhausted after 1 tries, TypeError); it is dropped.',
  ]);
});

test('a configuration is put as a whole, changed in parts, and removed', async () => {
  const { client, define } = await service.open();
  await define('works', WORKS);
  const FunctionName = 'works';
  const OnFailure = { Destination: queueArn('failures') };
  await client.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure },
    }),
  );
  await client.send(
    new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 90 }),
  );
  const get = new GetFunctionEventInvokeConfigCommand({ FunctionName });
  expect(await client.send(get)).toMatchObject({
    FunctionArn: `${functionArn('works')}:$LATEST`,
    MaximumRetryAttempts: 1,
    MaximumEventAgeInSeconds: 90,
    DestinationConfig: { OnFailure },
  });
  await client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName }));
  await expect(client.send(get)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
