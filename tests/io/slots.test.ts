import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { slots as makeSlots, type Slots } from '../../application/tenant/slots.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { typeTagOf } from '../../domain/job/job-type.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import { placeOf, rowOf } from '../../domain/tenant/waiting.ts';
import { systemRandom } from '../../io/process/random.ts';
import { batched } from '../../io/table/batching.ts';
import { type GateStore, gateStore } from '../../io/table/gates.ts';
import { type WaitingStore, waitingStore } from '../../io/table/waiting.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob, NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let gates: GateStore;
let items: Awaited<ReturnType<typeof createJobsTable>>;
let waiting: WaitingStore;
let slots: Slots;
/** The jobs that submit messages were sent for, in their order. */
let asked: string[];
const jobs = ['a', 'b', 'c', 'd', 'e'].map((end, i) =>
  aJob({ jobId: `job_${'c'.repeat(25)}${end}`, createdAt: NOW + i }),
);
const [first, second, third] = jobs as [JobRecord, JobRecord, JobRecord]; // there are five

beforeEach(async () => {
  cloud = await setUp();
  items = await createJobsTable(cloud.dynamodb);
  gates = gateStore(items);
  waiting = waitingStore(items);
  asked = [];
  slots = makeSlots({
    gates,
    waiting,
    batched,
    submitQueue: {
      send: async (messages) => {
        asked.push(...messages.map(({ body }) => JSON.parse(body).jobId));
      },
    },
    clock: { nowMs: () => NOW },
    random: systemRandom,
    log: { info: () => undefined, error: () => undefined },
    defaultCap: 0,
  });
  await gates.set('acme', undefined, { cap: 2 }, NOW);
});
afterEach(() => cloud.close());

const gate = async () => (await gates.load(['acme'])).get('acme');
const holders = async () => (await gate())?.holders.map(({ jobId }) => jobId) ?? [];
const rows = async () => {
  const { items } = await waiting.ready('acme', typeTagOf(first.jobType), 100);
  return items.map((item) => 'jobId' in item && item.jobId);
};
const taken = async (job: JobRecord) => slots.acquire(job, await gate());

test('a job whose message comes twice in one batch waits in one place, and its neighbours are not held up', async () => {
  await Promise.all([taken(first), taken(second)]);
  const all = await Promise.all([taken(third), taken(third), taken(jobs[3] as JobRecord)]);
  expect(all.map(({ kind }) => kind)).toEqual(['waits', 'waits', 'waits']);
  expect(await rows()).toEqual([third.jobId, jobs[3]?.jobId]);
  const whenFull = await gate();
  await gates.release('acme', [holderOf(first)]);
  expect(await Promise.all([slots.acquire(third, whenFull), slots.acquire(third, whenFull)])).toEqual([
    { kind: 'given', hasSlot: true },
    { kind: 'given', hasSlot: true },
  ]);
  expect(await holders()).toEqual(expect.arrayContaining([second.jobId, third.jobId]));
});

test('who leaves wakes as many as may enter, the longest waiting first', async () => {
  for (const job of jobs) await taken(job);
  await slots.release([{ ...first, hasSlot: true }]);
  expect(asked).toEqual([third.jobId]);
  expect(await rows()).toEqual(jobs.slice(3).map(({ jobId }) => jobId));
});

test('an attempt that has a slot already is not woken again: only its waiting row is removed', async () => {
  for (const job of jobs.slice(0, 2)) await taken(job);
  await gates.markTypes('acme', [typeTagOf(first.jobType)]);
  await waiting.put([rowOf(first), rowOf(third)], NOW);
  await slots.release([{ ...second, hasSlot: true }]);
  expect(asked).toEqual([third.jobId]);
  expect(await rows()).toEqual([]);
});

test('rows that an earlier version has put are woken in their order, and its list is empty afterwards', async () => {
  const red = jobs.map((job, i) => (i % 2 === 0 ? job : { ...job, concurrencyKey: 'red' }));
  for (const job of red) {
    const row = rowOf(job);
    await items.insert({ pk: 'WAITING#acme', sk: placeOf(row) }, { ...row });
  }
  expect(await waiting.count('acme')).toBe(5);
  await slots.wake('acme');
  expect(asked).toEqual([first.jobId, second.jobId]);
  expect((await waiting.earlier('acme', 10)).rows).toEqual([]);
  expect(await waiting.count('acme')).toBe(3);
  await slots.release([{ ...first, hasSlot: true }]);
  await slots.release([{ ...second, concurrencyKey: 'red', hasSlot: true }]);
  expect(asked.slice(2)).toEqual([third.jobId, jobs[3]?.jobId]);
});

test('a row of an earlier version that cannot be read stays, and the others move', async () => {
  await items.insert({ pk: 'WAITING#acme', sk: '0' }, { tenantId: 'acme', jobId: 7 });
  const row = rowOf(first);
  await items.insert({ pk: 'WAITING#acme', sk: placeOf(row) }, { ...row });
  await slots.wake('acme');
  expect(asked).toEqual([first.jobId]);
});
