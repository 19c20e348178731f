import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  ListEventBusesCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eventbridge';
import { expect, test } from '@jest/globals';
import { batchEvent, DEAD, entry, FUNCTION, QUEUE, setUp } from './bridge.ts';

test('buses, rules, targets and tags are there after a restart', async () => {
  const first = await setUp();
  await first.client.send(new CreateEventBusCommand({ Name: 'own', Tags: [{ Key: 'team', Value: 'a' }] }));
  await first.rule('wanted', { source: ['headgate'] }, [{ Id: 'queue', Arn: QUEUE }], 'own');
  await first.rule('gone', { source: ['headgate'] }, [], 'own');
  await first.client.send(new DeleteRuleCommand({ Name: 'gone', EventBusName: 'own' }));
  await first.client.send(new PutRuleCommand({ Name: 'hourly', ScheduleExpression: 'cron(0 * * * ? *)' }));
  await first.client.send(new DisableRuleCommand({ Name: 'hourly' }));

  const second = await setUp(first.database);
  const { EventBuses } = await second.client.send(new ListEventBusesCommand({}));
  expect(EventBuses?.map(({ Name }) => Name)).toEqual(['default', 'own']);
  await second.client.send(new PutEventsCommand({ Entries: [entry({ n: 1 }, { EventBusName: 'own' })] }));
  expect(second.sent.map(({ queue }) => queue)).toEqual([QUEUE]);
  const { Rules } = await second.client.send(new ListRulesCommand({ EventBusName: 'own' }));
  expect(Rules?.map(({ Name }) => Name)).toEqual(['wanted']);
  expect(await second.client.send(new DescribeRuleCommand({ Name: 'hourly' }))).toMatchObject({
    State: 'DISABLED',
    ScheduleExpression: 'cron(0 * * * ? *)',
  });
  const ResourceARN = 'arn:aws:events:us-east-1:000000000000:event-bus/own';
  expect((await second.client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([
    { Key: 'team', Value: 'a' },
  ]);
});

test('what the stack declares is not kept, unless an API call changed it', async () => {
  const first = await setUp();
  const declare = ({ bridge }: typeof first, names: string[]) => {
    bridge.declare('CreateEventBus', { Name: 'own' });
    for (const Name of names) {
      bridge.declare('PutRule', { Name, EventBusName: 'own', EventPattern: '{"source":["headgate"]}' });
      bridge.declare('PutTargets', { Rule: Name, EventBusName: 'own', Targets: [{ Id: 'q', Arn: QUEUE }] });
    }
  };
  declare(first, ['dropped', 'changed']);
  const Targets = [{ Id: 'mine', Arn: DEAD }];
  await first.client.send(new PutTargetsCommand({ Rule: 'changed', EventBusName: 'own', Targets }));

  const second = await setUp(first.database);
  declare(second, ['changed']);
  const { Rules } = await second.client.send(new ListRulesCommand({ EventBusName: 'own' }));
  expect(Rules?.map(({ Name }) => Name)).toEqual(['changed']);
  const listed = await second.client.send(
    new ListTargetsByRuleCommand({ Rule: 'changed', EventBusName: 'own' }),
  );
  expect(listed.Targets?.map(({ Id }) => Id).toSorted()).toEqual(['mine', 'q']);
});

test('a schedule by cron fires at its times, once for those that were missed', async () => {
  const { bridge, client, clock, invoked } = await setUp();
  await client.send(new PutRuleCommand({ Name: 'hourly', ScheduleExpression: 'cron(0 * * * ? *)' }));
  await client.send(new PutTargetsCommand({ Rule: 'hourly', Targets: [{ Id: 'f', Arn: FUNCTION }] }));
  bridge.start();
  clock.advance(59 * 60_000);
  expect(invoked).toHaveLength(0);
  clock.advance(60_000);
  expect(invoked).toMatchObject([{ event: { time: '2026-03-04T13:00:00Z' } }]);
  clock.advance(5 * 3_600_000);
  expect(invoked).toHaveLength(2);
});

test('rules are found by their target', async () => {
  const { client, rule } = await setUp();
  for (const name of ['a', 'b', 'c'])
    await rule(name, { source: ['x'] }, [{ Id: '1', Arn: name === 'b' ? DEAD : QUEUE }]);
  const names = async (Limit?: number, NextToken?: string) =>
    await client.send(new ListRuleNamesByTargetCommand({ TargetArn: QUEUE, Limit, NextToken }));
  expect((await names()).RuleNames).toEqual(['a', 'c']);
  const first = await names(1);
  expect((await names(1, first.NextToken)).RuleNames).toEqual(['c']);
});

test('tags of a rule are added, replaced and removed, and those of AWS are refused', async () => {
  const { client } = await setUp();
  const { RuleArn: ResourceARN } = await client.send(
    new PutRuleCommand({ Name: 'r', EventPattern: '{"source":["x"]}', Tags: [{ Key: 'a', Value: '1' }] }),
  );
  await client.send(
    new TagResourceCommand({
      ResourceARN,
      Tags: [
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: '3' },
      ],
    }),
  );
  await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['b', 'c'] }));
  const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN }));
  expect(Tags).toEqual([{ Key: 'a', Value: '2' }]);
  const tag = (arn: string | undefined, Key: string) =>
    client.send(new TagResourceCommand({ ResourceARN: arn, Tags: [{ Key, Value: '' }] }));
  await expect(tag(ResourceARN, 'aws:x')).rejects.toThrow('keys that begin with aws: are reserved');
  await expect(tag(`${ResourceARN}-gone`, 'x')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test.each([
  ['denied', 'NO_PERMISSIONS', /does not let EventBridge use it/],
  ['missing', 'NO_RESOURCE', /there is no arn/],
] as const)(
  'an event for a target that is %s goes to the dead-letter queue without a retry',
  async (access, code, says) => {
    const { bridge, denied, rule, sent } = await setUp();
    await rule('batch', { source: ['aws.batch'] }, [
      { Id: 'q', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } },
    ]);
    denied.set(QUEUE, access);
    await bridge.publish(batchEvent);
    expect(sent).toMatchObject([
      {
        queue: DEAD,
        attributes: { ERROR_CODE: code, RETRY_ATTEMPTS: '0', ERROR_MESSAGE: expect.stringMatching(says) },
      },
    ]);
    expect(sent[0]?.attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
  },
);

test('a dead-letter queue needs a policy, too, and a target with a role needs none', async () => {
  const { bridge, denied, lines, rule, sent } = await setUp();
  for (const arn of [QUEUE, DEAD]) denied.set(arn, 'denied');
  await rule('batch', { source: ['aws.batch'] }, [
    { Id: 'policy', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } },
    { Id: 'role', Arn: DEAD, RoleArn: 'arn:aws:iam::000000000000:role/events' },
  ]);
  await bridge.publish(batchEvent);
  expect(sent.map(({ queue }) => queue)).toEqual([DEAD]);
  expect(lines).toEqual([
    expect.stringMatching(/the dead-letter queue refused it .*does not let EventBridge/),
  ]);
});
