/** What every backend must keep of schedules: one item for each name, changed from what was read, found when it is due. */
import { expect } from '@jest/globals';
import type { Schedule } from '../../domain/schedule/schedule.ts';
import type { DueIndex } from '../../io/table/due.ts';
import { NOW } from '../support/jobs.ts';
import { onEachAws, onEachTarget } from './targets.ts';

const first: Schedule = {
  tenantId: 'acme',
  scheduleId: 'nightly',
  cron: '0 2 * * *',
  timeZone: 'Europe/Berlin',
  job: { jobType: 'report.render', input: { title: 'é 🚚' } },
  overlap: 'allow',
  catchUp: 'latest',
  catchUpSeconds: 86_400,
  jitterSeconds: 0,
  version: 1,
  decidedUntil: NOW,
  nextAt: NOW + 60_000,
  dueAt: NOW + 60_000,
  recent: [],
  createdAt: NOW,
  changedAt: NOW,
};
const { dueAt: _, nextAt: __, ...rest } = first;
const paused: Schedule = { ...rest, version: 2, paused: { reason: 'audit', at: NOW } };

async function dueNames({ shards, due }: DueIndex): Promise<string[]> {
  const pages = await Promise.all(shards.map((shard) => due(shard, NOW + 120_000)));
  return pages.flatMap((page) =>
    page.due.flatMap((item) =>
      item.kind === 'schedule' ? [`${item.schedule.tenantId} ${item.schedule.scheduleId}`] : [],
    ),
  );
}

onEachTarget((open, test) => {
  test('one is made once, under its tenant and name', async () => {
    const { schedules } = (await open()).process();
    expect(await schedules.get(first)).toBeUndefined();
    expect(await schedules.create(first)).toBe('written');
    expect(await schedules.create({ ...first, cron: '* * * * *' })).toBe('lost');
    expect(await schedules.get(first)).toEqual(first);
    expect(await schedules.get({ ...first, tenantId: 'globex' })).toBeUndefined();
  });

  test('a change is made of what was read, and what it leaves out is gone', async () => {
    const { schedules } = (await open()).process();
    await schedules.create(first);
    expect(await schedules.replace(first, paused)).toBe('written');
    expect(await schedules.replace(first, { ...first, version: 2 })).toBe('lost');
    expect(await schedules.get(first)).toEqual(paused);
  });

  test('a write whose answer is lost is known by its repetition', async () => {
    const { schedules } = (await open({ answersLost: true })).process();
    expect(await schedules.create(first)).toBe('written');
    expect(await schedules.replace(first, paused)).toBe('written');
  });

  test('the list has those of the tenant in order, without deleted ones', async () => {
    const { schedules } = (await open()).process();
    const named = (scheduleId: string, tenantId = 'acme') => ({ ...first, scheduleId, tenantId });
    for (const each of [named('b'), named('a'), named('c', 'globex')]) await schedules.create(each);
    await schedules.replace(named('b'), { ...named('b'), version: 2, deletedAt: NOW });
    expect((await schedules.list('acme')).map(({ scheduleId }) => scheduleId)).toEqual(['a']);
  });

  test('it is found while it is due, and not when it has no next occurrence', async () => {
    const backend = await open();
    const { schedules, due } = backend.process();
    await schedules.create(first);
    await backend.caughtUp();
    expect(await dueNames(due)).toEqual(['acme nightly']);
    await schedules.replace(first, paused);
    await backend.caughtUp();
    expect(await dueNames(due)).toEqual([]);
  });
});

onEachAws((open, test) => {
  test('a schedule is in no list of jobs', async () => {
    const { schedules, lists } = (await open()).process();
    await schedules.create(first);
    expect((await lists.page({ tenantId: 'acme' }, 10)).places).toEqual([]);
  });
});
