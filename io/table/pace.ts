/** The budget of AWS Batch calls that all Lambdas share, as one item in the table. */
import {
  type Ask,
  initialPace,
  type PaceLimits,
  PaceState,
  type Turn,
  takeTurns,
} from '../../domain/batch/rate-limit.ts';
import type { Clock } from '../process/clock.ts';
import { batched } from './batching.ts';
import type { Table } from './table.ts';

export interface Pace {
  /** A turn for one call. Turns that are asked for in one moment are one write, whatever their number. */
  turn(ask: Ask): Promise<Turn>;
}

const KEY = { pk: 'PACE', sk: 'BATCH' };
const Stored = PaceState.extend({ version: PaceState.shape.tatMs });
type Stored = ReturnType<typeof Stored.parse>;

/** Calls come at most this often in a second, and losing to all of them in a row is a fault. */
const MAX_LOSSES = 40;

export function pace(items: Table, { clock, ...limits }: PaceLimits & { readonly clock: Clock }): Pace {
  /** As this process left it. Others may have moved it on since: the condition of the next write finds out. */
  let seen: Stored | undefined;

  const read = async (): Promise<Stored> => {
    const stored = await items.get(KEY);
    return stored === undefined ? { ...initialPace, version: 0 } : Stored.parse(stored);
  };
  const write = async (from: Stored, to: Stored): Promise<boolean> => {
    // Twice: the first raises the version. An operator may remove the item, to end the wait for a turn that a wrong clock
    // has put far ahead.
    if (from.version === 0) return (await items.insert(KEY, to)) === undefined;
    return (await items.change(KEY, { from, to }, { version: from.version })) === 'written';
  };

  const turnOf = batched<Ask, Turn>(async (asks) => {
    for (let losses = 0; losses < MAX_LOSSES; losses++) {
      const from = seen ?? (await read());
      const { turns, next } = takeTurns(limits, from, asks, clock.nowMs());
      const to = next && { ...next, version: from.version + 1 };
      if (to === undefined || (await write(from, to))) {
        seen = to ?? from;
        return new Map(asks.map((ask, i) => [ask, turns[i] ?? { kind: 'full', retryAtMs: from.tatMs }]));
      }
      seen = undefined;
    }
    throw new Error(`The pace of AWS Batch calls changed ${MAX_LOSSES} times while a turn was being taken`);
  });

  return {
    async turn(ask) {
      // Two asks may be alike; each is one of its own.
      const turn = await turnOf({ ...ask });
      if (turn === undefined) throw new Error('A turn was asked for and not answered');
      return turn;
    },
  };
}
