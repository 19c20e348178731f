import { ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, test } from '@jest/globals';
import { batchEvent, DEAD, entry, FUNCTION, QUEUE, setUp } from './bridge.ts';

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
