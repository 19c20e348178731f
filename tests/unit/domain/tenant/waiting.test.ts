import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { headStartMs, Priority } from '../../../../domain/job/priority.ts';
import { placeOf, rowOf, type WaitingRow } from '../../../../domain/tenant/waiting.ts';
import { aJob, JOB_ID, NOW } from '../../../support/jobs.ts';

const row = (change: Partial<WaitingRow> = {}): WaitingRow => ({ ...rowOf(aJob()), ...change });
const inOrder = (rows: readonly WaitingRow[]) => rows.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));

test('who came first is first, and of two that came together the more urgent', () => {
  const rows = [row({ since: NOW + 1 }), row(), row({ priority: 'high' }), row({ priority: 'low' })];
  expect(inOrder(rows).map(({ since, priority }) => [since - NOW, priority])).toEqual([
    [0, 'high'],
    [0, 'normal'],
    [1, 'normal'],
    [0, 'low'],
  ]);
});

test('whatever comes later and is more urgent, a job waits for it at most the difference of their head starts', () => {
  const priorities = fc.constantFrom(...Priority.options);
  fc.assert(
    fc.property(
      priorities,
      priorities,
      fc.integer({ min: 0, max: 48 * 3_600_000 }),
      (mine, other, laterMs) => {
        const place = placeOf(row({ priority: mine }));
        const overtakes = placeOf(row({ priority: other, since: NOW + laterMs, attempt: 2 })) < place;
        if (laterMs > headStartMs[other] - headStartMs[mine]) expect(overtakes).toBe(false);
      },
    ),
  );
});

test('a later attempt keeps the place of its job, but is no longer the old row', () => {
  const [first, second] = [rowOf(aJob()), rowOf(aJob({ attempt: 2 }))];
  expect(second.since).toBe(first.since);
  expect(placeOf(second)).not.toBe(placeOf(first));
});

test('a job that was not to run before a time waits since then', () => {
  expect(rowOf(aJob({ eligibleAt: NOW + 5000 })).since).toBe(NOW + 5000);
});

test('the row has what the gate asks for, and the priority that the ceiling left', () => {
  const job = aJob({ concurrencyKey: 'customer-7', priority: 'urgent', clampedPriority: 'high' });
  expect(rowOf(job)).toEqual({
    tenantId: 'acme',
    jobId: JOB_ID,
    attempt: 1,
    jobType: 'report.render',
    concurrencyKey: 'customer-7',
    priority: 'high',
    since: NOW,
  });
});
