/**
 * What a job may cost, by its kind: counts of the real use cases and stores under simulated time, so each run has the same.
 * A change that lowers a count lowers its bar; one that raises a count has to say why.
 */
import { describe, expect, it } from '@jest/globals';
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
    { calls: 3.14, writeUnits: 10.18, readUnits: 5.66, events: 1, messages: 4, receives: 5, dollars: 10.67 },
  ],
  [
    'in batches of one',
    { batchSize: 1 },
    { calls: 21.63, writeUnits: 11.88, readUnits: 11.75, events: 1, messages: 4, receives: 5, dollars: 21.5 },
  ],
  [
    'with nothing on the bus',
    { published: 'none' },
    { calls: 3.04, writeUnits: 10.18, readUnits: 5.66, events: 0, messages: 4, receives: 5, dollars: 9.67 },
  ],
  [
    'with each step on the bus',
    { published: 'all' },
    { calls: 3.9, writeUnits: 10.2, readUnits: 5.9, events: 4, messages: 6, receives: 7, dollars: 14.16 },
  ],
  [
    'with a record of 2 KB',
    { recordBytes: 2000 },
    { calls: 3.24, writeUnits: 11.18, readUnits: 5.66, events: 1, messages: 4, receives: 5, dollars: 11.3 },
  ],
  [
    'with a record of 2 KB, in batches of one',
    { recordBytes: 2000, batchSize: 1 },
    {
      calls: 22.63,
      writeUnits: 12.88,
      readUnits: 11.75,
      events: 1,
      messages: 4,
      receives: 5,
      dollars: 22.12,
    },
  ],
  [
    'with a record of 4 KB',
    { recordBytes: 4000 },
    { calls: 3.24, writeUnits: 12.18, readUnits: 5.66, events: 1, messages: 4, receives: 5, dollars: 11.92 },
  ],
  [
    'with a record of 5 KB',
    { recordBytes: 5000 },
    { calls: 3.24, writeUnits: 12.18, readUnits: 5.66, events: 1, messages: 4, receives: 5, dollars: 11.92 },
  ],
  [
    'delayed',
    { kind: 'delayed' },
    { calls: 3.14, writeUnits: 10.18, readUnits: 5.66, events: 1, messages: 4, receives: 5, dollars: 10.67 },
  ],
  [
    'delayed, in batches of one',
    { kind: 'delayed', batchSize: 1 },
    { calls: 21.63, writeUnits: 11.88, readUnits: 11.75, events: 1, messages: 4, receives: 5, dollars: 21.5 },
  ],
  [
    'retried once',
    { kind: 'retried' },
    { calls: 5.34, writeUnits: 22.38, readUnits: 9.06, events: 1, messages: 7, receives: 8, dollars: 20.57 },
  ],
  [
    'retried once, in batches of one',
    { kind: 'retried', batchSize: 1 },
    { calls: 34.63, writeUnits: 25.88, readUnits: 18.75, events: 1, messages: 7, receives: 8, dollars: 38.3 },
  ],
  [
    'failed for good',
    { kind: 'failed' },
    { calls: 3.24, writeUnits: 12.18, readUnits: 5.66, events: 1, messages: 5, receives: 5, dollars: 11.97 },
  ],
  [
    'cancelled while it runs',
    { kind: 'cancelled' },
    { calls: 5.1, writeUnits: 13.4, readUnits: 8.3, events: 1, messages: 5, receives: 7, dollars: 13.55 },
  ],
  [
    'under a cap of 100 with room',
    { cap: 100 },
    { calls: 3.44, writeUnits: 10.42, readUnits: 5.76, events: 1, messages: 4, receives: 5, dollars: 10.83 },
  ],
  [
    'under a cap of 100, in batches of one',
    { cap: 100, batchSize: 1 },
    {
      calls: 24.63,
      writeUnits: 13.88,
      readUnits: 12.75,
      events: 1,
      messages: 4,
      receives: 5,
      dollars: 22.87,
    },
  ],
  [
    'under a cap of 10, which 40 of 50 wait for',
    { cap: 10 },
    {
      calls: 4.04,
      writeUnits: 12.8,
      readUnits: 6.88,
      events: 1,
      messages: 4.8,
      receives: 5.8,
      dollars: 12.85,
    },
  ],
  [
    'under a cap of 1,000 with room',
    { cap: 1000 },
    { calls: 3.44, writeUnits: 10.42, readUnits: 5.76, events: 1, messages: 4, receives: 5, dollars: 10.83 },
  ],
];

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
