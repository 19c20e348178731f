/** What every backend must keep of rolls: one row for several jobs, until each of them is due by itself. */
import { expect } from '@jest/globals';
import { onRoll, type Roll, rollsOf } from '../../domain/due/roll.ts';
import { dueShard } from '../../domain/job/identity.ts';
import { changed } from '../../domain/job/job.ts';
import { aJob, NOW } from '../support/jobs.ts';
import type { Backend } from './contract.ts';
import { jobIdNo } from './names.ts';
import { onEachTarget } from './targets.ts';

const HOUR_MS = 3_600_000;
const jobs = [1, 2, 3].map((n) => aJob({ jobId: jobIdNo(n), createdAt: NOW, dueAt: NOW + 1000 }));
const [one] = rollsOf(jobs);
const roll: Roll = one!.roll;

async function dueBy(backend: Backend, byMs: number) {
  await backend.caughtUp();
  const { due } = backend.process();
  const pages = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((shard) => due.due(String(shard), byMs)));
  return pages.flatMap((page) => page.due).filter(({ dueAt }) => dueAt <= byMs);
}

onEachTarget((open, test) => {
  test('a roll is one row of its tenant, with the names of its jobs, which have none', async () => {
    const backend = await open({ answersLost: true });
    const { rolls, jobs: store } = backend.process();
    await rolls.put(roll);
    for (const job of jobs) await store.create(onRoll(job, roll));
    const { dueAt, ...name } = roll;
    expect(await dueBy(backend, NOW + HOUR_MS)).toEqual([
      expect.objectContaining({ kind: 'roll', roll: name, tenantId: 'acme', dueAt, isSetAside: false }),
    ]);
    expect(await dueBy(backend, NOW + 999)).toEqual([]);
  });

  test('a job has a row of its own from the first change of its time, and none when it is settled', async () => {
    const backend = await open();
    const { rolls, jobs: store } = backend.process();
    const [first, second] = jobs.map((job) => onRoll(job, roll));
    await rolls.put(roll);
    for (const job of jobs) await store.create(onRoll(job, roll));
    const begun = changed(first!, { state: 'submitting', waitReason: undefined }, NOW);
    await store.replace(first!, begun);
    await store.replace(begun, changed(begun, { dueAt: NOW + HOUR_MS }, NOW));
    await store.replace(second!, changed(second!, { dueAt: undefined }, NOW));
    await rolls.removeAll([roll]);
    await rolls.removeAll([roll]);
    expect(await dueBy(backend, NOW + 2 * HOUR_MS)).toEqual([
      expect.objectContaining({ kind: 'job', jobId: first!.jobId, dueAt: NOW + HOUR_MS }),
    ]);
  });

  test('a roll of which jobs are absent comes again later; one that is gone does not come back', async () => {
    const backend = await open();
    const { rolls } = backend.process();
    await rolls.put(roll);
    await rolls.postpone(roll, NOW + HOUR_MS);
    expect(await dueBy(backend, NOW + HOUR_MS - 1)).toEqual([]);
    expect(await dueBy(backend, NOW + HOUR_MS)).toHaveLength(1);
    await rolls.removeAll([roll]);
    await rolls.postpone(roll, NOW + 2 * HOUR_MS);
    expect(await dueBy(backend, NOW + 3 * HOUR_MS)).toEqual([]);
    expect(dueShard(jobs[0]!.jobId)).toMatch(/^[0-7]$/);
  });
});
