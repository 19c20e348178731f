/**
 * What a job may cost, by its kind: counts of the real use cases and stores under simulated time, so each run has the same.
 * A change that lowers a count lowers its bar; one that raises a count has to say why.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Case, costOf } from '../../bench/cost/kinds.ts';
import type { Counts } from '../../bench/cost/meter.ts';
import { billOf, dollarsOf } from '../../bench/cost/prices.ts';

type Bars = Pick<Counts, 'calls' | 'writeUnits' | 'readUnits' | 'events' | 'messages' | 'receives'> & {
  /** For a million jobs. */
  readonly dollars: number;
};

const USUAL: Case = { kind: 'plain', batchSize: 10, recordBytes: 1000, cap: 0, published: 'final' };

const rows: readonly (readonly [what: string, of: Partial<Case>, bars: Bars])[] = [
  [
    'in batches of ten',
    {},
    { calls: 3.44, writeUnits: 7.86, readUnits: 7.69, events: 1, messages: 4, receives: 5, dollars: 9.47 },
  ],
  [
    'in batches of one',
    { batchSize: 1 },
    {
      calls: 22.63,
      writeUnits: 12.38,
      readUnits: 12.25,
      events: 1,
      messages: 4,
      receives: 5,
      dollars: 21.87,
    },
  ],
  [
    'with nothing on the bus',
    { published: 'none' },
    { calls: 3.34, writeUnits: 7.86, readUnits: 7.69, events: 0, messages: 4, receives: 5, dollars: 8.47 },
  ],
  [
    'with the state running left out',
    { recordsRunning: false },
    { calls: 3.34, writeUnits: 6.86, readUnits: 7.69, events: 1, messages: 4, receives: 5, dollars: 8.69 },
  ],
  [
    'with each step on the bus',
    { published: 'all' },
    { calls: 4.16, writeUnits: 7.86, readUnits: 7.91, events: 4, messages: 6, receives: 7, dollars: 12.95 },
  ],
  [
    'with a record of 2 KB',
    { recordBytes: 2000 },
    { calls: 3.54, writeUnits: 8.86, readUnits: 7.69, events: 1, messages: 4, receives: 5, dollars: 10.1 },
  ],
  [
    'with a record of 2 KB, in batches of one',
    { recordBytes: 2000, batchSize: 1 },
    {
      calls: 23.63,
      writeUnits: 13.38,
      readUnits: 12.25,
      events: 1,
      messages: 4,
      receives: 5,
      dollars: 22.5,
    },
  ],
  [
    'with a record of 4 KB',
    { recordBytes: 4000 },
    { calls: 3.54, writeUnits: 9.86, readUnits: 7.69, events: 1, messages: 4, receives: 5, dollars: 10.72 },
  ],
  [
    'with a record of 5 KB',
    { recordBytes: 5000 },
    { calls: 3.54, writeUnits: 9.86, readUnits: 7.69, events: 1, messages: 4, receives: 5, dollars: 10.72 },
  ],
  [
    'delayed',
    { kind: 'delayed' },
    { calls: 3.44, writeUnits: 7.86, readUnits: 7.69, events: 1, messages: 4, receives: 5, dollars: 9.47 },
  ],
  [
    'delayed, in batches of one',
    { kind: 'delayed', batchSize: 1 },
    {
      calls: 22.63,
      writeUnits: 14.38,
      readUnits: 12.25,
      events: 1,
      messages: 4,
      receives: 5,
      dollars: 23.12,
    },
  ],
  [
    'retried once',
    { kind: 'retried' },
    { calls: 5.54, writeUnits: 20.06, readUnits: 10.99, events: 1, messages: 7, receives: 8, dollars: 19.36 },
  ],
  [
    'retried once, in batches of one',
    { kind: 'retried', batchSize: 1 },
    {
      calls: 34.63,
      writeUnits: 26.38,
      readUnits: 18.25,
      events: 1,
      messages: 7,
      receives: 8,
      dollars: 38.55,
    },
  ],
  [
    // Its record stays longer than the roster, so it leaves it: one unit more than a job that succeeds.
    'failed for good',
    { kind: 'failed' },
    { calls: 3.54, writeUnits: 11.86, readUnits: 7.69, events: 1, messages: 5, receives: 5, dollars: 12.03 },
  ],
  [
    'cancelled while it runs',
    { kind: 'cancelled' },
    { calls: 5.06, writeUnits: 10.86, readUnits: 10.21, events: 1, messages: 5, receives: 7, dollars: 12.2 },
  ],
  [
    'under a cap of 100 with room',
    { cap: 100 },
    { calls: 3.88, writeUnits: 8.22, readUnits: 7.84, events: 1, messages: 4, receives: 5, dollars: 9.72 },
  ],
  [
    'under a cap of 100, in batches of one',
    { cap: 100, batchSize: 1 },
    { calls: 26.5, writeUnits: 15.13, readUnits: 13.56, events: 1, messages: 4, receives: 5, dollars: 23.75 },
  ],
  [
    'under a cap of 10, which 40 of 50 wait for',
    { cap: 10 },
    {
      calls: 4.5,
      writeUnits: 10.6,
      readUnits: 8.96,
      events: 1,
      messages: 4.8,
      receives: 5.8,
      dollars: 11.73,
    },
  ],
  [
    'under a cap of 1,000 with room',
    { cap: 1000 },
    { calls: 3.88, writeUnits: 8.22, readUnits: 7.84, events: 1, messages: 4, receives: 5, dollars: 9.72 },
  ],
];

/** At one call a second, 50 jobs are a backlog of 50 seconds; at the default of 40, one of 2,000 jobs is. */
it('a job behind a backlog is received once more than one that gets its turn at once, however long it waits', async () => {
  const { receives, messages } = await costOf({ ...USUAL, callsPerSecond: 1 });
  expect(receives).toBeLessThanOrEqual(6);
  expect(messages).toBeLessThanOrEqual(5);
});

describe('a job takes no more for the jobs that wait before it than one message, once', () => {
  /** The default of a stage: 100,000 jobs take 42 minutes. */
  const AT = { ...USUAL, callsPerSecond: 40 };

  let empty: Counts;
  beforeAll(async () => {
    empty = await costOf(AT);
  });

  it.each([10_000, 100_000])('%d of them', async (backlog) => {
    const behind = await costOf({ ...AT, backlog });
    // With the message that brought the job, which its sender pays.
    expect((behind.messages + 1) / (empty.messages + 1)).toBeLessThanOrEqual(1.2);
    expect(behind.receives / empty.receives).toBeLessThanOrEqual(1.2);
    // Each has ended: an end is an event.
    expect([empty.events, behind.events]).toEqual([1, 1]);
    // Each was turned away: otherwise nothing would have been behind anything.
    expect(behind.receives).toBeGreaterThan(empty.receives);
  });
});

describe('a job costs no more than its bars, with one webhook for its end', () => {
  it.each(rows)('%s', async (_, of, bars) => {
    const counts = await costOf({ ...USUAL, ...of });
    const cost = { ...counts, dollars: dollarsOf(billOf(counts)) * 1_000_000 };
    const names = Object.keys(bars) as (keyof Bars)[]; // its own keys
    const above = names.flatMap((name) =>
      Math.round(cost[name] * 100) > Math.round(bars[name] * 100) ? [`${name} ${cost[name]}`] : [],
    );
    expect(above).toEqual([]);
  });
});

it('a run counts the same each time', async () => {
  expect(await costOf(USUAL)).toEqual(await costOf(USUAL));
});
