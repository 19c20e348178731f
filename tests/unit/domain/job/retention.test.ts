/** A job goes when it is over, all has been told of it, and the days of its final state have passed; and its result says when. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JobState } from '../../../../domain/job/job.ts';
import {
  goneAfter,
  lasting,
  otherPartsUntil,
  partsUntilOf,
  RetentionDays,
  rosterUntil,
} from '../../../../domain/job/retention.ts';
import { viewOf } from '../../../../domain/reading/job-view.ts';
import { lifecycleEvent } from '../../../../domain/webhook/notification.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';

const days = { succeeded: 15, failed: 180, cancelled: 90, expired: 20 };
const DAY_MS = 86_400_000;

describe('the record of a job', () => {
  test.each<[JobState, number]>([
    ['succeeded', 15],
    ['failed', 180],
    ['cancelled', 90],
    ['expired', 20],
  ])('that has %s goes after the days of that state, counted from its end', (state, expected) => {
    const job = jobIn(state, { finishedAt: NOW, stateAt: NOW + 5 });
    expect(goneAfter(job, days)).toBe((NOW + expected * DAY_MS) / 1000);
  });

  test.each<JobState>(['scheduled', 'blocked', 'waiting', 'submitted', 'running', 'retrying', 'cancelling'])(
    'that is %s never goes',
    (state) => expect(goneAfter(jobIn(state), days)).toBeUndefined(),
  );

  test('says when it may go, in what a tenant reads of it', () => {
    const job = jobIn('succeeded', { settled: true, expiresAt: (NOW + 15 * DAY_MS) / 1000 });
    expect(viewOf({ ...job, input: {} } as never, 'tenant').expiresAt).toBe(
      new Date(NOW + 15 * DAY_MS).toISOString(),
    );
  });
});

test('an object of a result says when it may go, in the answer and in the webhook', () => {
  const object = {
    object: 's3://bucket/tenants/acme/results/a',
    bytes: 9,
    sha256: 'abc',
    expiresAt: NOW + DAY_MS,
  };
  const job = jobIn('succeeded', { result: object });
  const told = { ...object, expiresAt: new Date(NOW + DAY_MS).toISOString() };
  expect(viewOf({ ...job, input: {} } as never, 'tenant').result).toEqual(told);
  expect(lifecycleEvent({ ...job, metadata: undefined } as never).data.result).toEqual(told);
});

test.each([
  ['fewer days than a dead letter is kept', { failed: 14 }],
  ['no days', { succeeded: 0 }],
  ['half a day', { expired: 15.5 }],
])('%s are refused', (_, change) => {
  expect(RetentionDays.safeParse({ ...days, ...change }).success).toBe(false);
});

describe('the parts of a large request', () => {
  const usual = { succeeded: 90, failed: 180, cancelled: 90, expired: 90 };
  const settledAfter = (state: 'succeeded' | 'failed', lifeMs: number, retention = usual) => {
    const job = jobIn(state, { finishedAt: NOW + lifeMs, dueAt: undefined });
    return { ...job, partsUntil: partsUntilOf({ createdAt: NOW }), expiresAt: goneAfter(job, retention) };
  };

  test('go with the record of a job that succeeds within a week, without another write', () => {
    for (const lifeMs of [0, DAY_MS, 7 * DAY_MS])
      expect(otherPartsUntil(settledAfter('succeeded', lifeMs))).toBeUndefined();
  });

  test('get the time of their record when that stays longer, or goes much sooner', () => {
    for (const job of [
      settledAfter('failed', 0),
      settledAfter('succeeded', 8 * DAY_MS),
      settledAfter('succeeded', 0, { ...usual, succeeded: 15 }),
      { ...settledAfter('succeeded', 0), partsUntil: undefined },
    ])
      expect(otherPartsUntil(job)).toBe(job.expiresAt);
  });

  test('of a job that begins later are kept from then on', () => {
    const begins = NOW + 300 * DAY_MS;
    expect(partsUntilOf({ createdAt: NOW, eligibleAt: begins })).toBe(partsUntilOf({ createdAt: begins }));
  });

  test('are there as long as the job may need them, however late each look of reconcile is (law)', () => {
    const waitsMs = fc.integer({ min: 0, max: 14 * DAY_MS });
    fc.assert(
      fc.property(fc.array(waitsMs, { minLength: 30, maxLength: 60 }), (waits) => {
        let partsUntil = partsUntilOf({ createdAt: NOW });
        let dueAt = NOW;
        for (const waitMs of waits) {
          const lookedAt = dueAt + waitMs;
          expect(partsUntil * 1000).toBeGreaterThanOrEqual(lookedAt);
          dueAt = lookedAt + 30 * 60_000;
          partsUntil = otherPartsUntil({ partsUntil, dueAt }) ?? partsUntil;
        }
      }),
    );
  });
});

describe('a job on a roster', () => {
  const usual = { succeeded: 90, failed: 180, cancelled: 90, expired: 90 };
  const settledAs = (state: 'succeeded' | 'failed', lifeMs: number) => {
    const job = jobIn(state, { onRoster: true, createdAt: NOW, finishedAt: NOW + lifeMs, dueAt: undefined });
    return { ...job, expiresAt: goneAfter(job, usual) };
  };
  const waitingUntil = (dueAt: number) => jobIn('waiting', { onRoster: true, createdAt: NOW, dueAt });

  test.each([
    ['one that succeeds within a week stays', settledAs('succeeded', 7 * DAY_MS), true],
    ['one that succeeds later has a row of its own', settledAs('succeeded', 7 * DAY_MS + 1000), undefined],
    ['one that failed, which is kept for longer, has a row of its own', settledAs('failed', 0), undefined],
    ['one that waits for days stays', waitingUntil(NOW + 80 * DAY_MS), true],
    ['one that waits for months has a row of its own', waitingUntil(NOW + 84 * DAY_MS), undefined],
  ])('%s', (_, job, onRoster) => {
    expect(lasting(job)).toEqual({ ...job, onRoster });
  });

  test('is never without its place, however late each look of reconcile is (law)', () => {
    const waitsMs = fc.integer({ min: 0, max: 14 * DAY_MS });
    fc.assert(
      fc.property(fc.array(waitsMs, { minLength: 5, maxLength: 20 }), (waits) => {
        let job = waitingUntil(NOW);
        for (const waitMs of waits) {
          const lookedAt = (job.dueAt ?? 0) + waitMs;
          if (job.onRoster) expect(rosterUntil(job) * 1000).toBeGreaterThanOrEqual(lookedAt);
          const dueAt = lookedAt + 30 * 60_000;
          job = { ...job, dueAt, onRoster: lasting({ ...job, dueAt }).onRoster };
        }
      }),
    );
  });
});
