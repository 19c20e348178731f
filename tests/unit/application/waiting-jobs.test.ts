/** What reconcile does about jobs that have waited for long: nothing, unless something about them was lost. */
import { expect, test } from '@jest/globals';
import { reconcile } from '../../../application/repair/reconcile.ts';
import { holderOf } from '../../../domain/tenant/holder.ts';
import { rowOf } from '../../../domain/tenant/waiting.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { useCases } from '../../support/use-cases.ts';

const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const look = { aheadMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
const HALF_AN_HOUR_MS = 1_800_000;

/** A gate of one slot, which `a` has, and two jobs that wait for it. */
async function withTwoWaiting() {
  const world = useCases({});
  const { gates, jobs, slots } = world.ports;
  const waits = (letter: string) =>
    jobIn('waiting', {
      jobId: idOf(letter),
      queued: true,
      waitReason: 'tenant_cap',
      dueAt: NOW,
      runId: undefined,
    });
  await jobs.create(jobIn('running', { jobId: idOf('a'), hasSlot: true, dueAt: NOW + 24 * HALF_AN_HOUR_MS }));
  await gates.set('acme', undefined, { cap: 1 }, NOW);
  await gates.acquire('acme', (await gates.load(['acme'])).get('acme'), [holderOf(waits('a'))], NOW);
  for (const job of [waits('b'), waits('c')]) {
    await jobs.create(job);
    await slots.acquire(job, (await gates.load(['acme'])).get('acme'));
  }
  await world.caughtUp();
  const asked = () => world.sent.submit.taken.map(({ body }) => JSON.parse(body).jobId);
  return { ...world, asked, row: (letter: string) => rowOf(waits(letter)) };
}

test('a job that its gate stops is put off without a message, however long it has waited', async () => {
  const { ports, time, caughtUp, asked } = await withTwoWaiting();
  for (let looks = 0; looks < 3; looks++) {
    const done = await reconcile({ ...ports, slots: { ...ports.slots, wake: async () => undefined } }, look);
    expect(done.map(({ repair }) => repair.kind)).toEqual(['waits', 'waits']);
    await caughtUp();
    time.nowMs += HALF_AN_HOUR_MS;
  }
  expect(asked()).toEqual([]);
});

test('a job whose row is lost gets a message', async () => {
  const { ports, asked, row } = await withTwoWaiting();
  await ports.waiting.remove([row('c')]);
  await reconcile(ports, look);
  expect(asked()).toEqual([idOf('c')]);
});

test('a job whose wake-up was lost gets a message', async () => {
  const { ports, asked } = await withTwoWaiting();
  await ports.gates.release('acme', [holderOf(jobIn('waiting', { jobId: idOf('a') }))]);
  await reconcile({ ...ports, slots: { ...ports.slots, wake: async () => undefined } }, look);
  expect(asked().toSorted()).toEqual([idOf('b'), idOf('c')]);
});

test('lists that cannot be read delay no other tenant, and the jobs are looked at again', async () => {
  const { ports, asked, caughtUp } = await withTwoWaiting();
  const other = jobIn('waiting', { jobId: idOf('d'), tenantId: 'globex', dueAt: NOW, runId: undefined });
  await ports.jobs.create(other);
  await caughtUp();
  const has = async () => Promise.reject(new Error('Throttled'));
  await reconcile({ ...ports, waiting: { ...ports.waiting, has } }, look);
  expect(asked()).toEqual([idOf('d')]);
  expect((await ports.jobs.get(idOf('b')))?.dueAt).toBe(NOW + HALF_AN_HOUR_MS);
});
