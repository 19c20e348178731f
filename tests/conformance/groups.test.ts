/** Groups and their members: one contract on every table. */
import { expect } from '@jest/globals';
import { newGroup, sealed } from '../../domain/group/group.ts';
import { ArrayRequest } from '../../domain/request/request.ts';
import { onEachTarget } from './targets.ts';

const NOW = Date.UTC(2026, 0, 5, 9);
const name = { tenantId: 'acme', groupId: 'import-7' };
const ids = ['a', 'b', 'c'].map((letter) => `job_${letter.repeat(26)}`);
const [A = '', B = '', C = ''] = ids;

onEachTarget((open, test) => {
  test('a group is made once, and changed only as it was read', async () => {
    const { groups } = (await open()).process();
    const made = newGroup(name, NOW);
    expect(await groups.get(name)).toBeUndefined();
    expect(await groups.create(made)).toBe('written');
    expect(await groups.create({ ...made, createdAt: 1 })).toBe('lost');
    const next = sealed(made, { expect: 2 }, NOW + 1);
    if (next === undefined) throw new Error('It was sealed');
    expect(await groups.replace(made, next)).toBe('written');
    expect(await groups.replace(made, next)).toBe('lost');
    expect(await groups.get(name)).toEqual(next);
    expect(await groups.get({ ...name, tenantId: 'globex' })).toBeUndefined();
  });

  test('the row of a job is decided once', async () => {
    const { groups } = (await open()).process();
    expect(await groups.ask(name, { jobId: A, at: NOW })).toBe('open');
    expect(await groups.ask(name, { jobId: A, at: NOW + 1 })).toBe('open');
    expect(await groups.decide(name, A, 'in')).toBe('in');
    expect(await groups.decide(name, A, 'out')).toBe('in');
    expect(await groups.ask(name, { jobId: A, at: NOW })).toBe('in');
    expect(await groups.decide(name, B, 'in')).toBe('out');
  });

  test('members are read in the order of their ids, a page at a time, and those that are in are counted', async () => {
    const { groups } = (await open()).process();
    for (const jobId of [C, A, B]) await groups.ask(name, { jobId, at: NOW });
    await groups.decide(name, A, 'in');
    await groups.decide(name, B, 'out');
    expect(await groups.members(name, 1)).toEqual({
      members: [{ jobId: A, membership: 'in', at: NOW }],
      next: A,
    });
    const { members } = await groups.members(name, 2, A);
    expect(members.map(({ membership }) => membership)).toEqual(['out', 'open']);
    expect(await groups.count(name)).toBe(1);
  });

  test('items that have failed are counted once each, and no further than matters', async () => {
    const { groups } = (await open()).process();
    const note = (index: number) => groups.noteFailed(name, { index, most: 1, at: NOW });
    const said = [];
    for (const index of [4, 4, 7, 4, 9]) said.push(await note(index));
    expect(said).toEqual([false, false, true, true, true]);
    expect(await groups.noteFailed({ ...name, tenantId: 'globex' }, { index: 1, most: 0, at: NOW })).toBe(
      true,
    );
  });

  test('the items of an array are read in slices, and those of another request are not in their place', async () => {
    const { arrayItems } = (await open()).process();
    const request = (count: number) =>
      ArrayRequest.parse({
        specVersion: '1',
        tenantId: 'acme',
        jobType: 'csv.summarise',
        array: { items: Array.from({ length: count }, (_, place) => ({ place, note: 'é'.repeat(9) })) },
      });
    await arrayItems.put({ ...name, fingerprint: 'one' }, request(3), NOW);
    await arrayItems.put({ ...name, fingerprint: 'one' }, request(3), NOW);
    await arrayItems.put({ ...name, fingerprint: 'two' }, request(1), NOW);
    const slice = await arrayItems.slice({ ...name, fingerprint: 'one' }, 1, 1);
    expect(slice.items).toEqual([{ index: 1, input: { place: 1, note: 'é'.repeat(9) } }]);
    expect(slice.request.jobType).toBe('csv.summarise');
    await expect(arrayItems.slice({ ...name, fingerprint: 'none' }, 0, 1)).rejects.toThrow('no items');
  });

  test('a tenant lists its groups, the newest first, and no job is among them', async () => {
    const backend = await open();
    const { groups, groupLists, lists } = backend.process();
    for (const [place, groupId] of ['one', 'two', 'three'].entries())
      await groups.create(newGroup({ tenantId: 'acme', groupId }, NOW + place));
    await groups.create(newGroup({ tenantId: 'globex', groupId: 'theirs' }, NOW));
    await backend.caughtUp();
    const first = await groupLists.list('acme', 2);
    expect([first.groups.map(({ groupId }) => groupId), first.hasMore]).toEqual([['three', 'two'], true]);
    const rest = await groupLists.list('acme', 2, { groupId: 'two', createdAt: NOW + 1 });
    expect(rest.groups.map(({ groupId }) => groupId)).toEqual(['one']);
    expect((await lists.page({ tenantId: 'acme', sinceMs: 0 }, 10)).places).toEqual([]);
  });

  test('a group that is due is in the index, and leaves it when it is not', async () => {
    const backend = await open();
    const { groups, due } = backend.process();
    const made = newGroup(name, NOW);
    await groups.create(made);
    const next = sealed(made, {}, NOW) ?? made;
    await groups.replace(made, next);
    const dueNow = async () => {
      await backend.caughtUp();
      const pages = await Promise.all(due.shards.map((shard) => due.due(shard, NOW + 3_600_000)));
      return pages.flatMap((page) => page.due.map((item) => item.kind));
    };
    expect(await dueNow()).toEqual(['group']);
    const { dueAt: _, ...rested } = next;
    await groups.replace(next, { ...rested, version: next.version + 1 });
    expect(await dueNow()).toEqual([]);
  });
});
