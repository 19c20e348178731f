/** What every backend must keep of waiting lists: each row in its place once, seen at once, in order, page after page. */
import { expect } from '@jest/globals';
import { placeOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { NOW } from '../support/jobs.ts';
import { jobIdNo } from './names.ts';
import { onEachTarget } from './targets.ts';

const row = (n: number, change: Partial<WaitingRow> = {}): WaitingRow => ({
  tenantId: 'acme',
  jobId: jobIdNo(n),
  attempt: 1,
  jobType: 'report.render',
  priority: 'normal',
  since: NOW + ((n * 7) % 30) * 1000,
  ...change,
});
const byPlace = (a: WaitingRow, b: WaitingRow) => (placeOf(a) < placeOf(b) ? -1 : 1);
const rows = Array.from({ length: 30 }, (_, n) => row(n, n % 3 === 0 ? { concurrencyKey: 'é/7' } : {}));
const inOrder = rows.toSorted(byPlace);

async function listed(store: WaitingStore, tenantId: string, limit = 100) {
  const found: WaitingRow[] = [];
  let pages = 0;
  let after: string | undefined;
  do {
    const page = await store.page(tenantId, limit, after);
    found.push(...page.rows);
    after = page.next;
    pages++;
  } while (after !== undefined);
  return { found, pages };
}
async function filled(store: WaitingStore): Promise<void> {
  for (const each of rows) await store.put([each]);
}

onEachTarget((open, test) => {
  const waiting = async () => (await open()).process().waiting;

  test('rows are listed in their order, whole, by pages of any size', async () => {
    const store = await waiting();
    await filled(store);
    expect(await listed(store, 'acme')).toEqual({ found: inOrder, pages: 1 });
    const { found, pages } = await listed(store, 'acme', 7);
    expect(found).toEqual(inOrder);
    expect(pages).toBeGreaterThanOrEqual(5);
    expect((await listed(store, 'initrode')).found).toEqual([]);
  });

  test('a list goes on behind a place whose row is gone', async () => {
    const store = await waiting();
    await filled(store);
    const { next } = await store.page('acme', 10);
    await store.remove([inOrder[9]!]);
    expect((await store.page('acme', 100, next)).rows).toEqual(inOrder.slice(10));
  });

  test('a row that is put twice is there once; one that is removed twice is gone', async () => {
    const store = await waiting();
    await store.put([rows[0]!]);
    await store.put([rows[0]!]);
    expect((await listed(store, 'acme')).found).toEqual([rows[0]]);
    await store.remove([rows[0]!, rows[1]!]);
    await store.remove([rows[0]!]);
    expect((await listed(store, 'acme')).found).toEqual([]);
  });

  test('a row that is named twice in one go is put once, and gone afterwards', async () => {
    const store = await waiting();
    await store.put([row(1), row(1), row(2)]);
    expect((await listed(store, 'acme')).found).toHaveLength(2);
    await store.remove([row(1), row(2), row(1)]);
    expect((await listed(store, 'acme')).found).toEqual([]);
  });

  test('attempts of one job, and tenants, have rows of their own', async () => {
    const store = await waiting();
    const others = [row(1), row(1, { attempt: 2 }), row(1, { tenantId: 'acme-2' })];
    for (const each of others) await store.put([each]);
    await store.remove([others[0]!]);
    expect((await listed(store, 'acme')).found).toEqual([others[1]]);
    expect((await listed(store, 'acme-2')).found).toEqual([others[2]]);
  });

  test('it is counted how many wait, and how many in front of one', async () => {
    const store = await waiting();
    await filled(store);
    expect(await store.count('acme')).toBe(30);
    expect(await store.count('acme', inOrder[12]!)).toBe(12);
    expect(await store.count('initrode')).toBe(0);
  });

  test('what one process has put, every other sees at once', async () => {
    const backend = await open();
    await backend.process().waiting.put([rows[0]!]);
    expect((await backend.process().waiting.page('acme', 1)).rows).toEqual([rows[0]]);
  });

  test('rows that one process puts at once are all there, and so many are removed at once', async () => {
    const store = await waiting();
    await store.put(rows);
    expect((await listed(store, 'acme')).found).toEqual(inOrder);
    await store.remove(rows);
    expect(await store.count('acme')).toBe(0);
  });
});
