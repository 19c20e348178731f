/** A filter of jobs is the same in an address, in the search, and in what is asked of the API. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Filter,
  filterOf,
  queryOf,
  searchOf,
  typedFilter,
  typedOf,
} from '../../../console/jobs/filter.ts';

const filters = fc.record(
  {
    tenant: fc.stringMatching(/^[a-z0-9]{1,8}$/),
    state: fc.constantFrom('failed', 'running'),
    type: fc.constantFrom('csv.summarise', 'image.thumbnails'),
    since: fc.constantFrom('1h', '24h'),
    tags: fc.dictionary(
      fc.stringMatching(/^[\p{L}=&.]{1,12}$/u),
      fc.string({ minLength: 1, unit: 'binary' }),
    ),
  },
  { requiredKeys: ['tags'] },
) as fc.Arbitrary<Filter>;

test('an address has all of a filter, whatever is in its tags', () => {
  fc.assert(fc.property(filters, (filter) => expect(filterOf(searchOf(filter))).toEqual(filter)));
});

test('what the search shows of a filter is read as that filter', () => {
  const typeable = filters.filter(({ tags }) =>
    Object.entries(tags).every(([name, value]) => !/["\s:]/u.test(name + value)),
  );
  fc.assert(fc.property(typeable, (filter) => expect(typedFilter(typedOf(filter))).toEqual(filter)));
});

describe('the search', () => {
  it.each([
    ['tenant:acme state:failed', { tenant: 'acme', state: 'failed', tags: {} }],
    ['tag.plan:"pro plus" tag.a:b', { tags: { plan: 'pro plus', a: 'b' } }],
    ['type:csv.summarise since:1h', { type: 'csv.summarise', since: '1h', tags: {} }],
  ])('reads %s', (typed, filter) => expect(typedFilter(typed)).toEqual(filter));

  it.each(['hello', 'tenant', 'colour:red', 'tenant:acme hello'])('does not read %s as a filter', (typed) =>
    expect(typedFilter(typed)).toBeUndefined(),
  );
});

it('asks the API for a time and for tags by their names', () => {
  const filter = { state: 'failed', since: '1h', tags: { plan: 'pro' } };
  expect(queryOf(filter, Date.parse('2026-11-30T12:00:00Z'))).toEqual({
    state: 'failed',
    type: undefined,
    since: '2026-11-30T11:00:00.000Z',
    'tag.plan': 'pro',
  });
});
