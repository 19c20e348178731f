/**
 * What a job costs, counted: calls, units and messages under simulated time, and dollars at the list prices of
 * `cost/prices.ts`. `tests/io/cost.test.ts` holds the counts.
 */
import { type Case, costOf, kinds } from './cost/kinds.ts';
import type { Counts } from './cost/meter.ts';
import { naiveCost } from './cost/naive-glue.ts';
import { billOf, dollarsOf, PRICES_OF } from './cost/prices.ts';
import type { Figure } from './figure.ts';

const USUAL: Case = { kind: 'plain', batchSize: 10, recordBytes: 1000, cap: 0, published: 'final' };

/** The last version of a job has this size, as if it were one item. */
const CASES: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(Object.keys(kinds).map((kind) => [kind, { ...USUAL, kind: kind as Case['kind'] }])), // its own keys
  'plain, nothing on the bus': { ...USUAL, published: 'none' },
  'plain, nothing on the bus, running not recorded': { ...USUAL, published: 'none', recordsRunning: false },
  'plain, batches of 1': { ...USUAL, batchSize: 1 },
  'plain, 2 KB': { ...USUAL, recordBytes: 2000 },
  'plain, 4 KB': { ...USUAL, recordBytes: 4000 },
  'plain, running not recorded': { ...USUAL, recordsRunning: false },
  'plain, cap 100': { ...USUAL, cap: 100 },
  'plain, 40 of 50 wait': { ...USUAL, cap: 10 },
};

/** The peer is the naive way (`cost/naive-glue.ts`), whose jobs are all of one kind. */
const PEERS: ReadonlySet<string> = new Set(['plain', 'plain, batches of 1', 'plain, 2 KB', 'plain, 4 KB']);
/** What its record has beside the input. */
const OWN_BYTES = 250;

const BARS: Readonly<Record<string, { calls?: number; writeUnits?: number; dollars?: number }>> = {
  plain: { calls: 3.6, writeUnits: 8, dollars: 8 },
  'plain, batches of 1': { dollars: 16 },
  'plain, 2 KB': { writeUnits: 8 },
  'plain, 4 KB': { calls: 3.6, writeUnits: 8 },
  'plain, running not recorded': { writeUnits: 8, dollars: 8 },
  'plain, nothing on the bus, running not recorded': { dollars: 8 },
  'plain, cap 100': { writeUnits: 9 },
};

export async function* cost(): AsyncGenerator<Figure> {
  for (const [name, each] of Object.entries(CASES)) {
    const counts = await costOf(each);
    const peer = PEERS.has(name) ? await naiveCost(each.batchSize, each.recordBytes - OWN_BYTES) : undefined;
    const beside = (of: (counts: Counts) => number) => (peer === undefined ? {} : { peer: of(peer) });
    const { calls, writeUnits, dollars } = BARS[name] ?? {};
    yield {
      name: `calls, ${name}`,
      value: counts.calls,
      unit: 'a job',
      ...barOf(calls),
      ...beside(({ calls }) => calls),
    };
    yield {
      name: `write units, ${name}`,
      value: counts.writeUnits,
      unit: 'a job',
      ...barOf(writeUnits),
      ...beside(({ writeUnits }) => writeUnits),
    };
    yield { name: `read units, ${name}`, value: counts.readUnits, unit: 'a job' };
    const bill = (of: Counts) => dollarsOf(billOf(of)) * 1_000_000;
    yield {
      name: `price, ${name}`,
      value: bill(counts),
      unit: `$/M, ${PRICES_OF}`,
      ...barOf(dollars),
      ...beside(bill),
    };
  }
}

const barOf = (bar: number | undefined) => (bar === undefined ? {} : { bar });
