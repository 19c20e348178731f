import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Budget,
  monthAt,
  nextSumAt,
  type Spend,
  standingOf,
  sumOf,
  usedBudget,
} from '../../../../domain/tenant/budget.ts';
import { decide, isClosed, obstacleText, roomAt } from '../../../../domain/tenant/gate.ts';
import { holderOf } from '../../../../domain/tenant/holder.ts';
import { aJob, NOW } from '../../../support/jobs.ts';

const HOUR_MS = 3_600_000;
const at = (text: string) => Date.parse(text);
const budget = (change: Partial<Budget> = {}): Budget => ({
  usdPerMonth: 100,
  timeZone: 'UTC',
  warnAt: 0.8,
  then: 'hold',
  ...change,
});
const spend = (usd: number, change: Partial<Spend> = {}): Spend => ({
  ...monthAt(NOW, 'UTC'),
  usdMicro: Math.round(usd * 1_000_000),
  atMs: NOW,
  settled: { beforeMs: 0, usdMicro: 0, recountedAtMs: NOW },
  ...change,
});

describe('the month of a budget', () => {
  test.each([
    ['2026-11-30T23:30:00Z', 'UTC', '2026-11', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    // There it is December already, and the first of it began at 23:00 UTC.
    ['2026-11-30T23:30:00Z', 'Europe/Berlin', '2026-12', '2026-11-30T23:00:00Z', '2026-12-31T23:00:00Z'],
    ['2026-12-01T04:00:00Z', 'America/New_York', '2026-11', '2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z'],
    // Summer time begins within it.
    ['2026-03-15T00:00:00Z', 'Europe/Berlin', '2026-03', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z'],
    ['2026-12-31T12:00:00Z', 'Pacific/Auckland', '2027-01', '2026-12-31T11:00:00Z', '2027-01-31T11:00:00Z'],
    // A zone that is not known any more.
    ['2026-11-30T23:30:00Z', 'Mars/Olympus', '2026-11', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
  ])('at %s in %s is %s', (now, zone, month, from, until) => {
    expect(monthAt(at(now), zone)).toEqual({ month, fromMs: at(from), untilMs: at(until) });
  });

  test('contains its moment, and begins where the month before is over', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
    );
    fc.assert(
      fc.property(fc.integer({ min: at('2024-01-01'), max: at('2030-01-01') }), zones, (now, zone) => {
        const { fromMs, untilMs } = monthAt(now, zone);
        expect(fromMs).toBeLessThanOrEqual(now);
        expect(untilMs).toBeGreaterThan(now);
        expect(monthAt(fromMs - 1, zone).untilMs).toBe(fromMs);
        expect(monthAt(untilMs, zone).fromMs).toBe(untilMs);
      }),
    );
  });
});

describe('a gate with a budget', () => {
  const gate = (spent: number | undefined, change: Partial<Budget> = {}) => ({
    tenantId: 'acme',
    version: 1,
    holders: [],
    budget: budget(change),
    ...(spent === undefined ? {} : { spend: spend(spent) }),
  });

  test('lets attempts through while something is left, and before the first sum', () => {
    expect(decide(gate(undefined), 0, [aJob()])).toEqual([{ kind: 'uncapped' }]);
    expect(decide(gate(99.999999), 0, [aJob()])).toEqual([{ kind: 'uncapped' }]);
    expect(isClosed(gate(99.999999))).toBe(false);
  });

  test.each(['hold', 'refuse'] as const)('keeps each attempt when it is used, and %s is its word', (then) => {
    const [decision] = decide(gate(102, { then }), 0, [aJob()]);
    expect(decision?.kind === 'waits' ? obstacleText(decision.obstacle) : decision).toBe(
      'budget of 2026-01 used: $102.00 of $100.00, until 2026-02-01T00:00:00.000Z',
    );
    expect(roomAt(gate(102, { then }), 0).free).toBe(0);
  });

  test('lets an attempt that has its slot go on', () => {
    const held = { ...gate(102), holders: [holderOf(aJob())] };
    expect(decide(held, 0, [aJob()])).toEqual([{ kind: 'holds' }]);
  });

  test('opens with a higher budget, before another sum', () => {
    expect(isClosed({ ...gate(102), budget: budget({ usdPerMonth: 200 }) })).toBe(false);
  });

  test('that cancels knows what runs, although the tenant has no cap', () => {
    expect(decide(gate(1, { then: 'cancel' }), 0, [aJob()])[0]?.kind).toBe('acquires');
    expect(
      decide(
        {
          ...gate(1, { then: 'cancel' }),
          cap: 1,
          holders: [holderOf({ ...aJob(), jobId: 'job_bbbbbbbbbbbbbbbbbbbbbbbbbb' })],
        },
        0,
        [aJob()],
      )[0]?.kind,
    ).toBe('waits');
  });

  test.each([
    [79.99, 'open'],
    [80, 'warned'],
    [100, 'used'],
  ])('stands after $%s as %s', (spent, standing) => expect(standingOf(gate(spent))).toBe(standing));

  test('says what it was and what follows', () => {
    expect(usedBudget(gate(100))).toMatchObject({ month: '2026-01', usdMicro: 100_000_000, action: 'hold' });
  });
});

describe('the sum of receipts', () => {
  const receipt = (endedAt: number, usdMicro: number) => ({ endedAt, usdMicro });

  test('is that of all receipts of the month, however often and whenever it was made', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin');
    const some = fc.array(
      fc.record({ endedAt: fc.integer({ min: -3_000, max: 1_500 }), usdMicro: fc.nat(1000) }),
    );
    fc.assert(
      fc.property(
        zone,
        some,
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (timeZone, given, steps) => {
          // Minutes around now; a receipt is there as soon as its attempt has ended.
          const all = given.map(({ endedAt, usdMicro }) => receipt(NOW + endedAt * 60_000, usdMicro));
          let known: Spend | undefined;
          let nowMs = NOW;
          for (const minutes of steps) {
            nowMs += minutes * 60_000;
            const sum = sumOf({ timeZone }, known, nowMs);
            for (const each of all)
              if (each.endedAt <= nowMs && each.endedAt >= sum.fromMs && each.endedAt < sum.untilMs)
                sum.add(each);
            known = sum.spend();
            const { fromMs, untilMs } = monthAt(nowMs, timeZone);
            const there = all.filter(
              ({ endedAt }) => endedAt <= nowMs && endedAt >= fromMs && endedAt < untilMs,
            );
            expect(known.usdMicro).toBe(there.reduce((total, { usdMicro }) => total + usdMicro, 0));
          }
        },
      ),
    );
  });

  test('finds a receipt that came two hours late, and with the next day one that came later', () => {
    const first = sumOf(budget(), undefined, NOW).spend();
    const late = receipt(NOW - HOUR_MS, 7);
    const next = sumOf(budget(), first, NOW + HOUR_MS / 2);
    expect(next.fromMs).toBeLessThanOrEqual(late.endedAt);
    const days = sumOf(budget(), first, NOW + 24 * HOUR_MS);
    expect(days.fromMs).toBe(monthAt(NOW, 'UTC').fromMs);
  });

  test('begins anew with another time zone, and with another month', () => {
    const known = spend(50, {
      settled: { beforeMs: NOW - HOUR_MS, usdMicro: 50_000_000, recountedAtMs: NOW },
    });
    expect(sumOf(budget(), known, NOW + HOUR_MS).spend().usdMicro).toBe(50_000_000);
    expect(sumOf(budget({ timeZone: 'Asia/Kolkata' }), known, NOW + HOUR_MS).spend().usdMicro).toBe(0);
    expect(sumOf(budget(), known, known.untilMs).spend()).toMatchObject({ month: '2026-02', usdMicro: 0 });
  });

  test('is made every five minutes, and when the month is over', () => {
    expect(nextSumAt({ spend: spend(1) })).toBe(NOW + 300_000);
    const { untilMs } = spend(1);
    expect(nextSumAt({ spend: spend(1, { atMs: untilMs - 1000 }) })).toBe(untilMs);
    expect(nextSumAt({})).toBe(0);
  });
});

describe('what an operator may set', () => {
  test('has defaults for all but the amount and what follows', () => {
    expect(Budget.parse({ usdPerMonth: 5, then: 'hold' })).toEqual(budget({ usdPerMonth: 5 }));
  });

  test.each([
    ['nothing to spend', { usdPerMonth: 0 }],
    ['less than nothing', { usdPerMonth: -1 }],
    ['an amount that is none', { usdPerMonth: Number.NaN }],
    ['a text', { usdPerMonth: '5' }],
    ['a warning above it', { warnAt: 1.1 }],
    ['an offset for a time zone', { timeZone: '+02:00' }],
    ['a zone that is none', { timeZone: 'Mars/Olympus' }],
    ['an action that is none', { then: 'explode' }],
    ['another field', { usdPerDay: 5 }],
  ])('is refused with %s', (_, change) => {
    expect(Budget.safeParse({ ...budget(), ...change }).success).toBe(false);
  });
});
