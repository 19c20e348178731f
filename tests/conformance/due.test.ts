/** What every backend must keep of the index of what is due: all of it, in order, page after page, and nothing settled. */
import { expect } from '@jest/globals';
import { dueShard } from '../../domain/job/identity.ts';
import { changed } from '../../domain/job/job.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { tombstoneAfter } from '../../domain/job/tombstone.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import { type Due, type DueStart, SET_ASIDE } from '../../io/table/due.ts';
import { aJob, NOW } from '../support/jobs.ts';
import type { Backend } from './contract.ts';
import { jobIdNo } from './names.ts';
import { onEachTarget } from './targets.ts';

const MINUTE_MS = 60_000;
/** More than a page of any backend. */
const MANY = 105;
const SHARD = dueShard(jobIdNo(0));
/** All in one shard. */
const jobs: readonly WholeJob[] = Array.from({ length: 2048 }, (_, n) => jobIdNo(n))
  .filter((jobId) => dueShard(jobId) === SHARD)
  .slice(0, MANY)
  .map((jobId, i) => aJob({ jobId, dueAt: NOW + ((i * 37) % MANY) }));

async function allDue(backend: Backend, byMs: number, shard = SHARD) {
  await backend.caughtUp();
  const index = backend.process().due;
  const found: Due[] = [];
  let pages = 0;
  let from: DueStart | undefined;
  do {
    const page = await index.due(shard, byMs, from);
    // The last minute is read whole.
    found.push(...page.due.filter(({ dueAt }) => dueAt <= byMs));
    from = page.next && { kind: 'after', position: page.next };
    pages++;
  } while (from !== undefined);
  return { found, pages };
}
const named = (records: readonly WholeJob[]) =>
  records.map(({ jobId, tenantId, dueAt = 0 }) =>
    expect.objectContaining({ kind: 'job', jobId, tenantId, dueAt, isSetAside: false }),
  );

onEachTarget((open, test) => {
  test('what is due by then is found on its pages, the longest overdue first, and each once', async () => {
    const backend = await open();
    const { jobs: store } = backend.process();
    for (const job of jobs) await store.create(job);
    const { found, pages } = await allDue(backend, NOW + MANY);
    expect(found).toEqual(named(jobs.toSorted((a, b) => a.dueAt! - b.dueAt!)));
    expect(pages).toBeGreaterThan(1);
  });

  test('what is due at that very moment is found, and what is due later is not', async () => {
    const backend = await open();
    const { jobs: store } = backend.process();
    for (const job of jobs.slice(0, 10)) await store.create(job);
    const [first, second] = jobs.slice(0, 10).toSorted((a, b) => a.dueAt! - b.dueAt!);
    expect((await allDue(backend, second!.dueAt!)).found).toEqual(named([first!, second!]));
    expect((await allDue(backend, first!.dueAt! - 1)).found).toEqual([]);
  });

  test('each shard has its own', async () => {
    const backend = await open();
    const { jobs: store } = backend.process();
    const other = aJob({ jobId: jobIdNo(1), dueAt: NOW });
    await store.create(jobs[0]!);
    await store.create(other);
    expect((await allDue(backend, NOW + MANY)).found).toEqual(named([jobs[0]!]));
    expect((await allDue(backend, NOW + MANY, dueShard(other.jobId))).found).toEqual(named([other]));
  });

  test('the items of a tenant and a minute are together, and all of them are passed over at once', async () => {
    const backend = await open();
    const { jobs: store } = backend.process();
    const tenantIds = ['globex', 'acme', 'acme-2'];
    const records = jobs
      .slice(0, 30)
      .map((job, i) => ({ ...job, tenantId: tenantIds[i % 3]!, dueAt: NOW + (i % 2) * MINUTE_MS + i }));
    for (const job of records) await store.create(job);
    await backend.caughtUp();
    const groups: (readonly [string | undefined, number])[] = [];
    let from: DueStart | undefined;
    for (;;) {
      const { due } = await backend.process().due.due(SHARD, NOW + 2 * MINUTE_MS, from);
      const [first] = due;
      if (first === undefined) break;
      groups.push([first.tenantId, Math.floor((first.dueAt - NOW) / MINUTE_MS)]);
      from = { kind: 'behind', group: first.group };
    }
    expect(groups).toEqual([
      ['acme', 0],
      ['acme-2', 0],
      ['globex', 0],
      ['acme', 1],
      ['acme-2', 1],
      ['globex', 1],
    ]);
  });

  test('what begins behind a page goes on with the next item of its group', async () => {
    const backend = await open();
    const { jobs: store } = backend.process();
    // One moment, so that no order but that of the pages tells them apart.
    for (const job of jobs) await store.create({ ...job, dueAt: NOW });
    const { found } = await allDue(backend, NOW);
    const ids = found.map((item) => item.kind === 'job' && item.jobId);
    expect(ids.toSorted()).toEqual(jobs.map(({ jobId }) => jobId).toSorted());
  });

  test('an item that has a time is not removed', async () => {
    const backend = await open();
    const { jobs: store, due } = backend.process();
    await store.create(jobs[0]!);
    const [item] = (await allDue(backend, NOW + MANY)).found;
    await due.remove(item!);
    expect((await allDue(backend, NOW + MANY)).found).toEqual([item]);
  });

  test('a job whose time moves, moves; one that has no time any more is gone', async () => {
    const backend = await open();
    const { jobs: store } = backend.process();
    const [moved, settled] = [jobs[0]!, jobs[1]!];
    for (const job of [moved, settled]) await store.create(job);
    const later = changed(moved, { dueAt: NOW + 5000 }, NOW);
    await store.replace(moved, later);
    await store.replace(settled, changed(settled, { dueAt: undefined }, NOW));
    expect((await allDue(backend, NOW + 4999)).found).toEqual([]);
    expect((await allDue(backend, NOW + 5000)).found).toEqual(named([later]));
  });

  test('a gate is listed with the jobs of its shard, until it has no holder and tick has looked', async () => {
    const backend = await open();
    const { gates } = backend.process();
    await gates.acquire('acme', undefined, [holderOf(jobs[0]!)], NOW);
    const gate = (await gates.load(['acme'])).get('acme')!;
    const dueNow = () => allDue(backend, gate.dueAt!, dueShard('acme'));
    expect((await dueNow()).found).toMatchObject([{ kind: 'gate', tenantId: 'acme' }]);
    await gates.postpone(gate, gate.dueAt! + 1);
    expect((await dueNow()).found).toEqual([]);
    expect((await allDue(backend, gate.dueAt! + 1, dueShard('acme'))).found).toHaveLength(1);
    await gates.postpone(gate, undefined);
    expect((await allDue(backend, gate.dueAt! + 1, dueShard('acme'))).found).toHaveLength(1);
    await gates.release('acme', [holderOf(jobs[0]!)]);
    await gates.postpone(gate, undefined);
    expect((await allDue(backend, gate.dueAt! + 1, dueShard('acme'))).found).toEqual([]);
  });

  test('an item that fails is due later each time, and is set aside after the fifth, until it is worked on (F92)', async () => {
    const backend = await open();
    const { jobs: store, due } = backend.process();
    const job = jobs[0]!;
    await store.create(job);
    const waits: number[] = [];
    let nowMs = NOW + MANY;
    for (let failures = 1; failures <= 6; failures++) {
      const shard = failures <= 5 ? SHARD : SET_ASIDE[0]!;
      const [item] = (await allDue(backend, nowMs, shard)).found;
      expect(await due.postponeFailed(item!, nowMs)).toEqual({ count: failures, isSetAside: failures >= 5 });
      expect(await due.postponeFailed(item!, nowMs)).toBeUndefined();
      const { dueAt = 0 } = (await store.get(job.jobId))!;
      waits.push((dueAt - nowMs) / 60_000);
      nowMs = dueAt;
    }
    expect(waits).toEqual([1, 2, 4, 8, 60, 60]);

    const [aside] = (await allDue(backend, nowMs, SET_ASIDE[0]!)).found;
    expect(aside).toMatchObject({ kind: 'job', jobId: job.jobId, isSetAside: true });
    await due.restore(aside!);
    expect((await allDue(backend, nowMs, SET_ASIDE[0]!)).found).toEqual([]);
    expect((await allDue(backend, nowMs)).found).toMatchObject([{ jobId: job.jobId, isSetAside: false }]);
    const [again] = (await allDue(backend, nowMs)).found;
    expect(await due.postponeFailed(again!, nowMs)).toEqual({ count: 1, isSetAside: false });
  });

  test('an item that was changed since it was listed is not postponed', async () => {
    const backend = await open();
    const { jobs: store, due } = backend.process();
    const job = jobs[0]!;
    await store.create(job);
    const [item] = (await allDue(backend, NOW + MANY)).found;
    await store.replace(job, changed(job, { dueAt: NOW + 5000 }, NOW));
    expect(await due.postponeFailed(item!, NOW)).toBeUndefined();
    expect((await store.get(job.jobId))?.dueAt).toBe(NOW + 5000);
  });

  test('a delivery is in it for as long as it is pending', async () => {
    const backend = await open();
    const { deliveries } = backend.process();
    const name = {
      tenantId: 'acme',
      endpointId: 'whe_main',
      at: new Date(NOW).toISOString(),
      webhookId: `msg_${'a'.repeat(26)}`,
    };
    const common = { ...name, eventType: 'job.failed', body: '{}' };
    const pending = { ...common, status: 'pending' as const, tries: 0, dueAt: NOW };
    await deliveries.record(undefined, pending);
    const dueNow = () => allDue(backend, NOW + MANY, dueShard(name.webhookId));
    expect((await dueNow()).found).toMatchObject([{ kind: 'delivery', delivery: name }]);
    await deliveries.record(pending, { ...common, status: 'delivered', tries: 1 });
    expect((await dueNow()).found).toEqual([]);
  });

  test('tombstones, tenants and endpoints are not in it', async () => {
    const backend = await open({ tenants: [{ tenantId: 'acme', status: 'active' }] });
    const { jobs: store, endpoints } = backend.process();
    await endpoints.changeHealth({ tenantId: 'acme', endpointId: 'whe_main' }, (it) => ({
      ...it,
      slowUntil: NOW,
    }));
    await store.leaveTombstone(
      undefined,
      tombstoneAfter(undefined, { jobId: jobIdNo(0), tenantId: 'acme', nowMs: NOW }),
    );
    expect((await allDue(backend, NOW + MANY)).found).toEqual([]);
  });
});
