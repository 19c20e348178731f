import { describe, expect, test } from '@jest/globals';
import type { Context, SQSRecord } from 'aws-lambda';
import { type MessageBatch, queueHandler } from '../../io/aws/lambda.ts';

const record = (messageId: string): SQSRecord => ({
  messageId,
  receiptHandle: messageId,
  body: '{}',
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '1767603600000',
    SenderId: 'AIDA',
    ApproximateFirstReceiveTimestamp: '1767603600001',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:front',
  awsRegion: 'us-east-1',
});
const ten = Array.from({ length: 10 }, (_, i) => `message-${i}`);

async function answerOf(handle: MessageBatch) {
  const lines: string[] = [];
  let flushed = 0;
  const line = (event: string) => void lines.push(event);
  const log = { info: line, error: line, count: () => undefined, flush: () => void flushed++ };
  const handler = queueHandler(log, handle);
  // None of our steps reads Lambda's context.
  const { batchItemFailures } = await handler({ Records: ten.map(record) }, {} as Context);
  return { returned: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), lines, flushed };
}

describe('what Lambda is told of ten messages', () => {
  test('names the one that could not be worked on, and no other (F13)', async () => {
    const handle: MessageBatch = async (messages) =>
      new Set(messages.map(({ id }) => id).filter((id) => id !== 'message-4'));
    expect(await answerOf(handle)).toEqual({ returned: ['message-4'], lines: [], flushed: 1 });
  });

  test('names none when all are done', async () => {
    expect((await answerOf(async () => new Set(ten))).returned).toEqual([]);
  });

  // Lambda takes an id that it does not know, or an empty one, for a failure of the whole batch.
  test('names messages of the batch only, whatever a step answers (F14)', async () => {
    const answered = new Set([...ten.slice(1), 'a-stranger', '']);
    expect((await answerOf(async () => answered)).returned).toEqual(['message-0']);
  });

  test('names all when a step throws, and Lambda does not slow the queue down for it (F12)', async () => {
    const { returned, lines, flushed } = await answerOf(() => Promise.reject(new Error('broken')));
    expect(returned).toEqual(ten);
    expect(lines).toEqual(['batch:handle:failed']);
    // What was done until then is counted.
    expect(flushed).toBe(1);
  });
});
