import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Ask,
  initialRate,
  type RateState,
  type Reservation,
  reserveAll,
} from '../../../../domain/batch/rate-limit.ts';
import { type Dice, dice } from '../../../simulation/dice.ts';
import { NOW } from '../../../support/jobs.ts';

jest.setTimeout(60_000);

const limits = { callsPerSecond: 40, maxWaitMs: 2000 };
const STEP_MS = 25;
const of = (tenantId: string, weight = 1): Ask => ({ tenantId, weight });
const asksOf = (tenantId: string, count: number) => Array.from({ length: count }, () => of(tenantId));
const atOf = (turn: Reservation | undefined) => (turn?.kind === 'at' ? turn.atMs - NOW : turn?.kind);

/** Asks one after the other, as long as the state is written back. */
function pacing(state: RateState = initialRate) {
  return {
    ask(asks: readonly Ask[], atMs = 0): readonly Reservation[] {
      const { reservations, next } = reserveAll(limits, state, asks, NOW + atMs);
      state = next ?? state;
      return reservations;
    },
    state: () => state,
  };
}

describe('reservations', () => {
  test('begin now and lie as far apart as the limiter says', () => {
    expect(pacing().ask(asksOf('acme', 4)).map(atOf)).toEqual([0, 25, 50, 75]);
  });

  test('follow those that others have taken', () => {
    const pace = pacing();
    pace.ask(asksOf('acme', 4));
    expect(pace.ask([of('globex')]).map(atOf)).toEqual([100]);
  });

  test('do not make up for the time without calls', () => {
    const pace = pacing();
    pace.ask(asksOf('acme', 4));
    expect(pace.ask(asksOf('acme', 2), 90_000).map(atOf)).toEqual([90_000, 90_025]);
  });

  test('of a limiter that is no divisor of a second are rounded so that it is never exceeded', () => {
    const { reservations } = reserveAll(
      { ...limits, callsPerSecond: 3 },
      initialRate,
      asksOf('acme', 3),
      NOW,
    );
    expect(reservations.map(atOf)).toEqual([0, 334, 668]);
  });

  test('that would lie too far ahead are not given, and who asks is told when there is room', () => {
    const pace = pacing({ tatMs: NOW + 2001, shares: {} });
    expect(pace.ask([of('acme')])).toEqual([{ kind: 'full', retryAtMs: NOW + 1 }]);
    expect(pace.ask([of('acme')], 1).map(atOf)).toEqual([2001]);
  });

  test("of Headgate's own look-ups go before those of tenants", () => {
    const reservations = pacing().ask([of('acme'), { weight: 1 }, of('globex')]);
    expect(reservations.map(atOf)).toEqual([25, 0, 50]);
  });
});

describe('while calls are scarce', () => {
  /** `flood` has taken what there is, and more of its asks were turned away. */
  function flooded() {
    const pace = pacing();
    for (let i = 0; i < 30; i++) pace.ask(asksOf('flood', 10));
    return pace;
  }

  test('a tenant that comes new is given a turn although the flood is turned away', () => {
    const pace = flooded();
    expect(pace.ask([of('flood')])[0]?.kind).toBe('full');
    const [turn] = pace.ask([of('quiet')]);
    expect(atOf(turn)).toBeLessThanOrEqual(2 * limits.maxWaitMs);
  });

  test('a tenant that was given more than the one that waits longest is turned away until that has caught up', () => {
    const shares = {
      acme: { used: 10.5, askedAt: NOW },
      globex: { used: 0, askedAt: NOW, turnedAwayAt: NOW },
    };
    const pace = pacing({ tatMs: NOW + 1000, shares });
    expect(pace.ask([of('acme')])).toEqual([{ kind: 'full', retryAtMs: NOW + 1000 }]);
    expect(pace.ask([of('globex')]).map(atOf)).toEqual([1000]);
    expect(pace.ask([of('acme')]).map(atOf)).toEqual([1025]);
  });

  test('a tenant that is turned away all the time is not noted each time', () => {
    const state = { tatMs: NOW + 10_000, shares: {} };
    const first = reserveAll(limits, state, [of('acme')], NOW);
    expect(first.next?.shares['acme']).toMatchObject({ turnedAwayAt: NOW });
    expect(reserveAll(limits, first.next ?? state, [of('acme')], NOW + 1000).next).toBeUndefined();
    expect(reserveAll(limits, first.next ?? state, [of('acme')], NOW + 2500).next).toBeDefined();
  });
});

describe('no tenant is remembered', () => {
  test('once calls are plenty again', () => {
    const pace = pacing();
    pace.ask([...asksOf('acme', 5), ...asksOf('globex', 5)]);
    pace.ask([of('initech')], 60_000);
    expect(Object.keys(pace.state().shares)).toEqual(['initech']);
  });

  test('who has not asked for long', () => {
    const pace = pacing({ tatMs: NOW + 60_000, shares: { gone: { used: 3, askedAt: NOW - 30_000 } } });
    pace.ask([of('acme')]);
    expect(Object.keys(pace.state().shares)).toEqual(['acme']);
  });
});

interface Sender {
  readonly tenantId: string;
  readonly weight: number;
  /** Messages that wait in the queue from the start. */
  readonly backlog: number;
  /** And one more every so many milliseconds. */
  readonly everyMs?: number;
}

/**
 * The submit queue and its handlers. The queue is fair: ten messages at a time, of all tenants that have any in turn. Who
 * is turned away comes back up to eight seconds after it was told to.
 *
 * @returns by tenant how long each message waited for its turn, in the order of the reservations
 */
function serve(senders: readonly Sender[], untilMs: number, luck: Dice): Map<string, number[]> {
  const pace = pacing();
  const served = new Map(senders.map(({ tenantId }) => [tenantId, [] as number[]]));
  const lists = senders.map((sender) => ({
    sender,
    ready: Array.from({ length: sender.backlog }, () => 0),
    away: [] as { sentMs: number; backAtMs: number }[],
  }));
  for (let nowMs = 0; nowMs < untilMs; nowMs += 50) {
    for (const list of lists) {
      const { everyMs } = list.sender;
      if (everyMs !== undefined && nowMs % everyMs === 0) list.ready.push(nowMs);
      list.ready.push(...list.away.filter(({ backAtMs }) => backAtMs <= nowMs).map(({ sentMs }) => sentMs));
      list.away = list.away.filter(({ backAtMs }) => backAtMs > nowMs);
    }
    const batch = Array.from({ length: 10 }, (_, i) =>
      lists.filter(({ ready }) => ready.length > i / lists.length),
    )
      .flatMap((some, i) => some[i % some.length] ?? [])
      .flatMap((list) => list.ready.splice(0, 1).map((sentMs) => ({ list, sentMs })));
    const reservations = pace.ask(
      batch.map(({ list: { sender } }) => of(sender.tenantId, sender.weight)),
      nowMs,
    );
    for (const [i, { list, sentMs }] of batch.entries()) {
      const turn = reservations[i];
      if (turn?.kind === 'at') served.get(list.sender.tenantId)?.push(turn.atMs - NOW - sentMs);
      else list.away.push({ sentMs, backAtMs: (turn?.retryAtMs ?? 0) - NOW + luck.between(0, 8000) });
    }
  }
  return served;
}

const lucks = fc.integer().map((seed) => dice(seed, 'pacing'));
const UNTIL_MS = 60_000;
const countOf = (served: ReturnType<typeof serve>, tenantId: string) => served.get(tenantId)?.length ?? 0;

describe('over a minute of backlog', () => {
  test('tenants are served by their weights, and nothing of the limiter is left unused', () => {
    fc.assert(
      fc.property(lucks, (luck) => {
        const senders = [
          { tenantId: 'one', weight: 1, backlog: 3000 },
          { tenantId: 'two', weight: 2, backlog: 3000 },
          { tenantId: 'four', weight: 4, backlog: 3000 },
        ];
        const served = serve(senders, UNTIL_MS, luck);
        const all = [...served.values()].reduce((sum, { length }) => sum + length, 0);
        expect(all).toBeGreaterThanOrEqual((UNTIL_MS / STEP_MS) * 0.98);
        for (const { tenantId, weight } of senders) {
          expect(countOf(served, tenantId) / all).toBeGreaterThan((weight / 7) * 0.8);
          expect(countOf(served, tenantId) / all).toBeLessThan((weight / 7) * 1.25);
        }
      }),
      { numRuns: 8 },
    );
  });

  test('a flood of ten thousand does not delay a quiet tenant, whose messages all have their turn within seconds (F61)', () => {
    fc.assert(
      fc.property(lucks, (luck) => {
        const served = serve(
          [
            { tenantId: 'flood', weight: 1, backlog: 10_000 },
            { tenantId: 'quiet', weight: 1, backlog: 0, everyMs: 1000 },
          ],
          UNTIL_MS,
          luck,
        );
        const quiet = served.get('quiet') ?? [];
        expect(quiet.length).toBeGreaterThan(50);
        expect(Math.max(...quiet)).toBeLessThanOrEqual(2 * limits.maxWaitMs);
      }),
      { numRuns: 5 },
    );
  });

  test('a tenant that asks for less than its share does not hold up one that has more to send', () => {
    fc.assert(
      fc.property(lucks, (luck) => {
        const served = serve(
          [
            { tenantId: 'busy', weight: 1, backlog: 4000 },
            { tenantId: 'slow', weight: 1, backlog: 0, everyMs: 500 },
          ],
          UNTIL_MS,
          luck,
        );
        expect(countOf(served, 'busy')).toBeGreaterThan((UNTIL_MS / STEP_MS) * 0.9);
      }),
      { numRuns: 5 },
    );
  });
});

test('however it is asked, reservations never overlap, never lie in the past and never too far ahead', () => {
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 3000 }),
      asks: fc.array(
        fc.record({
          tenantId: fc.constantFrom('a', 'b', 'c', undefined),
          weight: fc.constantFrom(1, 2, 4, 8),
        }),
        { minLength: 1, maxLength: 10 },
      ),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (steps) => {
      const pace = pacing();
      let nowMs = 0;
      let lastMs = Number.NEGATIVE_INFINITY;
      for (const { afterMs, asks } of steps) {
        nowMs += afterMs;
        const reservations = pace.ask(asks, nowMs);
        expect(reservations).toHaveLength(asks.length);
        const given = reservations.flatMap((turn) => (turn.kind === 'at' ? [turn.atMs - NOW] : []));
        for (const atMs of given.toSorted((a, b) => a - b)) {
          expect(atMs).toBeGreaterThanOrEqual(Math.max(nowMs, lastMs + STEP_MS));
          expect(atMs).toBeLessThanOrEqual(nowMs + 2 * limits.maxWaitMs);
          lastMs = atMs;
        }
      }
    }),
    { numRuns: 100 },
  );
});
