/**
 * One rate limit of AWS Batch calls for all functions, shared among tenants by weight.
 *
 * `tatMs`, the theoretical arrival time of the generic cell rate algorithm, is when the next call may be made. A
 * reservation moves it on by the time that one call is worth, so two reservations never overlap, in whatever
 * processes they are made.
 *
 * While `tatMs` is ahead of now, calls are scarce and fairness decides: each tenant's `used` is the number of its
 * calls over its weight. A tenant is turned away when its `used` exceeds the lowest `used` among waiting tenants by
 * more than the slack. So a flood gets what others leave, and a tenant that was quiet is among the first.
 *
 * Clocks differ: reservations do not overlap in the item, but each process waits by its own clock. With clocks d
 * seconds apart, any interval may contain the calls of d seconds more. Lambda's clocks are milliseconds apart; a
 * clock that is hours fast would stop the calls of all other processes for hours, until an operator deletes the item.
 */
import * as z from 'zod';

const Share = z.object({ used: z.number(), askedAt: z.number(), turnedAwayAt: z.number().optional() });
type Share = z.infer<typeof Share>;

export const RateState = z.object({
  tatMs: z.number(),
  /** The tenants that asked while calls were scarce. */
  shares: z.record(z.string(), Share),
});
export type RateState = z.infer<typeof RateState>;
export const initialRate: RateState = { tatMs: 0, shares: {} };

export interface RateLimits {
  readonly callsPerSecond: number;
  /** How far ahead of now a reservation may be; twice as far for a tenant that has used less than all waiting ones. */
  readonly maxWaitMs: number;
}

/** One call. A call without a tenant is Headgate's own, which is rare and comes before all others. */
export interface Ask {
  readonly tenantId?: string | undefined;
  readonly weight: number;
}

export type Reservation =
  | { readonly kind: 'at'; readonly atMs: number }
  /** Nothing was reserved. If no other process asks meanwhile, a request at `retryAtMs` succeeds. */
  | { readonly kind: 'full'; readonly retryAtMs: number };

/**
 * Longer than the delay of a message that was turned away: a tenant that has not asked again has nothing more to
 * send.
 */
const WAITING_MS = 10_000;
const MEMORY_MS = 20_000;
/** A tenant that is turned away repeatedly is recorded at most this often: each record is a write. */
const NOTE_EVERY_MS = 2000;
/** By how many calls over weight a tenant may be ahead: a batch of messages of one tenant. */
const SLACK = 10;

/**
 * @returns the reservations in the order of the requests, and the state to be written; none when nothing is worth a
 * write
 */
export function reserveAll(
  limits: RateLimits,
  state: RateState,
  asks: readonly Ask[],
  nowMs: number,
): { readonly reservations: readonly Reservation[]; readonly next: RateState | undefined } {
  const stepMs = Math.ceil(1000 / limits.callsPerSecond);
  const shares = sharesNow(state, asks, nowMs);
  const reservations = new Map<Ask, Reservation>();
  let { tatMs } = state;
  let news = false;
  const left = [...asks];
  while (left.length > 0) {
    const ask = left.reduce((first, each) => (shares.lead(each) < shares.lead(first) ? each : first));
    left.splice(left.indexOf(ask), 1);
    const atMs = Math.max(nowMs, tatMs);
    const lead = shares.lead(ask);
    const reachMs = lead < 0 ? 2 * limits.maxWaitMs : limits.maxWaitMs;
    const tooFar = atMs > nowMs + reachMs;
    if (tooFar || (atMs > nowMs && lead > SLACK)) {
      reservations.set(ask, { kind: 'full', retryAtMs: tooFar ? tatMs - reachMs : tatMs });
      news = shares.turnAway(ask) || news;
      continue;
    }
    reservations.set(ask, { kind: 'at', atMs });
    tatMs = atMs + stepMs;
    news = true;
    shares.use(ask);
  }
  return {
    reservations: asks.map((ask) => reservations.get(ask) ?? { kind: 'full', retryAtMs: tatMs }),
    next: news ? { tatMs, shares: shares.kept() } : undefined,
  };
}

function sharesNow({ tatMs, shares: stored }: RateState, asks: readonly Ask[], nowMs: number) {
  // While calls are plentiful there is nothing to balance.
  const recent = Object.entries(stored).filter(
    ([, { askedAt }]) => tatMs > nowMs && askedAt > nowMs - MEMORY_MS,
  );
  const shares = new Map<string, Share>(recent);
  const isWaiting = ({ turnedAwayAt = 0 }: Share) => turnedAwayAt > nowMs - WAITING_MS;
  const leastOf = (some: readonly Share[]) => Math.min(...some.map(({ used }) => used));
  const leastWaiting = () => leastOf([...shares.values()].filter(isWaiting));

  // A new tenant starts one call below the lowest `used` among waiting tenants: it goes next, but gets no credit for
  // the time it was absent.
  const level = [leastWaiting(), leastOf([...shares.values()]), 0].find(Number.isFinite) ?? 0;
  for (const { tenantId, weight } of asks) {
    if (tenantId === undefined) continue;
    shares.set(tenantId, { ...(shares.get(tenantId) ?? { used: level - 1 / weight }), askedAt: nowMs });
  }
  const shareOf = ({ tenantId = '' }: Ask) => shares.get(tenantId);
  return {
    /** By how much its `used` exceeds the lowest of a waiting tenant; 0 while no tenant waits. */
    lead(ask: Ask): number {
      if (ask.tenantId === undefined) return Number.NEGATIVE_INFINITY;
      const least = leastWaiting();
      return Number.isFinite(least) ? (shareOf(ask)?.used ?? 0) - least : 0;
    },
    use(ask: Ask): void {
      const share = shareOf(ask);
      if (share !== undefined)
        shares.set(ask.tenantId ?? '', { ...share, used: share.used + 1 / ask.weight });
    },
    /** @returns whether this is worth a write */
    turnAway(ask: Ask): boolean {
      const share = shareOf(ask);
      if (share === undefined) return false;
      shares.set(ask.tenantId ?? '', { ...share, turnedAwayAt: nowMs });
      return (share.turnedAwayAt ?? 0) < nowMs - NOTE_EVERY_MS;
    },
    /** Only differences matter, so the numbers are kept small. */
    kept(): RateState['shares'] {
      const floor = leastOf([...shares.values()]);
      // Three digits: what the weights 1, 2, 4 and 8 add is exact in them.
      const rounded = (used: number) => Math.round((used - floor) * 1000) / 1000;
      return Object.fromEntries(
        [...shares].map(([id, share]) => [id, { ...share, used: rounded(share.used) }]),
      );
    },
  };
}
