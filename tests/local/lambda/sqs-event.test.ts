import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { InvokeResult } from '../../../local/lambda/host.ts';
import { judge, type Message } from '../../../local/lambda/sqs-event.ts';

const batch: Message[] = ['a', 'b', 'c'].map((MessageId) => ({ MessageId, ReceiptHandle: `r-${MessageId}` }));
const returned = (payload: unknown): InvokeResult => ({ outcome: 'returned', payload });
const failures = (...ids: unknown[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

const rows: [title: string, answer: unknown, done: string[]][] = [
  ['no answer', null, ['a', 'b', 'c']],
  ['an empty answer', {}, ['a', 'b', 'c']],
  ['an answer about something else', { statusCode: 200 }, ['a', 'b', 'c']],
  ['an empty list', failures(), ['a', 'b', 'c']],
  ['a null list', { batchItemFailures: null }, ['a', 'b', 'c']],
  ['one failure', failures('b'), ['a', 'c']],
  ['one failure said twice', failures('b', 'b'), ['a', 'c']],
  ['every message failed', failures('a', 'b', 'c'), []],
  ['an unknown message', failures('b', 'z'), []],
  ['an empty identifier', failures(''), []],
  ['a null identifier', failures('a', null), []],
  ['a number for an identifier', failures(1), []],
  ['a wrong key', { batchItemFailures: [{ messageId: 'a' }] }, []],
  ['a list of plain ids', { batchItemFailures: ['a'] }, []],
  ['no list', { batchItemFailures: 'a' }, []],
  ['a text', 'ok', []],
  ['a list', [], []],
];

test.each(rows)('%s, %j: done is %j', (_title, answer, done) => {
  const verdict = judge(batch, returned(answer), true);
  expect(verdict.done.map(({ MessageId }) => MessageId)).toEqual(done);
});

test.each(rows)('%s, %j: without ReportBatchItemFailures all is done', (_title, answer) => {
  expect(judge(batch, returned(answer), false)).toEqual({ done: batch });
});

test.each([true, false])('a failed call leaves every message (reporting failures: %p)', (reports) => {
  const result: InvokeResult = { outcome: 'failed', errorType: 'Error', errorMessage: 'no' };
  expect(judge(batch, result, reports)).toEqual({ done: [] });
});

test('for any batch, what is reported stays, all else is done, and a stranger fails everything (F14)', () => {
  const batches = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(batches, fc.infiniteStream(fc.boolean()), fc.boolean(), (ids, fails, stranger) => {
      const failed = ids.filter(() => fails.next().value);
      const messages = ids.map((MessageId) => ({ MessageId }));
      const { done, problem } = judge(
        messages,
        returned(failures(...failed, ...(stranger ? ['?'] : []))),
        true,
      );
      expect(done.map(({ MessageId }) => MessageId)).toEqual(
        stranger ? [] : ids.filter((id) => !failed.includes(id)),
      );
      expect(problem !== undefined).toBe(stranger);
    }),
  );
});
