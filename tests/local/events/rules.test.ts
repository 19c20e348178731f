import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
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
import { expect, test } from '@jest/globals';
import { batchEvent, entry, FUNCTION, NOON, QUEUE, setUp } from './bridge.ts';

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
