/** What every backend must keep of waiting lists: whole, in order, at once, and each entry gone only as it was read. */
import { expect } from '@jest/globals';
import { holderOf } from '../../domain/tenant/holder.ts';
import { type Entry, type KeyedClass, placeOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
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
const rows = Array.from({ length: 30 }, (_, n) => row(n));
const inOrder = rows.toSorted(byPlace);
const { typeTag } = holderOf(row(0));
const OTHER = holderOf(row(0, { jobType: 'image.scale' })).typeTag;

const red = { concurrencyKey: 'é/7' };
const { keyTag = 0 } = holderOf(row(0, red));
const ofRed: KeyedClass = { tenantId: 'acme', typeTag, keyTag };
const ready = (place: string, token: string, of = ofRed): Entry => ({ list: 'ready', of, place, token });
const held = (token: string, of = ofRed): Entry => ({ list: 'held', of, token });

onEachTarget((open, test) => {
  const waiting = async () => (await open()).process().waiting;
  const listed = async (store: WaitingStore, tenantId = 'acme', limit = 100) =>
    (await store.ready(tenantId, typeTag, limit)).items;

  /** One by one: what several do at once has a test of its own. */
  const put = async (store: WaitingStore, each: readonly WaitingRow[]) => {
    for (const one of each) await store.put([one], NOW);
  };

  test('the list of a type has its rows in their order, whole, and as many as are asked for', async () => {
    const store = await waiting();
    await put(store, rows);
    expect(await store.ready('acme', typeTag, 100)).toEqual({
      items: inOrder,
      unreadable: [],
      hasMore: false,
    });
    expect(await store.ready('acme', typeTag, 7)).toMatchObject({
      items: inOrder.slice(0, 7),
      hasMore: true,
    });
    expect(await listed(store, 'initrode')).toEqual([]);
    expect((await store.ready('acme', OTHER, 1)).items).toEqual([]);
  });

  test('a row that is put twice is there once; one that is removed twice is gone', async () => {
    const store = await waiting();
    await store.put([row(0)], NOW);
    await store.put([row(0)], NOW + 1);
    expect(await listed(store)).toEqual([row(0)]);
    await store.remove([row(0), row(1)]);
    await store.remove([row(0)]);
    expect(await listed(store)).toEqual([]);
  });

  test('a row that is named twice in one go is put once, and gone afterwards', async () => {
    const store = await waiting();
    await store.put([row(1), row(1), row(2)], NOW);
    expect(await listed(store)).toHaveLength(2);
    await store.remove([row(1), row(2), row(1)]);
    expect(await listed(store)).toEqual([]);
  });

  test('attempts of one job, tenants and keys have rows of their own', async () => {
    const store = await waiting();
    const others = [row(1), row(1, { attempt: 2 }), row(1, { tenantId: 'acme-2' }), row(1, red)];
    for (const each of others) await store.put([each], NOW);
    expect(await store.has([row(3), ...others])).toEqual(new Set(others));
    await store.remove([others[0]!]);
    expect(await listed(store)).toEqual([others[1]]);
    expect(await listed(store, 'acme-2')).toEqual([others[2]]);
    expect(await store.head(ofRed)).toEqual(others[3]);
  });

  test('the first row of a class is the one that waits longest, and none of another class', async () => {
    const store = await waiting();
    expect(await store.head(ofRed)).toBeUndefined();
    const keyed = rows.map((each) => ({ ...each, ...red }));
    await put(store, [...keyed, row(31, { concurrencyKey: 'other', since: 0 }), row(32, { since: 0 })]);
    const [first, second] = keyed.toSorted(byPlace);
    expect(await store.head(ofRed)).toEqual(first);
    await store.remove([first!]);
    expect(await store.head(ofRed)).toEqual(second);
  });

  test('an entry is in the list of its type right behind the row that it names', async () => {
    const store = await waiting();
    await put(store, [row(1, { since: NOW }), row(2, { since: NOW + 2 })]);
    const first = row(3, { ...red, since: NOW + 1 });
    await store.putEntry(ready(placeOf(first), 'a'), NOW);
    expect(await listed(store)).toEqual([
      row(1, { since: NOW }),
      ready(placeOf(first), 'a'),
      row(2, { since: NOW + 2 }),
    ]);
  });

  test('an entry is in the list of its key, one for each type', async () => {
    const store = await waiting();
    const other = { ...ofRed, typeTag: OTHER };
    for (const entry of [held('a'), held('b', other), held('c'), held('d', { ...ofRed, keyTag: keyTag + 1 })])
      await store.putEntry(entry, NOW);
    const found = await store.held('acme', keyTag);
    expect(found.toSorted((a, b) => (a.token < b.token ? -1 : 1))).toEqual([held('b', other), held('c')]);
    expect(await store.held('initrode', keyTag)).toEqual([]);
    const from = await store.heldFrom('acme', keyTag + 1, 10);
    expect(from).toEqual([held('d', { ...ofRed, keyTag: keyTag + 1 })]);
    expect(await store.heldFrom('acme', 0, 2)).toHaveLength(2);
  });

  test('an entry is removed as it was read, and not when it was put again since', async () => {
    const store = await waiting();
    const place = placeOf(row(1));
    await store.putEntry(held('a'), NOW);
    await store.putEntry(ready(place, 'a'), NOW);
    await store.putEntry(held('b'), NOW);
    await store.putEntry(ready(place, 'b'), NOW);
    for (const token of ['a', 'other']) {
      await store.removeEntry(held(token));
      await store.removeEntry(ready(place, token));
    }
    expect([await store.held('acme', keyTag), await listed(store)]).toEqual([
      [held('b')],
      [ready(place, 'b')],
    ]);
    for (let times = 0; times < 2; times++) {
      await store.removeEntry(held('b'));
      await store.removeEntry(ready(place, 'b'));
    }
    expect([await store.held('acme', keyTag), await listed(store)]).toEqual([[], []]);
  });

  test('it is counted how many wait, and how many in front of one, without their entries', async () => {
    const store = await waiting();
    const mixed = rows.map((each, n) => (n % 3 === 0 ? { ...each, ...red } : each));
    const urgent = row(31, { priority: 'urgent', since: NOW + 3_600_000 });
    await put(store, [...mixed, urgent]);
    await store.putEntry(held('a'), NOW);
    await store.putEntry(ready(placeOf(row(3)), 'a'), NOW);
    expect(await store.count('acme')).toBe(31);
    expect(await store.count('acme', mixed.toSorted(byPlace)[12])).toBe(13);
    expect(await store.count('acme', urgent)).toBe(0);
    expect(await store.count('initrode')).toBe(0);
  });

  test('what one process has put, every other sees at once', async () => {
    const backend = await open();
    await backend.process().waiting.put([row(0)], NOW);
    expect(await listed(backend.process().waiting, 'acme', 1)).toEqual([row(0)]);
  });

  test('rows that one process puts at once are all there, and so many are removed at once', async () => {
    const store = await waiting();
    await store.put(rows, NOW);
    expect(await listed(store)).toEqual(inOrder);
    await store.remove(rows);
    expect(await store.count('acme')).toBe(0);
  });
});
