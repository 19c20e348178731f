/**
 * `npm run bench -- <name|all> [--json]`: measures, and prints each figure beside its bar and its peer. Timings are for
 * people to read and fail no test; counts are gates in `npm test`.
 */
import { parseArgs } from 'node:util';

import { bundles } from './bundles.ts';
import { console } from './console.ts';
import { cost } from './cost.ts';
import { type Benchmark, isWithin, type Outcome, ratioOf } from './figure.ts';
import { laptop } from './laptop.ts';
import { peers } from './peers.ts';
import { queues } from './queues.ts';
import { simulator } from './simulator.ts';
import { start } from './start.ts';
import { submissions } from './submissions.ts';
import { watch } from './watch.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  cost,
  bundles,
  laptop,
  console,
  start,
  submissions,
  watch,
  peers,
  queues,
  simulator,
};

const USAGE = `Usage: npm run bench -- <${Object.keys(benchmarks).join('|')}|all> [--json]

With --json each line is {name, value, unit, bar, peer, ratio, ok}, or {name, skipped} with the reason.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [asked = ''] = positionals;
  const chosen = asked === 'all' ? Object.keys(benchmarks) : [asked];
  if (values.help || positionals.length !== 1 || !chosen.every((name) => Object.hasOwn(benchmarks, name))) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  for (const name of chosen)
    for await (const outcome of benchmarks[name]?.() ?? [])
      process.stdout.write(`${line(outcome, values.json)}\n`);
  return 0;
}

function line(outcome: Outcome, json: boolean): string {
  if ('skipped' in outcome)
    return json ? JSON.stringify(outcome) : `${outcome.name.padEnd(52)} skipped: ${outcome.skipped}`;
  const { name, value, unit, bar, peer } = outcome;
  const ratio = ratioOf(outcome);
  const ok = isWithin(outcome);
  if (json) return JSON.stringify({ name, value, unit, bar, peer, ratio, ok });
  const cells = [
    name.padEnd(52),
    rounded(value).padStart(10),
    unit.padEnd(16),
    (bar === undefined ? '' : `bar ${rounded(bar)}`).padEnd(14),
    (peer === undefined ? '' : `peer ${rounded(peer)}`).padEnd(15),
    (ratio === undefined ? '' : `${ratio.toFixed(2)} x`).padEnd(9),
    ok === undefined ? '' : ok ? 'ok' : 'missed',
  ];
  return cells.join(' ').trimEnd();
}

const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

process.exitCode = await main();
