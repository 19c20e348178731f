import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListArchivesCommand,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { afterEach, expect, test } from '@jest/globals';
import type { AwsEvent } from '../../../local/aws.ts';
import { createEventBridge } from '../../../local/events/eventbridge.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:events';
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:events-dead';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:tick';
const NOON = Date.parse('2026-03-04T12:00:00.250Z');

interface Sent {
  queue: string;
  body: AwsEvent;
  attributes: Readonly<Record<string, string>> | undefined;
  group: string | undefined;
}

const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** An EventBridge behind a real SDK client; `refuse` names the destinations that take nothing. */
async function setUp() {
  const sent: Sent[] = [];
  const invoked: { arn: string; event: unknown }[] = [];
  const lines: string[] = [];
  const refuse = new Map<string, number>();
  const gate = { wait: Promise.resolve() };
  const turned = new Set<() => void>();
  const clock = {
    nowMs: NOON,
    now: () => clock.nowMs,
    onAdvance(listener: () => void) {
      turned.add(listener);
      return () => turned.delete(listener);
    },
    advance(milliseconds: number) {
      clock.nowMs += milliseconds;
      for (const listener of turned) listener();
    },
  };
  const mayTake = (arn: string) => {
    const left = refuse.get(arn) ?? 0;
    refuse.set(arn, left - 1);
    if (left > 0) throw new Error(`${arn} is away`);
  };
  const bridge = createEventBridge({
    region: 'us-east-1',
    clock,
    async send(queue, body, attributes, group) {
      await gate.wait;
      mayTake(queue);
      sent.push({ queue, body: JSON.parse(body), attributes, group });
    },
    async invoke(arn, event) {
      mayTake(arn);
      invoked.push({ arn, event });
    },
    report: (line) => lines.push(line),
  });
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const body = (await json(request)) as Record<string, unknown>;
    const answer = await bridge.handle({ method: 'POST', path: '/', headers, body });
    response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
  });
  const client = new EventBridgeClient({
    endpoint: await listen(server),
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  open.push(async () => {
    await bridge.close();
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const rule = async (name: string, pattern: object, targets: Target[], bus?: string) => {
    const EventBusName = bus;
    await client.send(
      new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern), EventBusName }),
    );
    if (targets.length > 0)
      await client.send(new PutTargetsCommand({ Rule: name, Targets: targets, EventBusName }));
  };
  return { bridge, client, clock, gate, invoked, lines, refuse, rule, sent };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
}

const entry = (detail: object, more: object = {}) => ({
  Source: 'headgate',
  DetailType: 'job.running',
  Detail: JSON.stringify(detail),
  ...more,
});

const batchEvent: AwsEvent = {
  version: '0',
  id: 'one',
  'detail-type': 'Batch Job State Change',
  source: 'aws.batch',
  account: '000000000000',
  time: '2026-03-04T12:00:00Z',
  region: 'us-east-1',
  resources: ['arn:job'],
  detail: { jobId: 'j-1', status: 'RUNNING' },
};

test('an event reaches the queue and the function of a matching rule', async () => {
  const { client, invoked, rule, sent } = await setUp();
  await rule('wanted', { source: ['headgate'] }, [
    { Id: 'queue', Arn: QUEUE },
    { Id: 'function', Arn: FUNCTION },
  ]);
  await rule('other', { source: ['someone.else'] }, [{ Id: 'queue', Arn: DEAD }]);
  const given = entry({ jobId: 'j-1' }, { Resources: ['arn:job'] });
  const answer = await client.send(new PutEventsCommand({ Entries: [given] }));
  expect(answer.FailedEntryCount).toBe(0);
  const expected = {
    version: '0',
    id: answer.Entries?.[0]?.EventId,
    'detail-type': 'job.running',
    source: 'headgate',
    account: '000000000000',
    time: '2026-03-04T12:00:00Z',
    region: 'us-east-1',
    resources: ['arn:job'],
    detail: { jobId: 'j-1' },
  };
  expect(sent).toEqual([{ queue: QUEUE, body: expected, attributes: undefined, group: undefined }]);
  expect(invoked).toEqual([{ arn: FUNCTION, event: expected }]);
});

test('PutEvents does not answer before the target has the event', async () => {
  const { client, gate, rule } = await setUp();
  await rule('wanted', { source: ['headgate'] }, [{ Id: 'queue', Arn: QUEUE }]);
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.wait = promise;
  let answered = false;
  const put = client.send(new PutEventsCommand({ Entries: [entry({})] })).then(() => {
    answered = true;
  });
  // Calls that were made later are answered; this one is not.
  for (let calls = 0; calls < 3; calls += 1) await client.send(new ListRulesCommand({}));
  expect(answered).toBe(false);
  resolve();
  await put;
});

test('an event keeps the time its sender gave it, in whole seconds', async () => {
  const { client, rule, sent } = await setUp();
  await rule('all', { source: ['headgate'] }, [{ Id: 'queue', Arn: QUEUE }]);
  await client.send(
    new PutEventsCommand({ Entries: [entry({}, { Time: new Date('2025-01-01T00:00:01.900Z') })] }),
  );
  expect(sent[0]?.body.time).toBe('2025-01-01T00:00:01Z');
});

test('one bad entry fails alone and says why', async () => {
  const { client, rule, sent } = await setUp();
  await rule('all', { source: [{ exists: true }] }, [{ Id: 'queue', Arn: QUEUE }]);
  const answer = await client.send(
    new PutEventsCommand({
      Entries: [
        entry({ n: 1 }),
        entry({}, { Source: 'aws.batch' }),
        entry({}, { Detail: '{not json' }),
        entry({}, { Detail: '[]' }),
        entry({}, { DetailType: undefined }),
        entry({}, { DetailType: 'x'.repeat(129) }),
        entry({ n: 2 }),
      ],
    }),
  );
  expect(answer.FailedEntryCount).toBe(5);
  expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    'NotAuthorizedForSourceException',
    'MalformedDetail',
    'MalformedDetail',
    'InvalidArgument',
    'InvalidArgument',
    undefined,
  ]);
  expect(sent.map(({ body }) => body.detail)).toEqual([{ n: 1 }, { n: 2 }]);
});

test.each([
  ['eleven entries', Array.from({ length: 11 }, () => entry({}))],
  ['no entries', []],
  ['more than 1 MiB', [entry({ text: 'x'.repeat(1024 * 1024) })]],
])('PutEvents with %s is refused whole', async (_title, Entries) => {
  const { client } = await setUp();
  await expect(client.send(new PutEventsCommand({ Entries }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
});

test('an event for a bus that does not exist is accepted, as on AWS, and its loss is said', async () => {
  const { client, lines } = await setUp();
  const answer = await client.send(
    new PutEventsCommand({ Entries: [entry({}, { EventBusName: 'nowhere' })] }),
  );
  expect(answer.FailedEntryCount).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/dropped event .*: there is no event bus nowhere\.$/)]);
});

test('a custom bus has rules of its own, by name and by ARN', async () => {
  const { client, rule, sent } = await setUp();
  const { EventBusArn } = await client.send(new CreateEventBusCommand({ Name: 'headgate-dev' }));
  expect(EventBusArn).toBe('arn:aws:events:us-east-1:000000000000:event-bus/headgate-dev');
  await rule('jobs', { 'detail-type': [{ prefix: 'job.' }] }, [{ Id: 'queue', Arn: QUEUE }], EventBusArn);
  const described = await client.send(
    new DescribeRuleCommand({ Name: 'jobs', EventBusName: 'headgate-dev' }),
  );
  expect(described.Arn).toBe('arn:aws:events:us-east-1:000000000000:rule/headgate-dev/jobs');
  for (const EventBusName of [undefined, 'headgate-dev', EventBusArn]) {
    await client.send(
      new PutEventsCommand({ Entries: [entry({ bus: EventBusName ?? 'default' }, { EventBusName })] }),
    );
  }
  expect(sent.map(({ body }) => body.detail['bus'])).toEqual(['headgate-dev', EventBusArn]);
});

test('buses, rules and targets are listed page by page, changed and removed', async () => {
  const { client } = await setUp();
  await client.send(new CreateEventBusCommand({ Name: 'own', Description: 'mine' }));
  await expect(client.send(new CreateEventBusCommand({ Name: 'own' }))).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
  });
  expect(await client.send(new DescribeEventBusCommand({ Name: 'own' }))).toMatchObject({
    Description: 'mine',
    CreationTime: new Date(NOON),
  });
  const buses = await client.send(new ListEventBusesCommand({}));
  expect(buses.EventBuses?.map(({ Name }) => Name)).toEqual(['default', 'own']);

  const EventBusName = 'own';
  for (const Name of ['a-1', 'a-2', 'b-1']) {
    await client.send(
      new PutRuleCommand({ Name, EventBusName, EventPattern: '{"source":["x"]}', State: 'DISABLED' }),
    );
  }
  const first = await client.send(new ListRulesCommand({ EventBusName, NamePrefix: 'a', Limit: 1 }));
  const second = await client.send(
    new ListRulesCommand({ EventBusName, NamePrefix: 'a', Limit: 1, NextToken: first.NextToken }),
  );
  expect([first, second].map(({ Rules }) => Rules?.map(({ Name }) => Name))).toEqual([['a-1'], ['a-2']]);
  expect(second.NextToken).toBeUndefined();

  const Rule = 'a-1';
  await client.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: '1', Arn: QUEUE }] }));
  await client.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern: '{"source":["y"]}' }));
  const listed = await client.send(new ListTargetsByRuleCommand({ Rule, EventBusName }));
  expect(listed.Targets).toEqual([{ Id: '1', Arn: QUEUE }]);
  await expect(client.send(new DeleteRuleCommand({ Name: Rule, EventBusName }))).rejects.toThrow(
    /has targets/,
  );
  const removed = await client.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ['1', '2'] }));
  expect(removed.FailedEntries).toMatchObject([{ TargetId: '2' }]);

  await expect(client.send(new DeleteEventBusCommand({ Name: 'own' }))).rejects.toThrow(/has rules/);
  for (const Name of ['a-1', 'a-2', 'b-1']) await client.send(new DeleteRuleCommand({ Name, EventBusName }));
  await client.send(new DeleteEventBusCommand({ Name: 'own' }));
  await expect(client.send(new DescribeEventBusCommand({ Name: 'own' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await expect(client.send(new DeleteEventBusCommand({ Name: 'default' }))).rejects.toThrow(/Cannot delete/);
});

test('a disabled rule delivers nothing until it is enabled', async () => {
  const { bridge, client, rule, sent } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'queue', Arn: QUEUE }]);
  await client.send(new DisableRuleCommand({ Name: 'batch' }));
  await bridge.publish(batchEvent);
  expect(sent).toEqual([]);
  await client.send(new EnableRuleCommand({ Name: 'batch' }));
  await bridge.publish(batchEvent);
  expect(sent.map(({ body }) => body)).toEqual([batchEvent]);
});

const inputs: [string, Partial<Target>, unknown][] = [
  ['a constant', { Input: '{"fixed":true}' }, { fixed: true }],
  ['a part of the event', { InputPath: '$.detail.jobId' }, 'j-1'],
  ['the whole event by path', { InputPath: '$' }, batchEvent],
];

test.each(inputs)('a target can be given %s', async (_title, input, expected) => {
  const { bridge, invoked, rule, sent } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [
    { Id: 'queue', Arn: QUEUE, ...input },
    { Id: 'function', Arn: FUNCTION, ...input },
  ]);
  await bridge.publish(batchEvent);
  expect(sent[0]?.body).toEqual(expected);
  expect(invoked[0]?.event).toEqual(expected);
});

test.each([
  ['tenant-7', 'tenant-7'],
  ['$.detail.jobId', 'j-1'],
])('the message group %s is sent as %s', async (MessageGroupId, expected) => {
  const { bridge, rule, sent } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [
    { Id: 'q', Arn: QUEUE, SqsParameters: { MessageGroupId } },
  ]);
  await bridge.publish(batchEvent);
  expect(sent[0]?.group).toBe(expected);
});

test('a target that is away for a moment still gets the event', async () => {
  const { bridge, lines, refuse, rule, sent } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'q', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } }]);
  refuse.set(QUEUE, 2);
  await bridge.publish(batchEvent);
  expect(sent.map(({ queue }) => queue)).toEqual([QUEUE]);
  expect(lines).toEqual([]);
});

test('an event its target refuses for good lands in the dead-letter queue with the reason (F28)', async () => {
  const { bridge, lines, refuse, rule, sent } = await setUp();
  const RetryPolicy = { MaximumRetryAttempts: 1 };
  await rule('batch', { source: ['aws.batch'] }, [
    { Id: 'f', Arn: FUNCTION, RetryPolicy, DeadLetterConfig: { Arn: DEAD } },
    { Id: 'q', Arn: QUEUE },
  ]);
  refuse.set(FUNCTION, 100);
  await bridge.publish(batchEvent);
  expect(100 - (refuse.get(FUNCTION) ?? 0)).toBe(2);
  expect(sent).toContainEqual({ queue: QUEUE, body: batchEvent, attributes: undefined, group: undefined });
  expect(sent).toContainEqual({
    queue: DEAD,
    body: batchEvent,
    attributes: {
      RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/batch',
      TARGET_ARN: FUNCTION,
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: `${FUNCTION} is away`,
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '1',
    },
    group: undefined,
  });
  expect(lines).toHaveLength(1);
});

test.each([
  ['there is no dead-letter queue', {}, /no dead-letter queue\.$/],
  [
    'the dead-letter queue is away too',
    { DeadLetterConfig: { Arn: DEAD } },
    /the dead-letter queue refused it/,
  ],
])('an event is dropped, in one line, when %s', async (_title, more, says) => {
  const { bridge, lines, refuse, rule, sent } = await setUp();
  const RetryPolicy = { MaximumRetryAttempts: 0 };
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'q', Arn: QUEUE, RetryPolicy, ...more }]);
  refuse.set(QUEUE, 100);
  refuse.set(DEAD, 100);
  await bridge.publish(batchEvent);
  expect(sent).toEqual([]);
  expect(lines).toEqual([expect.stringMatching(says)]);
});

const unknown: [string, (client: EventBridgeClient) => Promise<unknown>, string, RegExp][] = [
  [
    'a call',
    (client) => client.send(new ListArchivesCommand({})),
    'UnknownOperationException',
    /ListArchives/,
  ],
  [
    'an operator in a pattern',
    (client) =>
      client.send(new PutRuleCommand({ Name: 'r', EventPattern: '{"source":[{"cidr":"10.0.0.0/8"}]}' })),
    'InvalidEventPatternException',
    /cidr .* at source/,
  ],
  [
    'a pattern that is not JSON',
    (client) => client.send(new PutRuleCommand({ Name: 'r', EventPattern: '{' })),
    'InvalidEventPatternException',
    /not JSON/,
  ],
  [
    'a rule that waits for nothing',
    (client) => client.send(new PutRuleCommand({ Name: 'r' })),
    'ValidationException',
    /EventPattern or ScheduleExpression/,
  ],
  [
    'a cron schedule',
    (client) => client.send(new PutRuleCommand({ Name: 'r', ScheduleExpression: 'cron(0 12 * * ? *)' })),
    'ValidationException',
    /not implemented here: cron/,
  ],
  [
    'a rate in the wrong number',
    (client) => client.send(new PutRuleCommand({ Name: 'r', ScheduleExpression: 'rate(1 minutes)' })),
    'ValidationException',
    /rate\(1 minutes\)/,
  ],
  [
    'an input transformer',
    (client) =>
      client.send(
        new PutTargetsCommand({
          Rule: 'known',
          Targets: [{ Id: '1', Arn: QUEUE, InputTransformer: { InputTemplate: '{}' } }],
        }),
      ),
    'ValidationException',
    /not implemented here: Targets\[0\]\.InputTransformer/,
  ],
  [
    'a target of another service',
    (client) =>
      client.send(
        new PutTargetsCommand({ Rule: 'known', Targets: [{ Id: '1', Arn: 'arn:aws:sns:us-east-1:0:t' }] }),
      ),
    'ValidationException',
    /not implemented here: targets other than SQS and Lambda/,
  ],
  [
    'a rule that does not exist',
    (client) => client.send(new PutTargetsCommand({ Rule: 'gone', Targets: [{ Id: '1', Arn: QUEUE }] })),
    'ResourceNotFoundException',
    /Rule gone/,
  ],
  [
    'a sixth target',
    (client) =>
      client.send(
        new PutTargetsCommand({
          Rule: 'known',
          Targets: Array.from({ length: 6 }, (_, index) => ({ Id: `${index}`, Arn: QUEUE })),
        }),
      ),
    'LimitExceededException',
    /at most 5/,
  ],
];

test.each(unknown)('%s is refused by name', async (_title, call, name, says) => {
  const { client, rule } = await setUp();
  await rule('known', { source: ['x'] }, []);
  const refused = expect(call(client)).rejects;
  await refused.toMatchObject({ name, message: expect.stringMatching(says) });
});

test('a pattern can be tried on an event', async () => {
  const { client } = await setUp();
  for (const status of ['RUNNING', 'FAILED']) {
    const EventPattern = JSON.stringify({ detail: { status: [status] } });
    const Event = JSON.stringify(batchEvent);
    const { Result } = await client.send(new TestEventPatternCommand({ EventPattern, Event }));
    expect(Result).toBe(status === 'RUNNING');
  }
});

test('a one-minute rule fires once when the clock is turned by ten minutes, and again a minute later', async () => {
  const { bridge, client, clock, invoked } = await setUp();
  await client.send(new PutRuleCommand({ Name: 'tick', ScheduleExpression: 'rate(1 minute)' }));
  await client.send(new PutTargetsCommand({ Rule: 'tick', Targets: [{ Id: 'f', Arn: FUNCTION }] }));
  bridge.start();
  clock.advance(59_000);
  expect(invoked).toHaveLength(0);
  clock.advance(10 * 60_000);
  clock.advance(1);
  expect(invoked).toHaveLength(1);
  clock.advance(60_000);
  expect(invoked).toHaveLength(2);
  expect(invoked[0]?.event).toEqual({
    version: '0',
    id: expect.any(String),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2026-03-04T12:10:59Z',
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:000000000000:rule/tick'],
    detail: {},
  });
  await client.send(new DisableRuleCommand({ Name: 'tick' }));
  clock.advance(60_000);
  await client.send(new EnableRuleCommand({ Name: 'tick' }));
  clock.advance(1);
  expect(invoked).toHaveLength(2);
  await bridge.close();
  clock.advance(60_000);
  expect(invoked).toHaveLength(2);
});

test('a scheduled rule is seen to be due without the clock saying that it was turned', async () => {
  const { bridge, client, clock, invoked } = await setUp();
  await client.send(new PutRuleCommand({ Name: 'tick', ScheduleExpression: 'rate(5 minutes)' }));
  await client.send(new PutTargetsCommand({ Rule: 'tick', Targets: [{ Id: 'f', Arn: FUNCTION }] }));
  bridge.start();
  clock.nowMs += 5 * 60_000;
  for (let tries = 0; invoked.length === 0 && tries < 1000; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(invoked).toHaveLength(1);
});

test('closing sends what is being retried to its dead-letter queue instead of waiting', async () => {
  const { bridge, refuse, rule, sent } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'q', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } }]);
  refuse.set(QUEUE, 100);
  const published = bridge.publish(batchEvent);
  await bridge.close();
  await published;
  expect(100 - (refuse.get(QUEUE) ?? 0)).toBe(1);
  expect(sent.map(({ queue }) => queue)).toEqual([DEAD]);
});
