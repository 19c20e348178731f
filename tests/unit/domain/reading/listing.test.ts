/** Which jobs a list shows, and which cursors continue it. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { cursorOf, isListed, type JobFilter, placeIn } from '../../../../domain/reading/listing.ts';
import { JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const job = jobIn('failed', { tags: { plan: 'free', region: 'eu' } });

describe('a filter', () => {
  test.each<[string, JobFilter, boolean]>([
    ['none', {}, true],
    ['its state', { state: 'failed' }, true],
    ['another state', { state: 'running' }, false],
    ['its type', { jobType: job.jobType }, true],
    ['another type', { jobType: 'other.type' }, false],
    ['one of its tags', { tags: { plan: 'free' } }, true],
    ['all of its tags', { tags: { plan: 'free', region: 'eu' } }, true],
    ['a tag with another value', { tags: { plan: 'paid' } }, false],
    ['a tag that it has not', { tags: { toString: 'free' } }, false],
  ])('%s', (_, filter, listed) => {
    expect(isListed(job, filter)).toBe(listed);
  });
});

const filters = fc.record(
  {
    state: fc.constantFrom('failed', 'running'),
    jobType: fc.constantFrom('a', 'b'),
    tags: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
    sinceMs: fc.nat(5),
    untilMs: fc.nat(5),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JobFilter>;
const places = fc.record({
  createdAt: fc.oneof(fc.nat(6), fc.nat({ max: NOW * 2 })),
  jobId: fc.stringMatching(/^job_[a-z2-7]{26}$/),
});

const isInTime = ({ createdAt }: { createdAt: number }, { sinceMs = 0, untilMs = NOW * 3 }: JobFilter) =>
  createdAt >= sinceMs && createdAt < untilMs;

it('a cursor leads to its place, with the same filter in whatever order', () => {
  fc.assert(
    fc.property(places, filters, (place, filter) => {
      fc.pre(isInTime(place, filter));
      const { tags = {} } = filter;
      const reordered = { ...filter, tags: Object.fromEntries(Object.entries(tags).toReversed()) };
      expect(placeIn(cursorOf(place, filter), reordered)).toEqual(place);
    }),
  );
});

it('a forged cursor leads to no place outside of the times that are asked for', () => {
  fc.assert(
    fc.property(places, filters, (place, filter) => {
      fc.pre(!isInTime(place, filter));
      expect(placeIn(cursorOf(place, filter), filter)).toBeUndefined();
    }),
  );
});

it('a cursor of another filter is refused', () => {
  fc.assert(
    fc.property(places, filters, filters, (place, one, other) => {
      fc.pre(JSON.stringify({ tags: {}, ...one }) !== JSON.stringify({ tags: {}, ...other }));
      const sorted = (filter: JobFilter) =>
        JSON.stringify(['state', 'jobType', 'sinceMs', 'untilMs'].map((name) => filter[name as 'state'])) +
        JSON.stringify(Object.entries(filter.tags ?? {}).toSorted());
      fc.pre(sorted(one) !== sorted(other));
      expect(placeIn(cursorOf(place, one), other)).toBeUndefined();
    }),
  );
});

it('text that is no cursor is refused, and never throws', () => {
  const forged = (fields: object) => btoa(JSON.stringify(fields));
  const { f } = JSON.parse(atob(cursorOf({ createdAt: 1, jobId: JOB_ID }, {})));
  const wrong = [
    '',
    '%%%',
    forged({}),
    forged({ v: 1, at: 1, id: 'TENANT#acme', f }),
    forged({ v: 1, at: -1, id: JOB_ID, f }),
    forged({ v: 2, at: 1, id: JOB_ID, f }),
    forged({ v: 1, at: 1, id: JOB_ID, f, tenantId: 'globex' }),
  ];
  expect(wrong.map((cursor) => placeIn(cursor, {}))).toEqual(wrong.map(() => undefined));
  fc.assert(fc.property(fc.string(), (text) => expect(placeIn(text, {})).toBeUndefined()));
});
