/** Which receipts share an item, and that a reader counts each once, however they were left. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Receipt } from '../../../../domain/cost/receipt.ts';
import { CountedOnce, minuteOf, sheetsOf } from '../../../../domain/cost/sheet.ts';

const MINUTE = Date.UTC(2026, 10, 30, 23, 59);
const receipt = (attempt: number, change: Partial<Receipt> = {}): Receipt => ({
  tenantId: 'acme',
  jobId: 'job_a',
  attempt,
  jobType: 'report.render',
  usdMicro: 100 + attempt,
  billedSeconds: 60,
  endedAt: MINUTE + attempt,
  ...change,
});

describe('receipts share a sheet', () => {
  test.each([
    ['of one minute', [receipt(1), receipt(2)], [2]],
    ['but not those of two minutes', [receipt(1), receipt(2, { endedAt: MINUTE + 60_000 })], [1, 1]],
    ['nor those of two tenants', [receipt(1), receipt(2, { tenantId: 'globex' })], [1, 1]],
    ['up to twelve of them', Array.from({ length: 25 }, (_, i) => receipt(i + 1)), [12, 12, 1]],
    ['none if there are none', [], []],
  ])('%s', (_, receipts, sizes) => {
    expect(sheetsOf(receipts).map((sheet) => sheet.length)).toEqual(sizes);
  });
});

test('a reader counts each receipt once, in whatever company and however often it was left (law)', () => {
  const all = Array.from({ length: 30 }, (_, i) =>
    receipt(1 + (i % 3), { jobId: `job_${i}`, endedAt: MINUTE + i * 7000 }),
  );
  const company = fc.subarray(all, { minLength: 1 });
  fc.assert(
    fc.property(fc.array(company, { minLength: 1, maxLength: 8 }), (companies) => {
      const sheets = companies.flatMap((some) => sheetsOf(some));
      const byMinute = sheets.toSorted(([a], [b]) => minuteOf(a.endedAt) - minuteOf(b.endedAt));
      const counted = new CountedOnce();
      const read = byMinute.flat().filter((each) => counted.isFirst(each));
      const jobs = (receipts: readonly Receipt[]) => receipts.map(({ jobId }) => jobId).toSorted();
      expect(jobs(read)).toEqual(jobs([...new Set(companies.flat())]));
    }),
  );
});
