import { describe, expect, jest, test } from '@jest/globals';
import fc, { type Scheduler } from 'fast-check';
import {
  afterTake,
  full,
  granted,
  nothingSeen,
  type Reservation,
  type Take,
  takes,
} from '../../domain/pacing.ts';
import { NOW } from '../support/jobs.ts';

jest.setTimeout(60_000);

const limits = { callsPerSecond: 40, maxWaitMs: 2000 };
const MAX_CALLS = 10;

/** Which writes are tried, and whether each passes, is all that DynamoDB takes part in. */
function stored(tatMs = 0) {
  return {
    read: () => tatMs,
    write(take: Take): number | undefined {
      if (take.kind === 'behind' ? tatMs > take.nowMs : tatMs <= take.nowMs || tatMs > take.latestMs)
        return undefined;
      tatMs = take.kind === 'behind' ? take.nowMs + take.costMs : tatMs + take.costMs;
      return tatMs;
    },
  };
}

describe('the writes that are tried, in turn', () => {
  test.each([
    ['nothing is known', nothingSeen, ['behind', 'ahead']],
    ['the last call was long ago', { tatMs: NOW - 5000, shared: false }, ['behind', 'ahead']],
    ['the next call may go this moment', { tatMs: NOW, shared: false }, ['behind', 'ahead']],
    ['others moved it lately', { tatMs: NOW - 50, shared: true }, ['ahead', 'behind', 'ahead']],
    ['calls wait already', { tatMs: NOW + 1, shared: false }, ['ahead']],
    ['the longest wait is taken', { tatMs: NOW + 2000, shared: true }, ['ahead']],
    ['there is no room, and what was seen can only have grown', { tatMs: NOW + 2001, shared: false }, []],
  ])('when %s', (_, seen, kinds) => {
    expect(takes(limits, 10, NOW, seen).map(({ kind }) => kind)).toEqual(kinds);
  });
});

test('calls of one reservation are spread evenly, in whole milliseconds and never above the budget', () => {
  const [take] = takes({ ...limits, callsPerSecond: 3 }, 4, NOW, nothingSeen);
  const reservation = granted({ ...limits, callsPerSecond: 3 }, take!, NOW + take!.costMs);
  expect(take?.costMs).toBe(1334);
  expect(callsOf(reservation, 4)).toEqual([NOW, NOW + 334, NOW + 667, NOW + 1000]);
});

function callsOf(reservation: Reservation, calls: number): number[] {
  return reservation.kind === 'full' ? [] : Array.from({ length: calls }, (_, i) => reservation.atMs(i));
}

interface Made {
  readonly calls: number;
  readonly process: number;
  readonly askedMs: number;
  readonly reservation: Reservation;
  /** The tat when it was found full. */
  readonly foundMs?: number;
}

const histories = fc.record({
  callsPerSecond: fc.constantFrom(1, 3, 7, 40, 50, 333),
  maxWaitMs: fc.constantFrom(0, 100, 2000),
  /** What each process asks for, one after the other. */
  asks: fc.array(fc.array(fc.integer({ min: 1, max: MAX_CALLS }), { maxLength: 8 }), {
    minLength: 2,
    maxLength: 4,
  }),
  ticksMs: fc.array(fc.oneof(fc.nat(20), fc.nat(1500)), { maxLength: 30 }),
  skewsMs: fc.tuple(fc.nat(3000), fc.nat(3000), fc.nat(3000), fc.nat(3000)),
});

/** Several processes and the time, in whatever order the scheduler lets them reach the table. */
async function run(
  history: typeof histories extends fc.Arbitrary<infer T> ? T : never,
  scheduler: Scheduler,
) {
  const item = stored();
  const made: Made[] = [];
  let trueMs = NOW;
  const work = async (process: number, asks: readonly number[]) => {
    let seen = nothingSeen;
    const reserve = async (calls: number): Promise<Made> => {
      const askedMs = trueMs + (history.skewsMs[process] ?? 0);
      for (const take of takes(history, calls, askedMs, seen)) {
        const tatMs = await scheduler.schedule(Promise.resolve(take)).then(item.write);
        if (tatMs === undefined) continue;
        seen = afterTake(seen, take, tatMs);
        return { calls, process, askedMs, reservation: granted(history, take, tatMs) };
      }
      const foundMs = await scheduler.schedule(Promise.resolve()).then(item.read);
      seen = { tatMs: foundMs, shared: true };
      return { calls, process, askedMs, reservation: full(history, askedMs, foundMs), foundMs };
    };
    for (const calls of asks) made.push(await reserve(calls));
  };
  const working = history.asks.map((asks, process) => work(process, asks));
  scheduler.scheduleSequence(
    history.ticksMs.map((ms) => async () => {
      trueMs += ms;
    }),
  );
  await scheduler.waitIdle();
  await Promise.all(working);
  return { made, tatMs: item.read() };
}

/** Runs a history and hands over what was granted, in the order of the shares, and what was not. */
async function law(
  hold: (granted: Made[], full: Made[], history: Parameters<typeof run>[0], tatMs: number) => void,
  skewed = false,
) {
  await fc.assert(
    fc.asyncProperty(histories, fc.scheduler(), async (drawn, scheduler) => {
      const history = {
        ...drawn,
        skewsMs: skewed ? drawn.skewsMs : ([0, 0, 0, 0] satisfies typeof drawn.skewsMs),
      };
      const { made, tatMs } = await run(history, scheduler);
      const granted = made.filter(({ reservation }) => reservation.kind === 'granted');
      const first = (each: Made) => callsOf(each.reservation, 1)[0] ?? 0;
      hold(
        granted.toSorted((a, b) => first(a) - first(b)),
        made.filter(({ reservation }) => reservation.kind === 'full'),
        history,
        tatMs,
      );
    }),
    { numRuns: 500 },
  );
}

const endOf = ({ reservation, calls }: Made) => callsOf(reservation, calls + 1).at(-1) ?? 0;

/** The most times that lie within one second of each other. */
function mostInASecond(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (const [to, timeMs] of sorted.entries()) {
    while ((sorted[from] ?? 0) <= timeMs - 1000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

describe('whatever the processes do, in whatever order', () => {
  test('no second sees more calls than the budget, by more than one', async () => {
    await law((granted, _, { callsPerSecond }) => {
      const times = granted.flatMap(({ reservation, calls }) => callsOf(reservation, calls));
      expect(mostInASecond(times)).toBeLessThanOrEqual(callsPerSecond + 1);
    });
  });

  test('no budget is lost: each reservation starts when it is asked for or when the one before it ends', async () => {
    await law((granted, _full, _history, tatMs) => {
      let endMs = 0;
      for (const each of granted) {
        expect(callsOf(each.reservation, 1)).toEqual([Math.max(each.askedMs, endMs)]);
        endMs = endOf(each);
      }
      expect(tatMs).toBe(endMs);
    });
  });

  test('a reservation is granted exactly when its wait is at most the longest', async () => {
    await law((granted, full, { maxWaitMs }) => {
      for (const { reservation, askedMs } of granted) {
        expect(callsOf(reservation, 1)[0]).toBeLessThanOrEqual(askedMs + maxWaitMs);
      }
      for (const { askedMs, foundMs } of full) expect(foundMs).toBeGreaterThan(askedMs + maxWaitMs);
    });
  });

  test('whoever is told when to come back is let through then, unless others were faster', async () => {
    await law((_, full, history) => {
      for (const { reservation, foundMs = 0, askedMs } of full) {
        const retryAtMs = reservation.kind === 'full' ? reservation.retryAtMs : 0;
        expect(retryAtMs).toBeGreaterThan(askedMs);
        const item = stored(foundMs);
        const retried = takes(history, 1, retryAtMs, { tatMs: foundMs, shared: true });
        expect(retried.map(item.write)).toContainEqual(expect.any(Number));
      }
    });
  });

  test('clocks d seconds apart let a second see the calls of d seconds more', async () => {
    await law((granted, _, { callsPerSecond, skewsMs }) => {
      const apartMs = Math.max(...skewsMs) - Math.min(...skewsMs);
      const times = granted.flatMap(({ reservation, calls, process }) =>
        callsOf(reservation, calls).map((atMs) => atMs - (skewsMs[process] ?? 0)),
      );
      expect(mostInASecond(times)).toBeLessThanOrEqual((callsPerSecond * (1000 + apartMs)) / 1000 + 1);
    }, true);
  });
});
