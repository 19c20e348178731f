/** The rate limit of AWS Batch calls that all functions share, as one item in the table. */
import {
  type Ask,
  initialRate,
  type RateLimits,
  RateState,
  type Reservation,
  reserveAll,
} from '../../domain/batch/rate-limit.ts';
import type { Clock } from '../process/clock.ts';
import { batched } from './batching.ts';
import type { Table } from './table.ts';

export interface RateLimiter {
  /** Reserves a moment for one call. Reservations of one moment are one write, whatever their number. */
  reserve(ask: Ask): Promise<Reservation>;
}

const KEY = { pk: 'PACE', sk: 'BATCH' };
const Stored = RateState.extend({ version: RateState.shape.tatMs });
type Stored = ReturnType<typeof Stored.parse>;

/** There are at most this many calls in a second, and to lose to all of them in a row is a fault. */
const MAX_LOSSES = 40;

export function rateLimiter(
  items: Table,
  { clock, ...limits }: RateLimits & { readonly clock: Clock },
): RateLimiter {
  /**
   * The item as this process wrote it. Another process may have changed it since: the condition of the next write
   * detects that.
   */
  let seen: Stored | undefined;

  const read = async (): Promise<Stored> => {
    const stored = await items.get(KEY);
    return stored === undefined ? { ...initialRate, version: 0 } : Stored.parse(stored);
  };
  const write = async (from: Stored, to: Stored): Promise<boolean> => {
    // Idempotent: the first write raises the version. An operator may remove the item, to end a wait that a wrong
    // clock has caused.
    if (from.version === 0) return (await items.insert(KEY, to)) === undefined;
    return (await items.change(KEY, { from, to }, { version: from.version })) === 'written';
  };

  const reservationOf = batched<Ask, Reservation>(async (asks) => {
    for (let losses = 0; losses < MAX_LOSSES; losses++) {
      const from = seen ?? (await read());
      const { reservations, next } = reserveAll(limits, from, asks, clock.nowMs());
      const to = next && { ...next, version: from.version + 1 };
      if (to === undefined || (await write(from, to))) {
        seen = to ?? from;
        return new Map(
          asks.map((ask, i) => [ask, reservations[i] ?? { kind: 'full', retryAtMs: from.tatMs }]),
        );
      }
      seen = undefined;
    }
    throw new Error(`The rate limit of AWS Batch calls changed ${MAX_LOSSES} times during one reservation`);
  });

  return {
    async reserve(ask) {
      // Two requests may be equal; each gets its own reservation.
      const reservation = await reservationOf({ ...ask });
      if (reservation === undefined) throw new Error('No answer for a requested reservation');
      return reservation;
    },
  };
}
