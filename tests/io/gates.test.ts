import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dueShard } from '../../domain/job/identity.ts';
import { GATE_GRACE_MS } from '../../domain/tenant/gate.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import { type DueIndex, dueIndex } from '../../io/table/due.ts';
import { type GateStore, gateStore } from '../../io/table/gates.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let gates: GateStore;
let due: DueIndex;
beforeEach(async () => {
  cloud = await setUp();
  const items = await createJobsTable(cloud.dynamodb);
  gates = gateStore(items);
  due = dueIndex(items);
});
afterEach(() => cloud.close());

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const jobIdOf = (i: number) => `job_${'b'.repeat(25)}${ALPHABET[i]}`;
const holder = (i: number, concurrencyKey?: string) =>
  holderOf({
    jobId: jobIdOf(i),
    attempt: 1,
    jobType: 'report.render',
    ...(concurrencyKey && { concurrencyKey }),
  });
const gate = async () => (await gates.load(['acme'])).get('acme');
const dueGates = async (byMs: number) =>
  (await due.due(dueShard('acme'), byMs)).due.flatMap((each) =>
    each.kind === 'gate' ? [each.tenantId] : [],
  );

describe('a gate', () => {
  test('keeps its holders as they entered, with their attempts, types and keys', async () => {
    expect(await gate()).toBeUndefined();
    expect(await gates.acquire('acme', undefined, [holder(1), holder(2, 'red')], NOW)).toBe('written');
    const stored = await gate();
    expect(stored).toMatchObject({ tenantId: 'acme', version: 1 });
    expect(stored?.holders.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1))).toEqual([
      holder(1),
      holder(2, 'red'),
    ]);
  });

  test('adds no holder that was counted before another was added, or before the caps changed', async () => {
    await gates.acquire('acme', undefined, [holder(1)], NOW);
    expect(await gates.acquire('acme', undefined, [holder(2)], NOW)).toBe('lost');
    const seen = await gate();
    await gates.set('acme', seen, { cap: 1 }, NOW);
    expect(await gates.acquire('acme', seen, [holder(2)], NOW)).toBe('lost');
    expect((await gate())?.holders).toEqual([holder(1)]);
  });

  test('lets in who counted before another left: there are only fewer then', async () => {
    await gates.acquire('acme', undefined, [holder(1)], NOW);
    const seen = await gate();
    await gates.release('acme', [holder(1)]);
    expect(await gates.acquire('acme', seen, [holder(2)], NOW)).toBe('written');
    expect((await gate())?.holders).toEqual([holder(2)]);
  });

  test('is released twice as well as once, and by an attempt that never had a slot', async () => {
    await gates.release('acme', [holder(1)]);
    expect(await gate()).toBeUndefined();
    await gates.acquire('acme', undefined, [holder(1), holder(2)], NOW);
    for (let times = 0; times < 2; times++) await gates.release('acme', [holder(1), holder(3)]);
    expect((await gate())?.holders).toEqual([holder(2)]);
  });

  test('takes its settings as a whole: what is not given is not there any more', async () => {
    await gates.set(
      'acme',
      undefined,
      { cap: 3, typeCaps: { 'report.render': 2 }, paused: { reason: 'x', at: NOW } },
      NOW,
    );
    expect(await gate()).toMatchObject({ cap: 3, typeCaps: { 'report.render': 2 }, paused: { reason: 'x' } });
    expect(await gates.set('acme', await gate(), { keyCap: 2 }, NOW)).toBe('written');
    const { cap, typeCaps, keyCap, paused } = (await gate()) ?? {};
    expect({ cap, typeCaps, keyCap, paused }).toEqual({
      keyCap: 2,
      cap: undefined,
      typeCaps: undefined,
      paused: undefined,
    });
  });

  test('is before tick from its first holder on, at once after a change of caps, and not when it is empty', async () => {
    await gates.acquire('acme', undefined, [holder(1)], NOW);
    expect([await dueGates(NOW), await dueGates(NOW + GATE_GRACE_MS)]).toEqual([[], ['acme']]);
    await gates.set('acme', await gate(), { cap: 5 }, NOW);
    expect(await dueGates(NOW)).toEqual(['acme']);
    const [seen] = [...(await gates.load(['acme'])).values()];
    await gates.postpone(seen!, undefined);
    expect(await dueGates(NOW)).toEqual(['acme']);
    await gates.release('acme', [holder(1)]);
    await gates.postpone(seen!, undefined);
    expect(await dueGates(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });
});
