import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { slots as makeSlots, type Slots } from '../../application/tenant/slots.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import { rowOf } from '../../domain/tenant/waiting.ts';
import { batched } from '../../io/table/batching.ts';
import { type GateStore, gateStore } from '../../io/table/gates.ts';
import { type WaitingStore, waitingStore } from '../../io/table/waiting.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob, NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let gates: GateStore;
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
  const items = await createJobsTable(cloud.dynamodb);
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
    log: { info: () => undefined, error: () => undefined },
    defaultCap: 0,
  });
  await gates.set('acme', undefined, { cap: 2 }, NOW);
});
afterEach(() => cloud.close());

const gate = async () => (await gates.load(['acme'])).get('acme');
const holders = async () => (await gate())?.holders.map(({ jobId }) => jobId) ?? [];
const rows = async () => (await waiting.page('acme', 100)).rows.map(({ jobId }) => jobId);
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
  await waiting.put([rowOf(first), rowOf(third)]);
  await slots.release([{ ...second, hasSlot: true }]);
  expect(asked).toEqual([third.jobId]);
  expect(await rows()).toEqual([]);
});
