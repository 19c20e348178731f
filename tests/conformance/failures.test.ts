/** What every backend must keep of failures: one row for each failed job, by day, the newest first. */
import { expect } from '@jest/globals';
import { dayOf } from '../../domain/reading/failure-list.ts';
import type { FailureRow } from '../../domain/reading/failure-row.ts';
import { NOW } from '../support/jobs.ts';
import { onEachTarget } from './targets.ts';

const rowOf = (n: number): FailureRow => ({
  jobId: `job_${String.fromCharCode(97 + n).repeat(26)}`,
  tenantId: 'acme',
  jobType: 'csv.summarise',
  class: 'app_error',
  code: 'exit_code',
  fingerprint: '0a1b2c3d',
  message: 'é 🚚',
  attempts: 2,
  failedAt: NOW + n,
  tail: ['', 'last line'],
});
const day = dayOf(NOW);

onEachTarget((open, test) => {
  test('a failed job has one row, and the first one stays', async () => {
    const { failures } = (await open()).process();
    await failures.record(rowOf(0));
    await failures.record({ ...rowOf(0), tail: ['later'] });
    expect(await failures.page(day, 10)).toEqual({ rows: [rowOf(0)], hasMore: false });
    expect(await failures.page(dayOf(NOW - 86_400_000), 10)).toEqual({ rows: [], hasMore: false });
  });

  test('the rows of a day come page by page, the newest first, each once', async () => {
    const { failures } = (await open()).process();
    const all = Array.from({ length: 12 }, (_, n) => rowOf(n));
    for (const row of all) await failures.record(row);
    const seen: FailureRow[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await failures.page(day, 5, seen.at(-1));
      seen.push(...page.rows);
      hasMore = page.hasMore;
    }
    expect(seen).toEqual(all.toReversed());
  });

  test('a write whose answer is lost leaves one row', async () => {
    const { failures } = (await open({ answersLost: true })).process();
    await failures.record(rowOf(0));
    expect((await failures.page(day, 10)).rows).toHaveLength(1);
  });
});
