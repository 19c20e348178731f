import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defineJobTypes } from '../../../../domain/job/registry.ts';
import { MAX_ATTEMPTS } from '../../../../domain/job/retry.ts';
import { checkJobTypes } from '../../../../domain/registry/registry-check.ts';
import {
  decide,
  type Gate,
  type GateDecision,
  obstacleText,
  roomAt,
} from '../../../../domain/tenant/gate.ts';
import { decodeHolder, encodeHolder, holderOf, type Slotted } from '../../../../domain/tenant/holder.ts';
import { NOW, reportType } from '../../../support/jobs.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const jobIdOf = (i: number) => `job_${'a'.repeat(25)}${ALPHABET[i % 32]}`;
const job = (i: number, change: Partial<Slotted> = {}): Slotted => ({
  jobId: jobIdOf(i),
  attempt: 1,
  jobType: 'report.render',
  ...change,
});
const gate = (holders: readonly Slotted[], change: Partial<Gate> = {}): Gate => ({
  tenantId: 'acme',
  version: 1,
  holders: holders.map(holderOf),
  ...change,
});
const told = (entries: readonly GateDecision[]) =>
  entries.map((entry) => (entry.kind === 'waits' ? obstacleText(entry.obstacle) : entry.kind));

describe('who may go to Batch now', () => {
  test('everybody where nothing is capped, and nothing is counted', () => {
    expect(told(decide(undefined, 0, [job(1), job(2)]))).toEqual(['uncapped', 'uncapped']);
  });

  test('as many as the cap has room for, in their order', () => {
    expect(told(decide(gate([job(1)], { cap: 3 }), 0, [job(2), job(3), job(4)]))).toEqual([
      'acquires',
      'acquires',
      'tenant cap 3 of 3',
    ]);
  });

  test('who holds a slot already, even under a cap that was lowered since', () => {
    const holders = [job(1), job(2), job(3)];
    expect(told(decide(gate(holders, { cap: 1 }), 0, [job(2), job(4)]))).toEqual([
      'holds',
      'tenant cap 3 of 1',
    ]);
  });

  test('no new one while the tenant is paused, with the reason', () => {
    const paused = gate([job(1)], { paused: { reason: 'unpaid', at: NOW } });
    expect(told(decide(paused, 0, [job(1), job(2)]))).toEqual(['holds', 'the tenant is paused: unpaid']);
  });

  test('jobs of one type up to the cap of that type, also those that came in before it was set', () => {
    const other = { jobType: 'csv.summarise' };
    const capped = gate([job(1), job(2)], { typeCaps: { 'report.render': 2 } });
    expect(told(decide(capped, 0, [job(3), job(4, other)]))).toEqual([
      'cap of its job type 2 of 2',
      'acquires',
    ]);
  });

  test('jobs of one concurrency key one at a time, unless the tenant says otherwise', () => {
    const keyed = (i: number, concurrencyKey: string) => job(i, { concurrencyKey });
    expect(told(decide(undefined, 0, [keyed(1, 'a'), keyed(2, 'a'), keyed(3, 'b'), job(4)]))).toEqual([
      'acquires',
      'cap of its concurrency key 1 of 1',
      'acquires',
      'uncapped',
    ]);
    expect(told(decide(gate([keyed(1, 'a')], { keyCap: 2 }), 0, [keyed(2, 'a'), keyed(3, 'a')]))).toEqual([
      'acquires',
      'cap of its concurrency key 2 of 2',
    ]);
  });

  test('as many as the stage allows, for a tenant without a cap of its own', () => {
    expect(told(decide(undefined, 1, [job(1), job(2)]))).toEqual(['acquires', 'tenant cap 1 of 1']);
    expect(told(decide(gate([], { cap: 2 }), 1, [job(1), job(2)]))).toEqual(['acquires', 'acquires']);
  });

  test('a job type named like a method of objects has no cap by accident', () => {
    expect(told(decide(gate([], { typeCaps: {} }), 0, [job(1, { jobType: 'constructor' })]))).toEqual([
      'acquires',
    ]);
  });

  test.each([
    [gate([job(1)], { cap: 1 }), 0, 0],
    [gate([job(1)], { cap: 3 }), 0, 2],
    [gate([job(1), job(2)], { cap: 1 }), 0, 0],
    [gate([], { cap: 5, paused: { reason: 'x', at: NOW } }), 0, 0],
    [gate([job(1)], {}), 1, 0],
    [gate([job(1)], { typeCaps: { 'report.render': 1 } }), 0, Number.POSITIVE_INFINITY],
  ])('as many rows are read as attempts could acquire a slot: %#', (given, defaultCap, free) => {
    expect(roomAt(given, defaultCap).free).toBe(free);
  });

  test('no list is read of a type or a key that is full', () => {
    const red = job(1, { concurrencyKey: 'red' });
    const room = roomAt(gate([red], { typeCaps: { 'report.render': 1 } }), 0);
    const { typeTag, keyTag = 0 } = holderOf(red);
    expect([room.ofType(typeTag), room.ofType(typeTag + 1)]).toEqual([false, true]);
    expect([room.ofKey(keyTag), room.ofKey(keyTag + 1)]).toEqual([false, true]);
    expect(roomAt(gate([red], { keyCap: 2 }), 0).ofKey(keyTag)).toBe(true);
  });

  test('a key with a cap of its own has room by that cap', () => {
    const [first, second, third] = [1, 2, 3].map((no) => job(no, { concurrencyKey: 'array:a', keyCap: 2 }));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('Three were made');
    const { keyTag = 0 } = holderOf(first);
    expect(roomAt(gate([first]), 0).ofKey(keyTag)).toBe(true);
    expect(roomAt(gate([first, second]), 0).ofKey(keyTag)).toBe(false);
    expect(decide(gate([first]), 0, [second, third]).map(({ kind }) => kind)).toEqual(['acquires', 'waits']);
    expect(decodeHolder(encodeHolder(holderOf(first)))).toEqual(holderOf(first));
  });
});

describe('whatever the caps and the attempts', () => {
  /** Type and key follow from the job: its attempts have the same, and it may ask more than once. */
  const jobs = fc.array(
    fc.record({ n: fc.nat(31), attempt: fc.integer({ min: 1, max: 3 }) }).map(({ n, attempt }): Slotted => {
      const concurrencyKey = ['a', 'b', undefined][n % 3];
      const jobType = n % 2 === 0 ? 'report.render' : 'csv.summarise';
      const given = { jobId: jobIdOf(n), attempt, jobType };
      return concurrencyKey === undefined ? given : { ...given, concurrencyKey };
    }),
    { maxLength: 40 },
  );
  const caps = fc.record(
    {
      cap: fc.integer({ min: 1, max: 6 }),
      typeCaps: fc.dictionary(
        fc.constantFrom('report.render', 'csv.summarise'),
        fc.integer({ min: 1, max: 4 }),
      ),
      keyCap: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: [] },
  );
  test('no cap is exceeded by new holders, and none waits that could have acquired the last slot', () => {
    fc.assert(
      fc.property(jobs, caps, (asking, caps) => {
        const entries = decide(gate([], caps), 0, asking);
        const inside = asking.filter((_, i) => entries[i]?.kind === 'acquires');
        expect(inside.length).toBeLessThanOrEqual(caps.cap ?? Number.POSITIVE_INFINITY);
        for (const [type, cap] of Object.entries(caps.typeCaps ?? {}))
          expect(inside.filter(({ jobType }) => jobType === type).length).toBeLessThanOrEqual(cap);
        for (const key of ['a', 'b'])
          expect(inside.filter(({ concurrencyKey }) => concurrencyKey === key).length).toBeLessThanOrEqual(
            caps.keyCap ?? 1,
          );
        const waiting = asking.filter((_, i) => entries[i]?.kind === 'waits');
        const again = decide(gate(inside, caps), 0, waiting);
        expect(again.every(({ kind }) => kind === 'waits')).toBe(true);
      }),
    );
  });
});

describe('a holder in bytes', () => {
  const slottedJobs = fc.record(
    {
      jobId: fc.stringMatching(/^job_[a-z2-7]{26}$/),
      attempt: fc.integer({ min: 1, max: MAX_ATTEMPTS }),
      jobType: fc.constantFrom('report.render', 'csv.summarise'),
      concurrencyKey: fc.string({ minLength: 1, maxLength: 20 }),
    },
    { requiredKeys: ['jobId', 'attempt', 'jobType'] },
  );

  test('leads back to its job and attempt, and is short', () => {
    fc.assert(
      fc.property(slottedJobs, (given) => {
        const holder = holderOf(given as Slotted);
        const bytes = encodeHolder(holder);
        expect(decodeHolder(bytes)).toEqual(holder);
        expect(bytes.length).toBeLessThanOrEqual(23);
      }),
    );
  });

  test('differs when job or attempt differ', () => {
    fc.assert(
      fc.property(slottedJobs, slottedJobs, (a, b) => {
        const same = a.jobId === b.jobId && a.attempt === b.attempt;
        const sameBytes =
          Buffer.compare(encodeHolder(holderOf(a as Slotted)), encodeHolder(holderOf(b as Slotted))) === 0;
        if (!same) expect(sameBytes).toBe(false);
      }),
    );
  });

  test('an attempt that has no room is refused, and no registry allows one', () => {
    expect(() => encodeHolder(holderOf(job(1, { attempt: 64 })))).toThrow('63');
    const endless = { ...reportType, retry: { ...reportType.retry, maxAttempts: 64 } };
    expect(() => checkJobTypes(defineJobTypes([endless]))).toThrow(
      'report.render: expected at most 63 attempts',
    );
  });
});
