import { PutTargetsCommand, type Target } from '@aws-sdk/client-eventbridge';
import { expect, test } from '@jest/globals';
import { batchEvent, FUNCTION, QUEUE, setUp } from './bridge.ts';

const event = {
  ...batchEvent,
  detail: {
    jobId: 'j-1',
    list: [{ id: 1 }, { id: 2 }],
    names: ['a', 'b'],
    count: 3,
    on: true,
    nothing: null,
    nested: { text: 'say "hi"' },
  },
};

async function received(input: Partial<Target>) {
  const { bridge, lines, rule, texts } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'q', Arn: QUEUE, ...input }]);
  await bridge.publish(event);
  expect(lines).toEqual([]);
  return texts[0];
}

test.each<[string, unknown]>([
  ['$', event],
  ['$.detail-type', 'Batch Job State Change'],
  ['$.detail.list[0]', { id: 1 }],
  ['$.detail.list[1].id', 2],
  ['$.detail.list[*].id', [1, 2]],
  ['$.detail.nested.*', ['say "hi"']],
  ['$.resources[0]', 'arn:job'],
  ['$.detail.nothing', null],
])('the path %s gives %j', async (InputPath, expected) => {
  expect(JSON.parse((await received({ InputPath })) ?? '')).toEqual(expected);
});

const transformed = (InputTemplate: string, InputPathsMap?: Record<string, string>) =>
  received({ InputTransformer: { InputTemplate, InputPathsMap } });

// The first two were recorded on AWS: a text keeps its quotes, and what is missing leaves nothing.
test.each<[string, string, Record<string, string>, string]>([
  [
    'a text',
    '"job <id> of <source>"',
    { id: '$.detail.jobId', source: '$.source' },
    '"job j-1 of aws.batch"',
  ],
  [
    'a text with what is missing',
    '"job <id>, <gone>"',
    { id: '$.detail.jobId', gone: '$.detail.gone' },
    '"job j-1, "',
  ],
  [
    'values of any type',
    '{"a": <a>, "b": [<b>, <c>], "d": <d>}',
    { a: '$.detail.count', b: '$.detail.on', c: '$.detail.names', d: '$.detail.list[0]' },
    '{"a": 3, "b": [true, ["a","b"]], "d": {"id":1}}',
  ],
  [
    'a text in JSON with quotes of its own or without',
    '{"a": "<a>", "b": <a>}',
    { a: '$.detail.jobId' },
    '{"a": "j-1", "b": "j-1"}',
  ],
  ['a text with quotes inside', '{"a": "<a>"}', { a: '$.detail.nested.text' }, '{"a": "say \\"hi\\""}'],
  ['an object inside a text, without its quotes', '"<a>"', { a: '$.detail.list[0]' }, '"{id:1}"'],
  ['what is missing in JSON', '{"a": <gone>}', { gone: '$.detail.gone' }, '{"a": ""}'],
  ['a less-than sign', '"1 < 2, <id>"', { id: '$.detail.jobId' }, '"1 < 2, j-1"'],
])('a template is filled with %s', async (_, template, paths, expected) => {
  expect(await transformed(template, paths)).toBe(expected);
});

test('a template has the rule, the time and the event without a path', async () => {
  const text = await transformed(
    '{"rule": [<aws.events.rule-name>, <aws.events.rule-arn>], "at": <aws.events.event.ingestion-time>, "event": <aws.events.event>, "all": <aws.events.event.json>}',
  );
  const { detail: _, ...withoutDetail } = event;
  expect(JSON.parse(text ?? '')).toEqual({
    rule: ['batch', 'arn:aws:events:us-east-1:000000000000:rule/batch'],
    at: '2026-03-04T12:00:00Z',
    event: withoutDetail,
    all: event,
  });
});

test('a function gets the transformed input as its event', async () => {
  const { bridge, invoked, rule } = await setUp();
  const InputTransformer = { InputTemplate: '{"job": <id>}', InputPathsMap: { id: '$.detail.jobId' } };
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'f', Arn: FUNCTION, InputTransformer }]);
  await bridge.publish(event);
  expect(invoked).toEqual([{ arn: FUNCTION, event: { job: 'j-1' } }]);
});

test('an event without the part that a target wants goes to its dead-letter queue at once', async () => {
  const { bridge, lines, rule } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, [{ Id: 'q', Arn: QUEUE, InputPath: '$.detail.gone' }]);
  await bridge.publish(event);
  expect(lines).toEqual([
    expect.stringMatching(/the event gives no JSON for the target.*no dead-letter queue/),
  ]);
});

test.each<[string, Partial<Target>, RegExp]>([
  [
    'an unknown variable',
    { InputTransformer: { InputTemplate: '"<gone>"' } },
    /InputTemplate for target 1 contains invalid placeholder gone\./,
  ],
  [
    'a template that is not JSON',
    { InputTransformer: { InputTemplate: 'job <aws.events.rule-name>' } },
    /Invalid InputTemplate for target 1/,
  ],
  [
    'a variable named like those of AWS',
    { InputTransformer: { InputTemplate: '{}', InputPathsMap: { 'AWS-x': '$' } } },
    /no variable has a name that starts with AWS/,
  ],
  [
    'a path with a filter',
    { InputPath: '$.detail.list[?(@.id==1)]' },
    /not implemented here: a path other than/,
  ],
  ['a path with a name in brackets', { InputPath: "$['detail']" }, /not implemented here: a path other than/],
  [
    'an input and a path',
    { Input: '{}', InputPath: '$' },
    /Only one of Input, InputPath, or InputTransformer/,
  ],
  ['an input that is not JSON', { Input: '{' }, /Targets\[0\]\.Input: is not valid JSON/],
  ['a FIFO queue without a group', { Arn: `${QUEUE}.fifo` }, /SqsParameters must be specified for target: 1/],
  [
    'a group for a function',
    { Arn: FUNCTION, SqsParameters: { MessageGroupId: 'g' } },
    /SqsParameters not valid/,
  ],
  ['an id with a blank', { Id: 'one two' }, /a target has an id of/],
])('%s is refused', async (_, more, says) => {
  const { client, rule } = await setUp();
  await rule('batch', { source: ['aws.batch'] }, []);
  const put = new PutTargetsCommand({ Rule: 'batch', Targets: [{ Id: '1', Arn: QUEUE, ...more }] });
  await expect(client.send(put)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringMatching(says),
  });
});
