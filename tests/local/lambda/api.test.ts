import {
  AddPermissionCommand,
  GetPolicyCommand,
  InvokeCommand,
  type InvokeCommandInput,
  ListFunctionsCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { functionArn, startLambda } from './lambda-service.ts';
import { until } from './set-up.ts';

let service: Awaited<ReturnType<typeof startLambda>>;
let opened: Awaited<ReturnType<typeof service.open>>;
beforeEach(async () => {
  service = await startLambda();
  opened = await service.open();
  await opened.define(
    'echo',
    'export const handler = async (event) => { if (event === "fail") throw new RangeError("as asked"); return event; };',
  );
  await opened.lambda.start();
});
afterEach(() => service.close());

const invoke = async (more: Partial<InvokeCommandInput>) => {
  const { Payload, ...answer } = await opened.client.send(
    new InvokeCommand({ FunctionName: 'echo', ...more }),
  );
  return { ...answer, payload: Payload && Buffer.from(Payload).toString() };
};

test.each(['{"a":1}', '[1,2]', '"text"', '7', 'null'])(
  'a function is called with %s and its answer is given',
  async (json) => {
    expect(await invoke({ Payload: json })).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      payload: json,
    });
  },
);

test('a call without a payload has an empty object', async () => {
  expect(await invoke({})).toMatchObject({ payload: '{}' });
});

test('an error of the function is an answer that says so', async () => {
  expect(await invoke({ Payload: '"fail"' })).toMatchObject({
    StatusCode: 200,
    FunctionError: 'Unhandled',
    payload: JSON.stringify({ errorType: 'RangeError', errorMessage: 'as asked' }),
  });
});

test.each([
  'echo',
  'echo:$LATEST',
  functionArn('echo'),
  `${functionArn('echo')}:$LATEST`,
  '000000000000:function:echo',
])('a function is found as %s', async (FunctionName) => {
  expect(await invoke({ FunctionName, InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
});

test.each<[string, Partial<InvokeCommandInput>, string]>([
  ['a function that is not there', { FunctionName: 'gone' }, 'ResourceNotFoundException'],
  ['another version', { Qualifier: '7' }, 'ResourceNotFoundException'],
  ['a payload that is no JSON', { Payload: '{' }, 'InvalidRequestContentException'],
  [
    'an event over 1 MiB',
    { InvocationType: 'Event', Payload: JSON.stringify('x'.repeat(1024 * 1024)) },
    'RequestTooLargeException',
  ],
  ['the tail of the log', { LogType: 'Tail' }, 'InvalidParameterValueException'],
  ['a client context', { ClientContext: 'e30=' }, 'InvalidParameterValueException'],
])('a call with %s is refused', async (_, more, name) => {
  await expect(invoke(more)).rejects.toMatchObject({ name });
});

test('an operation that is not here is refused by its path', async () => {
  await expect(opened.client.send(new ListFunctionsCommand({}))).rejects.toThrow(
    'not implemented here: GET /2015-03-31/functions',
  );
});

test('a destination of a kind that is not here is refused by its member', async () => {
  const Destination = 'arn:aws:sns:us-east-1:000000000000:topic';
  await expect(
    opened.client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'echo',
        DestinationConfig: { OnFailure: { Destination } },
      }),
    ),
  ).rejects.toThrow('DestinationConfig.OnFailure.Destination: not implemented here');
});

test('a permission lets a service invoke the function for one source, until it is removed', async () => {
  const { client, lambda } = opened;
  const rule = 'arn:aws:events:us-east-1:000000000000:rule/hourly';
  const access = (sourceArn: string) => lambda.access(functionArn('echo'), 'events.amazonaws.com', sourceArn);
  expect(access(rule)).toBe('denied');
  const permission = {
    FunctionName: 'echo',
    StatementId: 'hourly',
    Action: 'lambda:InvokeFunction',
    Principal: 'events.amazonaws.com',
    SourceArn: rule,
  };
  await client.send(new AddPermissionCommand(permission));
  expect([access(rule), access(`${rule}-other`)]).toEqual(['allowed', 'denied']);
  await expect(client.send(new AddPermissionCommand(permission))).rejects.toMatchObject({
    name: 'ResourceConflictException',
  });
  const { Policy = '' } = await client.send(new GetPolicyCommand({ FunctionName: 'echo' }));
  expect(JSON.parse(Policy).Statement).toMatchObject([
    { Sid: 'hourly', Principal: { Service: 'events.amazonaws.com' }, Resource: functionArn('echo') },
  ]);
  await client.send(new RemovePermissionCommand({ FunctionName: 'echo', StatementId: 'hourly' }));
  expect(access(rule)).toBe('denied');
});

describe('a function that isolates tenants', () => {
  const REMEMBERS =
    'let calls = 0; export const handler = async (_, { tenantId, awsRequestId }) => { calls += 1; console.log(tenantId + " " + awsRequestId); return { calls, tenantId, pid: process.pid }; };';
  const call = async (TenantId?: string) =>
    JSON.parse((await invoke({ FunctionName: 'own', TenantId })).payload ?? '');
  beforeEach(() => opened.define('own', REMEMBERS, { isolatesTenants: true }));

  test('has a sandbox of its own for each of them, which tells whose it is', async () => {
    const first = await call('acme');
    expect(first).toMatchObject({ calls: 1, tenantId: 'acme' });
    expect(await call('globex')).toMatchObject({ calls: 1, tenantId: 'globex' });
    expect(await call('acme')).toEqual({ ...first, calls: 2 });
  });

  test('has events for each of them', async () => {
    await invoke({ FunctionName: 'own', InvocationType: 'Event', TenantId: 'acme' });
    await until(() => service.printed.some((line) => /^acme [0-9a-f-]{36}$/.test(line)));
  });

  test.each([undefined, 'a'.repeat(257), 'a#b'])('is not called for %s', async (TenantId) => {
    await expect(invoke({ FunctionName: 'own', TenantId })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });
});

test('a function that isolates no tenants is not called for one', async () => {
  await expect(invoke({ TenantId: 'acme' })).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
  });
});
