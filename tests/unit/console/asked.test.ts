/** A screen that asks once for each tenant says when it is not complete. */
import { expect, it } from '@jest/globals';
import { partlyText } from '../../../console/parts/asked.ts';

const read = { data: [], error: null };
const unread = { data: undefined, error: new Error('no answer') };
const kept = { data: [], error: new Error('no answer') };

it.each([
  ['every tenant answered', [read, read], undefined],
  ['none answered, which the list of tenants says', [unread, kept], undefined],
  [
    'one of three did not',
    [read, unread, read],
    'Not complete: the jobs of 1 tenant of 3 could not be read.',
  ],
  [
    'one does not any more',
    [read, kept],
    'Not complete: the jobs of 1 tenant of 2 could not be read. What was read before is still here.',
  ],
])('when %s', (_, reads, expected) => {
  expect(partlyText(reads, 'jobs')).toBe(expected);
});
