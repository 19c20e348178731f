import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Clock, createClock } from '../../local/clock.ts';

const HOUR_MS = 3_600_000;
const TrueDate = Date;
const trueNow = Date.now;
const held: Clock[] = [];

function clock(): Clock {
  const made = createClock();
  held.push(made);
  return made;
}

afterEach(() => {
  for (const made of held.splice(0)) made.release();
  expect(Date).toBe(TrueDate);
  expect(Date.now).toBe(trueNow);
});

const ways: [string, () => number][] = [
  ['clock.now()', () => held[0]!.now()],
  ['Date.now()', () => Date.now()],
  ['new Date()', () => Date.parse(new Date().toISOString())],
  ['Date()', () => new Date(Date()).getTime()],
  ['Date taken hold of earlier', () => TrueDate.now()],
  ['a subclass of Date', () => new (class extends Date {})().getTime()],
];

test.each(ways)('%s follows the clock when it is turned', (_name, read) => {
  const made = clock();
  const before = trueNow();
  made.advance(HOUR_MS);
  // Date() carries whole seconds only.
  expect(read()).toBeGreaterThanOrEqual(before + HOUR_MS - 1000);
  expect(read()).toBeLessThanOrEqual(trueNow() + HOUR_MS);
});

test('a given moment is not moved, and stays a Date', () => {
  clock().advance(HOUR_MS);
  const given = new Date('2026-01-02T03:04:05.678Z');
  expect(given.toISOString()).toBe('2026-01-02T03:04:05.678Z');
  expect(given).toBeInstanceOf(Date);
  expect(given).toBeInstanceOf(TrueDate);
  expect(given.constructor).toBe(Date);
  expect(new Date(2026, 0, 2).getMonth()).toBe(0);
});

test('timers stay real', async () => {
  const made = clock();
  let fired = false;
  const timer = setTimeout(() => {
    fired = true;
  }, HOUR_MS);
  made.advance(2 * HOUR_MS);
  await new Promise(setImmediate);
  clearTimeout(timer);
  expect(fired).toBe(false);
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('a turn by %p is refused', (step) => {
  expect(() => clock().advance(step)).toThrow(RangeError);
});

test('two clocks share one now, and the true Date returns with the second', () => {
  const first = clock();
  const second = clock();
  first.advance(HOUR_MS);
  const before = second.now();
  first.release();
  first.release();
  expect(Date.now()).toBeGreaterThanOrEqual(before);
  expect(() => first.advance(1)).toThrow(/released/);
  second.advance(HOUR_MS);
  expect(Date.now()).toBeGreaterThanOrEqual(before + HOUR_MS);
  second.release();
  expect(Date).toBe(TrueDate);
  expect(clock().now()).toBeLessThan(trueNow() + HOUR_MS);
});

test('who waits for the clock is told of each turn until it stops listening', () => {
  const made = clock();
  let turns = 0;
  const stop = made.onAdvance(() => {
    turns += 1;
  });
  made.advance(1);
  made.advance(0);
  stop();
  made.advance(1);
  expect(turns).toBe(2);
});

test('time never runs backwards, whichever of several clocks is turned, made or released', () => {
  const step = fc.record({ act: fc.constantFrom('make', 'turn', 'release'), by: fc.nat(HOUR_MS) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const keeper = createClock();
      const clocks: Clock[] = [];
      let last = Date.now();
      for (const { act, by } of steps) {
        if (act === 'make') clocks.push(createClock());
        if (act === 'turn') (clocks.at(-1) ?? keeper).advance(by);
        if (act === 'release') clocks.pop()?.release();
        expect(Date.now()).toBeGreaterThanOrEqual(last);
        last = Date.now();
      }
      for (const made of [...clocks, keeper]) made.release();
    }),
  );
});

test('another process follows turns made before and after it starts', async () => {
  const made = clock();
  made.advance(HOUR_MS);
  const module = new URL('../../local/clock.ts', import.meta.url).href;
  const program = `
    const { followClock } = await import(${JSON.stringify(module)});
    const turnTo = followClock();
    process.on('message', (offsetMs) => {
      turnTo(offsetMs);
      process.send([Date.now(), new Date().valueOf()]);
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ask = async (): Promise<number[]> => {
    child.send(made.offsetMs());
    const [answer] = await once(child, 'message');
    return answer;
  };
  try {
    for (const hours of [1, 2]) {
      for (const answer of await ask()) {
        expect(Math.abs(answer - trueNow() - hours * HOUR_MS)).toBeLessThan(HOUR_MS / 2);
      }
      made.advance(HOUR_MS);
    }
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
