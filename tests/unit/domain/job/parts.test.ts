/** Which parts of a request go into an item of their own, and that no job is another one afterwards. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { APART, JobRecord } from '../../../../domain/job/job.ts';
import { isWhole, joined, split } from '../../../../domain/job/parts.ts';
import { itemBytesOf } from '../../../../domain/size.ts';
import { aJob } from '../../../support/jobs.ts';

const text = (bytes: number) => ({ text: 'x'.repeat(bytes) });

describe('what goes into an item of its own', () => {
  test.each([
    ['a small input stays', aJob({ input: text(100) }), []],
    ['a large input goes', aJob({ input: text(2000), metadata: { a: 1 } }), ['input']],
    [
      'large metadata goes, and a small input stays',
      aJob({ input: text(50), metadata: text(2000) }),
      ['metadata'],
    ],
    ['both go when neither fits', aJob({ input: text(900), metadata: text(900) }), ['input', 'metadata']],
    [
      'of two that fit each by itself, the larger goes',
      aJob({ input: text(300), metadata: text(250) }),
      ['input'],
    ],
    [
      'a small input stays with a record that is large for another reason',
      aJob({ input: text(50), concurrencyKey: 'k'.repeat(900) }),
      [],
    ],
  ] as const)('%s', (_, job, gone) => {
    expect(Object.keys(split(job).parts ?? {}).toSorted()).toEqual(gone);
  });

  test('a record has room for what its steps add, within one write unit', () => {
    for (let bytes = 0; bytes < 3000; bytes += 37)
      expect(itemBytesOf(split(aJob({ input: text(bytes), metadata: text(bytes / 2) })).record)).toBeLessThan(
        1024 - 250,
      );
  });
});

test('a record and its parts are the job again, whatever its request has (law)', () => {
  const part = fc.option(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ maxLength: 600 })), {
    nil: undefined,
  });
  fc.assert(
    fc.property(part, part, (input, metadata) => {
      const job = aJob({ input, metadata });
      const { record, parts } = split(job);
      expect(isWhole(record)).toBe(parts === undefined);
      expect(joined(record, parts ?? {})).toEqual(job);
    }),
  );
});

test('a version that does not know the mark cannot read the record, and so does not run it without its input', () => {
  const older = JobRecord.extend({ input: JobRecord.shape.tags });
  const { record } = split(aJob({ input: text(2000) }));
  expect(record.input).toBe(APART);
  expect(older.safeParse(record).success).toBe(false);
});
