import {
  type EventBridgeClient,
  ListArchivesCommand,
  PutRuleCommand,
  PutTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { expect, test } from '@jest/globals';
import { batchEvent, DEAD, QUEUE, setUp } from './bridge.ts';

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
      client.send(new PutRuleCommand({ Name: 'r', EventPattern: '{"source":[{"sounds":"like"}]}' })),
    'InvalidEventPatternException',
    /sounds .* at source/,
  ],
  [
    'a pattern of over 2,048 characters',
    (client) => {
      const EventPattern = JSON.stringify({ source: ['x'.repeat(2048)] });
      return client.send(new PutRuleCommand({ Name: 'r', EventPattern }));
    },
    'ValidationException',
    /at most 2048/,
  ],
  ...['a rule', 'r'.repeat(65)].map((Name): (typeof unknown)[number] => [
    `the name ${Name} of a rule`,
    (client) => client.send(new PutRuleCommand({ Name, EventPattern: '{"source":["x"]}' })),
    'ValidationException',
    /1 to 64 letters/,
  ]),
  [
    'an event without its required fields',
    (client) =>
      client.send(new TestEventPatternCommand({ EventPattern: '{"source":["x"]}', Event: '{"source":"x"}' })),
    'ValidationException',
    /Event is not valid. Reason: it has no id/,
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
    'a cron schedule with both kinds of days',
    (client) => client.send(new PutRuleCommand({ Name: 'r', ScheduleExpression: 'cron(0 12 * * * *)' })),
    'ValidationException',
    /ScheduleExpression is not valid: cron\(0 12/,
  ],
  [
    'a rate in the wrong number',
    (client) => client.send(new PutRuleCommand({ Name: 'r', ScheduleExpression: 'rate(1 minutes)' })),
    'ValidationException',
    /rate\(1 minutes\)/,
  ],
  [
    'parameters of another kind of target',
    (client) =>
      client.send(
        new PutTargetsCommand({
          Rule: 'known',
          Targets: [{ Id: '1', Arn: QUEUE, BatchParameters: { JobDefinition: 'd', JobName: 'n' } }],
        }),
      ),
    'ValidationException',
    /not implemented here: Targets\[0\]\.BatchParameters/,
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
    'a dead-letter queue that keeps an order',
    (client) =>
      client.send(
        new PutTargetsCommand({
          Rule: 'known',
          Targets: [{ Id: '1', Arn: QUEUE, DeadLetterConfig: { Arn: `${DEAD}.fifo` } }],
        }),
      ),
    'ValidationException',
    /a dead-letter queue is a standard queue/,
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
