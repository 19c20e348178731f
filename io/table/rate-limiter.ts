/** The rate limit of AWS Batch calls that all functions share, as one item in the table. */
import {
  type Ask,
  initialRate,
  type RateLimits,
  RateState,
  type Reservation,
  reserveAll,
} from '../../domain/batch/rate-limit.ts';
import { Fault } from '../../domain/fault.ts';
import type { Clock } from '../process/clock.ts';
import { batched } from './batching.ts';
import { knownAttributes, readEach, readRow } from './rows.ts';
import type { Attributes, Table } from './table.ts';

export interface RateLimiter {
  /** Reserves a moment for one call. Reservations of one moment are one write, whatever their number. */
  reserve(ask: Ask): Promise<Reservation>;
}

const KEY = { pk: 'PACE', sk: 'BATCH' };
const Stored = RateState.extend({ version: RateState.shape.tatMs });
type Stored = ReturnType<typeof Stored.parse>;

interface Seen {
  readonly state: Stored;
  /** As it is in the table, with what a write must find there; absent when there is no item. */
  readonly item?: { readonly attributes: Attributes; readonly expected: Attributes };
}

/** There are at most this many calls in a second, and to lose to all of them in a row is a fault. */
const MAX_LOSSES = 40;

const asWritten = (state: Stored): Seen => ({
  state,
  item: { attributes: state, expected: { version: state.version } },
});

/** For a reader that makes no calls: when the next one may be made. @returns 0 when none was ever made, or the item cannot be read */
export async function paceFreeAtMs(items: Table): Promise<number> {
  const stored = await items.get(KEY);
  if (stored === undefined) return 0;
  return readEach([stored], (item) => readRow(Stored, item)).rows[0]?.tatMs ?? 0;
}

export function rateLimiter(
  items: Table,
  { clock, ...limits }: RateLimits & { readonly clock: Clock },
): RateLimiter {
  /**
   * The item as this process wrote it. Another process may have changed it since: the condition of the next write
   * detects that.
   */
  let seen: Seen | undefined;
  /**
   * Whether another process was found to write, too. Then nearly each write from memory would be lost, and a read costs a
   * fifth of a write. Alone, what was written last is what is there.
   */
  let isShared = false;

  const current = async (): Promise<Seen> => {
    if (seen !== undefined && !isShared) return seen;
    const found = await read();
    isShared &&= found.state.version !== seen?.state.version;
    return found;
  };
  const read = async (): Promise<Seen> => {
    const stored = await items.get(KEY);
    if (stored === undefined) return { state: { ...initialRate, version: 0 } };
    const [state] = readEach([stored], (item) => readRow(Stored, item)).rows;
    if (state !== undefined) return asWritten(state);
    // All tenants share this item, so one that cannot be read begins anew: that costs one burst, and not every submission.
    const item = { attributes: knownAttributes(Stored, stored), expected: { by: stored['by'] } };
    return { state: { ...initialRate, version: 0 }, item };
  };
  const write = async ({ item }: Seen, to: Stored): Promise<boolean> => {
    // Idempotent: the first write raises the version. An operator may remove the item, to end a wait that a wrong
    // clock has caused.
    if (item === undefined) return (await items.insert(KEY, to)) === undefined;
    return (await items.change(KEY, { from: item.attributes, to }, item.expected)) === 'written';
  };

  const reservationOf = batched<Ask, Reservation>(async (asks) => {
    for (let losses = 0; losses < MAX_LOSSES; losses++) {
      const from = await current();
      const { reservations, next } = reserveAll(limits, from.state, asks, clock.nowMs());
      const to = next && { ...next, version: from.state.version + 1 };
      if (to === undefined || (await write(from, to))) {
        seen = to === undefined ? from : asWritten(to);
        return new Map(
          asks.map((ask, i) => [ask, reservations[i] ?? { kind: 'full', retryAtMs: from.state.tatMs }]),
        );
      }
      isShared = true;
    }
    throw new Fault(
      'RateLimitContended',
      `The rate limit of AWS Batch calls changed ${MAX_LOSSES} times during one reservation`,
    );
  });

  return {
    async reserve(ask) {
      // Two requests may be equal; each gets its own reservation.
      const reservation = await reservationOf({ ...ask });
      if (reservation === undefined) throw new Fault('Unanswered', 'No answer for a requested reservation');
      return reservation;
    },
  };
}
