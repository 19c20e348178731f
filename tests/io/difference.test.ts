import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JobRecord } from '../../domain/job.ts';
import { difference } from '../../io/table.ts';

type Attributes = Record<string, unknown>;

/** What DynamoDB does with `SET #a = :a, … REMOVE #b, …`. */
function applied(item: Attributes, { expression, names, values }: ReturnType<typeof difference>): Attributes {
  const next = { ...item };
  const [, sets = '', removes = ''] = /^(?:SET (.*?))?(?: ?REMOVE (.*))?$/.exec(expression) ?? [];
  for (const clause of sets.split(', ').filter((text) => text !== '')) {
    const [name = '', value = ''] = clause.split(' = ');
    next[names[name] ?? ''] = values[value];
  }
  for (const name of removes.split(', ').filter((text) => text !== '')) delete next[names[name] ?? ''];
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
      expression: 'SET #version = :version, #claim = :claim REMOVE #waitReason',
      names: { '#version': 'version', '#claim': 'claim', '#waitReason': 'waitReason' },
      values: { ':version': 2, ':claim': { try: 2 } },
    });
  });

  test('every name and value it lists stands in the expression: DynamoDB refuses one that does not', () => {
    fc.assert(
      fc.property(records, records, (seen, next) => {
        const { expression, names, values } = difference(seen, next);
        const used = expression.match(/[#:]\w+/g) ?? [];
        expect(new Set(used)).toEqual(new Set([...Object.keys(names), ...Object.keys(values)]));
      }),
    );
  });
});
