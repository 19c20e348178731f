/** What every backend must keep of gates: holders enter on what was counted, leave whatever happened since, and stay single. */
import { describe, expect } from '@jest/globals';
import type { Gate } from '../../domain/tenant/gate.ts';
import { type Holder, holderOf } from '../../domain/tenant/holder.ts';
import type { GateStore } from '../../io/table/gates.ts';
import { NOW } from '../support/jobs.ts';
import { jobIdNo } from './names.ts';
import { onEachTarget } from './targets.ts';

const holder = (n: number, attempt = 1, concurrencyKey?: string): Holder =>
  holderOf({ jobId: jobIdNo(n), attempt, jobType: 'report.render', concurrencyKey });
const [a, b, c] = [holder(1), holder(2, 3), holder(3, 1, 'invoice-7')];
const byName = (one: Holder, other: Holder) => (one.jobId < other.jobId ? -1 : 1);

onEachTarget((open, test) => {
  const gates = async (answersLost = false) => (await open({ answersLost })).process().gates;
  const read = async (store: GateStore, tenantId = 'acme'): Promise<Gate | undefined> => {
    const gate = (await store.load([tenantId])).get(tenantId);
    return gate && { ...gate, holders: gate.holders.toSorted(byName) };
  };

  describe('entering', () => {
    test('makes the gate of a tenant that had none, with its holders as they are', async () => {
      const store = await gates();
      expect(await read(store)).toBeUndefined();
      expect(await store.acquire('acme', undefined, [a, b, c], NOW)).toBe('written');
      expect(await read(store)).toMatchObject({ tenantId: 'acme', version: 1, holders: [a, b, c] });
      expect(await read(store, 'acme-2')).toBeUndefined();
    });

    test('is lost when a holder was added since the gate was read', async () => {
      const store = await gates();
      await store.acquire('acme', undefined, [a], NOW);
      const seen = await read(store);
      expect(await store.acquire('acme', undefined, [b], NOW)).toBe('lost');
      expect(await store.acquire('acme', seen, [b], NOW)).toBe('written');
      expect(await store.acquire('acme', seen, [c], NOW)).toBe('lost');
      expect(await read(store)).toMatchObject({ version: 2, holders: [a, b] });
    });

    test('is lost when the caps have changed since the gate was read', async () => {
      const store = await gates();
      await store.acquire('acme', undefined, [a], NOW);
      const seen = await read(store);
      await store.set('acme', seen, { cap: 1 }, NOW);
      expect(await store.acquire('acme', seen, [b], NOW)).toBe('lost');
    });

    test('is not lost because a slot was released: there is only more room', async () => {
      const store = await gates();
      await store.acquire('acme', undefined, [a], NOW);
      const seen = await read(store);
      await store.release('acme', [a]);
      expect(await store.acquire('acme', seen, [b], NOW)).toBe('written');
      expect((await read(store))?.holders).toEqual([b]);
    });

    test('twice is being in once', async () => {
      const store = await gates();
      await store.acquire('acme', undefined, [a], NOW);
      await store.acquire('acme', await read(store), [a, b], NOW);
      expect((await read(store))?.holders).toEqual([a, b]);
    });

    test('whose answer was lost is lost to its caller, and its holders are in', async () => {
      const store = await gates(true);
      expect(await store.acquire('acme', undefined, [a], NOW)).toBe('lost');
      expect((await read(store))?.holders).toEqual([a]);
    });

    test('of many at once lets one of them in (F41)', async () => {
      const backend = await open();
      const stores = Array.from({ length: 8 }, () => backend.process().gates);
      const outcomes = await Promise.all(
        stores.map((store, n) => store.acquire('acme', undefined, [holder(n)], NOW)),
      );
      expect(outcomes.toSorted()).toEqual([...Array(7).fill('lost'), 'written']);
      expect((await read(stores[0]!))?.holders).toEqual([holder(outcomes.indexOf('written'))]);
    });
  });

  describe('leaving', () => {
    test('removes holders, and is no error for one that is absent, or without a gate', async () => {
      const store = await gates();
      await store.release('acme', [a]);
      expect(await read(store)).toBeUndefined();
      await store.acquire('acme', undefined, [a, b], NOW);
      await store.release('acme', [a, c]);
      await store.release('acme', []);
      expect((await read(store))?.holders).toEqual([b]);
      await store.release('acme', [b]);
      expect(await read(store)).toMatchObject({ version: 1, holders: [] });
    });

    test('tells attempts of one job apart', async () => {
      const store = await gates();
      await store.acquire('acme', undefined, [holder(1, 1), holder(1, 2)], NOW);
      await store.release('acme', [holder(1, 1)]);
      expect((await read(store))?.holders).toEqual([holder(1, 2)]);
    });
  });

  describe('settings', () => {
    const settings = {
      cap: 5,
      typeCaps: { 'report.render': 2 },
      keyCap: 3,
      paused: { reason: 'é', at: NOW },
    };

    test('replace what was set before, keep the holders, and make tick look', async () => {
      const store = await gates();
      expect(await store.set('acme', undefined, settings, NOW)).toBe('written');
      expect(await read(store)).toMatchObject({ ...settings, version: 1, holders: [], dueAt: NOW });
      await store.acquire('acme', await read(store), [a], NOW);
      expect(await store.set('acme', await read(store), { cap: 9 }, NOW + 5)).toBe('written');
      expect(await read(store)).toEqual({
        tenantId: 'acme',
        version: 3,
        cap: 9,
        holders: [a],
        dueAt: NOW + 5,
      });
    });

    test('are lost on a gate that was read before another change', async () => {
      const store = await gates();
      await store.set('acme', undefined, { cap: 5 }, NOW);
      expect(await store.set('acme', undefined, { cap: 6 }, NOW)).toBe('lost');
      expect(await read(store)).toMatchObject({ cap: 5 });
    });
  });

  describe('a budget', () => {
    const budget = { usdPerMonth: 100.5, timeZone: 'Europe/Berlin', warnAt: 0.8, then: 'hold' as const };
    const spend = {
      month: '2026-01',
      fromMs: NOW - 1,
      untilMs: NOW + 1,
      usdMicro: 7,
      atMs: NOW,
      settled: { beforeMs: NOW - 1, usdMicro: 3, recountedAtMs: NOW },
    };
    const withBudget = async () => {
      const store = await gates();
      await store.set('acme', undefined, { budget }, NOW);
      await store.noteSpend((await read(store))!, spend);
      return store;
    };

    test('has its spend beside it, and nothing acquires a slot on a gate that was read before it was noted', async () => {
      const store = await gates();
      await store.set('acme', undefined, { budget }, NOW);
      const seen = (await read(store))!;
      expect(await store.noteSpend(seen, spend)).toBe('written');
      expect(await read(store)).toMatchObject({ budget, spend, version: 2, dueAt: NOW });
      expect(await store.acquire('acme', seen, [a], NOW)).toBe('lost');
      expect(await store.noteSpend(seen, { ...spend, usdMicro: 9 })).toBe('lost');
      expect((await read(store))?.spend?.usdMicro).toBe(7);
    });

    test('keeps what was spent when it is changed, and loses it when it is removed', async () => {
      const store = await withBudget();
      await store.set('acme', await read(store), { budget: { ...budget, usdPerMonth: 200 } }, NOW);
      expect((await read(store))?.spend).toEqual(spend);
      await store.set('acme', await read(store), { cap: 2 }, NOW);
      const last = await read(store);
      expect([last?.budget, last?.spend]).toEqual([undefined, undefined]);
    });
  });
});
