/** An operation of the console acts on the jobs that its list shows, or there is none; and it says what it did. */
import { describe, expect, it } from '@jest/globals';
import type { FailureGroup } from '../../../console/api/schema.ts';
import { merged } from '../../../console/failures/merge.ts';
import type { Filter } from '../../../console/jobs/filter.ts';
import { type Counted, endedText, soFarText } from '../../../console/operations/ended.ts';
import { cancelOf, redriveAlikeOf, redriveOf } from '../../../console/operations/start.ts';

const nowMs = Date.parse('2026-11-30T12:00:00Z');
const tags = {};

const alike = (fingerprint: string, count: number, tenants: number): FailureGroup => {
  const failed = { jobType: 'csv.summarise', class: 'app_error', code: 'exit_code' } as const;
  const lastAt = '2026-11-30T11:30:00.000Z';
  const row = { jobId: `job_${fingerprint}`, tenantId: 'acme', message: 'It exited with 1.', attempts: 1 };
  const newest = { ...row, ...failed, fingerprint, failedAt: lastAt };
  return { fingerprint, count, tenants, ...failed, firstAt: '2026-11-30T11:00:00.000Z', lastAt, newest };
};

describe('an operation that cancels all that match', () => {
  it.each<[string, Filter, object | undefined]>([
    ['is of one tenant', { tags }, undefined],
    [
      'has its state and tags',
      { tenant: 'acme', state: 'waiting', tags: { plan: 'pro' } },
      { state: 'waiting' },
    ],
    ['has its time', { tenant: 'acme', since: '1h', tags }, { since: '2026-11-30T11:00:00.000Z' }],
    ['has its type', { tenant: 'acme', type: 'csv.summarise', tags }, { type: 'csv.summarise' }],
    ['is none for what has ended', { tenant: 'acme', state: 'failed', tags }, undefined],
    ['is none for a state that does not exist', { tenant: 'acme', state: 'toString', tags }, undefined],
  ])('%s', (_, filter, expected) => {
    const selected = expected && { tenant: 'acme', tags: filter.tags, ...expected };
    expect(cancelOf(filter, nowMs)).toEqual(selected && { kind: 'cancel', filter: selected });
  });
});

describe('an operation that redrives all that match', () => {
  it.each<[string, Filter, object | undefined]>([
    ['is of one tenant', { tags }, undefined],
    ['has its type', { tenant: 'acme', type: 'csv.summarise', tags }, { type: 'csv.summarise' }],
    ['is one for failed jobs', { tenant: 'acme', state: 'failed', tags }, {}],
    ['is none for jobs that run', { tenant: 'acme', state: 'running', tags }, undefined],
    ['is none by tags', { tenant: 'acme', tags: { plan: 'pro' } }, undefined],
    ['is none from a time on, which is that of failures', { tenant: 'acme', since: '1h', tags }, undefined],
  ])('%s', (_, filter, expected) => {
    expect(redriveOf(filter)).toEqual(
      expected && { kind: 'redrive', filter: { tenant: 'acme', ...expected } },
    );
  });

  it('takes those that failed alike, as far back as the screen looks and not only those that it has read', () => {
    expect(redriveAlikeOf(alike('1a2b3c4d', 3, 1), 'acme', nowMs - 86_400_000)).toEqual({
      kind: 'redrive',
      filter: { tenant: 'acme', fingerprint: '1a2b3c4d', since: '2026-11-29T12:00:00.000Z' },
    });
  });
});

it('failures that were counted a page at a time are one group, with the newest as its example', () => {
  const newest = alike('1a2b3c4d', 3, 1);
  const older = { ...alike('1a2b3c4d', 9, 2), firstAt: '2026-11-28T11:00:00.000Z' };
  const other = alike('5e6f7a8b', 5, 1);
  expect(merged([[newest], [older, other]])).toEqual([
    { ...newest, count: 12, tenants: 2, firstAt: older.firstAt },
    other,
  ]);
});

describe('the sentence about an operation', () => {
  const counted = (fields: Partial<Counted>): Counted => ({
    done: 0,
    repeated: 0,
    refused: 0,
    codes: {},
    state: 'finished',
    ...fields,
  });
  it.each<[string, Partial<Counted>, string]>([
    ['counts what it did', { done: 1200 }, '1,200 run again.'],
    ['counts what was so before', { done: 3, repeated: 1 }, '3 run again. 1 was so before.'],
    [
      'has the codes of what was refused',
      { done: 3, repeated: 2, refused: 5, codes: { not_found: 4, tenant_unknown: 1 } },
      '3 run again. 2 were so before. 5 not: not_found (4), tenant_unknown (1).',
    ],
    [
      'tells that it was stopped',
      { done: 3, state: 'cancelled' },
      '3 run again. It was stopped; what was not reached is as it was.',
    ],
  ])('%s', (_, fields, expected) => {
    expect(endedText(counted(fields), 'run again')).toBe(expected);
  });

  it('counts all that it has reached while it goes on', () => {
    expect(soFarText(counted({ done: 3, repeated: 2, refused: 1, state: 'running' }))).toBe(
      '6 of those that match',
    );
  });
});
