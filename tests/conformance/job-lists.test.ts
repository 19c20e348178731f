/** What every backend must keep of a tenant's list of jobs. */
import { expect } from '@jest/globals';
import { onRoll, rollsOf } from '../../domain/due/roll.ts';
import { changed } from '../../domain/job/job.ts';
import type { Place } from '../../domain/reading/listing.ts';
import type { JobLists, ListRange } from '../../io/table/job-lists.ts';
import { aJob, NOW } from '../support/jobs.ts';
import { jobIdNo } from './names.ts';
import { onEachTarget } from './targets.ts';

/** Accepted a second apart, the first one first. */
const jobs = Array.from({ length: 7 }, (_, i) =>
  aJob({ jobId: jobIdNo(i), createdAt: NOW + i * 1000, dueAt: NOW }),
);
const foreign = aJob({ jobId: jobIdNo(50), tenantId: 'acme-2', createdAt: NOW + 2500, dueAt: NOW });
const newestFirst = jobs.toReversed().map(({ jobId }) => jobId);

async function walked(lists: JobLists, range: ListRange, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let after: Place | undefined;
  for (;;) {
    const page = await lists.page(range, limit, after);
    pages.push(page.places.map(({ jobId }) => jobId));
    after = page.places.at(-1);
    if (!page.hasMore || after === undefined) return pages;
  }
}

onEachTarget((open, test) => {
  const filled = async () => {
    const backend = await open();
    const ports = backend.process();
    for (const job of [...jobs, foreign]) await ports.jobs.create(job);
    await backend.caughtUp();
    return ports.lists;
  };

  test('a tenant is shown its own jobs, the newest first, whatever the size of the pages', async () => {
    const lists = await filled();
    for (const limit of [1, 3, 100]) {
      const pages = await walked(lists, { tenantId: 'acme' }, limit);
      expect(pages.flat()).toEqual(newestFirst);
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(limit);
    }
    expect(await walked(lists, { tenantId: 'acme-2' }, 3)).toEqual([[foreign.jobId]]);
    expect(await walked(lists, { tenantId: 'initrode' }, 3)).toEqual([[]]);
  });

  test('jobs of a roster are in the list as others are, once, also after one of them has left it', async () => {
    const backend = await open({ answersLost: true });
    const ports = backend.process();
    // Of one moment: four that share a roster, and two between them by their ids that have rows of their own.
    const moment = [10, 12, 13, 15].map((n) =>
      aJob({ jobId: jobIdNo(n), createdAt: NOW + 3000, dueAt: NOW }),
    );
    const own = [11, 14].map((n) => aJob({ jobId: jobIdNo(n), createdAt: NOW + 3000, dueAt: NOW }));
    const { roll } = rollsOf(moment)[0]!;
    await ports.rolls.put(roll);
    const [first, ...others] = moment.map((job) => onRoll(job, roll));
    for (const job of [first!, ...others, ...own, ...jobs]) await ports.jobs.create(job);
    expect(await ports.jobs.get(first!.jobId)).toMatchObject({ createdAt: NOW + 3000, onRoster: true });
    await backend.caughtUp();
    const expected = [...jobs, ...moment, ...own]
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.jobId < b.jobId ? 1 : -1))
      .map(({ jobId }) => jobId);
    const all = async (limit: number) => (await walked(ports.lists, { tenantId: 'acme' }, limit)).flat();
    for (const limit of [1, 2, 4, 100]) expect(await all(limit)).toEqual(expected);
    const left = changed(first!, { onRoster: undefined }, NOW);
    expect(await ports.jobs.replace(first!, left)).toBe('written');
    expect(await ports.jobs.get(first!.jobId)).toEqual(left);
    await ports.rolls.removeAll([roll]);
    await backend.caughtUp();
    for (const limit of [1, 3, 100]) expect(await all(limit)).toEqual(expected);
  });

  test('a range includes its beginning and not its end', async () => {
    const range = { tenantId: 'acme', sinceMs: NOW + 2000, untilMs: NOW + 5000 };
    expect((await walked(await filled(), range, 2)).flat()).toEqual(newestFirst.slice(2, 5));
  });

  test("a place of another tenant's list does not lead into that list", async () => {
    const lists = await filled();
    const after = { jobId: foreign.jobId, createdAt: foreign.createdAt };
    const page = await lists.page({ tenantId: 'acme' }, 100, after);
    expect(page.places.map(({ jobId }) => jobId)).toEqual(newestFirst.slice(4));
  });
});
