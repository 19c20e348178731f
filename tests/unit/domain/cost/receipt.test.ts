/** Which attempt owes a receipt, and what receipts come to. */
import { describe, expect, it, test } from '@jest/globals';
import { Costs, type Grouping, type Receipt, receiptOf, totalOf } from '../../../../domain/cost/receipt.ts';
import type { EndedAttempt, JobChange, JobState } from '../../../../domain/job/job.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';

const ended = (attempt: number, usdMicro?: number): EndedAttempt => ({
  attempt,
  endedAt: NOW + attempt,
  ...(usdMicro === undefined ? {} : { usdMicro, billedSeconds: 60 }),
});

describe('a receipt', () => {
  test.each<[string, JobState, JobChange, number | undefined]>([
    ['of the attempt after which another follows', 'retrying', { endedAttempts: [ended(1, 82)] }, 1],
    [
      'of the last attempt of a job that is over',
      'succeeded',
      { endedAttempts: [ended(1, 82), ended(2, 90)] },
      2,
    ],
    ['of no attempt while one runs', 'running', { endedAttempts: [ended(1, 82)] }, undefined],
    ['of no attempt of a settled job', 'failed', { settled: true, endedAttempts: [ended(1, 82)] }, undefined],
    ['of no attempt that cost nothing', 'cancelled', { endedAttempts: [ended(1, 0)] }, undefined],
    ['of no attempt that an earlier version ended', 'failed', { endedAttempts: [ended(1)] }, undefined],
    ['of no attempt of a job that never ran', 'expired', { endedAttempts: [] }, undefined],
  ])('is owed %s', (_, state, change, attempt) => {
    expect(receiptOf(jobIn(state, change))?.attempt).toBe(attempt);
  });
});

describe('receipts', () => {
  const receipt = (jobId: string, change: Partial<Receipt> = {}): Receipt => ({
    tenantId: 'acme',
    jobId,
    attempt: 1,
    jobType: 'report.render',
    usdMicro: 100,
    billedSeconds: 60,
    endedAt: NOW,
    ...change,
  });
  const all = [
    receipt('a', { tags: { team: 'red' } }),
    receipt('a', { attempt: 2, tags: { team: 'red' } }),
    receipt('b', { tenantId: 'globex', usdMicro: 500, tags: { team: 'blue', toString: 'x' } }),
    receipt('c', { jobType: 'csv.summarise' }),
  ];

  test.each<[Grouping, [string, number, number, number][]]>([
    [
      'tenant',
      [
        ['globex', 1, 1, 500],
        ['acme', 2, 3, 300],
      ],
    ],
    [
      'type',
      [
        ['report.render', 2, 3, 700],
        ['csv.summarise', 1, 1, 100],
      ],
    ],
    [
      'job',
      [
        ['b', 1, 1, 500],
        ['a', 1, 2, 200],
        ['c', 1, 1, 100],
      ],
    ],
    [
      { tag: 'team' },
      [
        ['blue', 1, 1, 500],
        ['red', 1, 2, 200],
        ['', 1, 1, 100],
      ],
    ],
  ])('are summed by %j, the most expensive first', (by, expected) => {
    const costs = new Costs(by);
    for (const each of all) costs.add(each);
    const lines = costs.lines();
    expect(lines.map(({ name, jobs, attempts, usdMicro }) => [name, jobs, attempts, usdMicro])).toEqual(
      expected,
    );
    expect(totalOf(lines, 'total')).toMatchObject({
      name: 'total',
      attempts: 4,
      usdMicro: 800,
      billedSeconds: 240,
    });
  });

  it('of a month without any come to nothing', () => {
    expect(totalOf(new Costs('tenant').lines(), 'total')).toMatchObject({ jobs: 0, usdMicro: 0 });
  });
});
