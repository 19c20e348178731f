/** What every backend must keep of receipts: one for each attempt, under its tenant and month. */
import { expect } from '@jest/globals';
import type { Receipt } from '../../domain/cost/receipt.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import { JOB_ID } from '../support/jobs.ts';
import { onEachTarget } from './targets.ts';

const receipt: Receipt = {
  tenantId: 'acme',
  jobId: JOB_ID,
  attempt: 12,
  jobType: 'report.render',
  tags: { 'team name': 'é 🚚' },
  usdMicro: 165,
  billedSeconds: 60.25,
  endedAt: Date.UTC(2026, 10, 30, 23, 59, 59, 999),
};
async function all(receipts: ReceiptStore, tenantId: string, month: string): Promise<Receipt[]> {
  const found: Receipt[] = [];
  for await (const each of receipts.of(tenantId, month)) found.push(each);
  return found;
}

onEachTarget((open, test) => {
  test('an attempt has one, however often it is put, in the month of its end', async () => {
    const { receipts } = (await open({ answersLost: true })).process();
    await receipts.put([receipt]);
    await receipts.put([receipt]);
    expect(await all(receipts, 'acme', '2026-11')).toEqual([receipt]);
    expect(await all(receipts, 'acme', '2026-12')).toEqual([]);
    expect(await all(receipts, 'acm', '2026-11')).toEqual([]);
  });

  test('the tenants of a month are those with receipts in it, with a record or without', async () => {
    const { receipts } = (await open()).process();
    for (const tenantId of ['globex', 'acme', 'acme']) await receipts.put([{ ...receipt, tenantId }]);
    expect((await receipts.tenants('2026-11')).toSorted()).toEqual(['acme', 'globex']);
    expect(await receipts.tenants('2026-12')).toEqual([]);
  });

  test('they come in the order in which attempts ended', async () => {
    const { receipts } = (await open()).process();
    const { tags: _, ...plain } = receipt;
    const ends = [5, 3, 4].map((n) => ({ ...plain, attempt: n, endedAt: receipt.endedAt - 10_000 + n }));
    for (const each of ends) await receipts.put([each]);
    expect((await all(receipts, 'acme', '2026-11')).map(({ attempt }) => attempt)).toEqual([3, 4, 5]);
  });

  test('those that were left together are read one by one, and one that was left again in other company is read once', async () => {
    const { receipts } = (await open({ answersLost: true })).process();
    const one = { ...receipt, attempt: 1, endedAt: receipt.endedAt - 5000 };
    const { tags: _, ...two } = { ...one, attempt: 2, billedSeconds: 7, endedAt: one.endedAt + 1 };
    const three = { ...one, jobType: 'csv.summarise', attempt: 3, usdMicro: 1, endedAt: one.endedAt + 2 };
    await receipts.put([one, two]);
    await receipts.put([two, one]);
    await receipts.put([two, three]);
    await receipts.put([three]);
    const found = await all(receipts, 'acme', '2026-11');
    expect(found.toSorted((a, b) => a.attempt - b.attempt)).toEqual([one, two, three]);
    const since: number[] = [];
    for await (const each of receipts.between('acme', two.endedAt, three.endedAt)) since.push(each.attempt);
    expect(since).toEqual([2]);
  });

  test('are read between two moments, over the end of a month of UTC, the first of them included', async () => {
    const { receipts } = (await open()).process();
    const endOfMonth = Date.parse('2026-12-01T00:00:00Z');
    const times = [-7_200_000, -3_600_000, -1, 0, 3_599_999, 3_600_000];
    for (const [i, ms] of times.entries())
      await receipts.put([{ ...receipt, attempt: i + 1, endedAt: endOfMonth + ms }]);
    const found: number[] = [];
    for await (const each of receipts.between('acme', endOfMonth - 3_600_000, endOfMonth + 3_600_000))
      found.push(each.endedAt - endOfMonth);
    expect(found).toEqual([-3_600_000, -1, 0, 3_599_999]);
  });
});
