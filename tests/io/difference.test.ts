import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JobRecord } from '../../domain/job/job.ts';
import { difference } from '../../io/table/table.ts';

type Attributes = Record<string, unknown>;

function applied(item: Attributes, { set, remove }: ReturnType<typeof difference>): Attributes {
  const next = { ...item, ...set };
  for (const name of remove) delete next[name];
  return next;
}

/** The same value as DynamoDB stores it: without fields that are undefined, and without a sign on zero. */
const stored = (attributes: Attributes): Attributes => JSON.parse(JSON.stringify(attributes));

const records = fc.dictionary(
  fc.constantFrom(...Object.keys(JobRecord.shape)),
  fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }),
);

describe('the update that puts one record in place of another', () => {
  test('turns the one into the other', () => {
    fc.assert(
      fc.property(records, records, (seen, next) => {
        expect(stored(applied(stored(seen), difference(seen, next)))).toEqual(stored(next));
      }),
    );
  });

  test('names only what differs: a large input is not sent again with every change', () => {
    const seen = { version: 1, input: { rows: [1, 2] }, claim: { try: 1 }, waitReason: 'ready' };
    expect(difference(seen, { ...seen, version: 2, claim: { try: 2 }, waitReason: undefined })).toEqual({
      set: { version: 2, claim: { try: 2 } },
      remove: ['waitReason'],
    });
  });
});
