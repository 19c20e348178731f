/**
 * One budget of AWS Batch calls for all Lambdas, shared among tenants by weight.
 *
 * `tatMs`, the theoretical arrival time, is when the next call may go (the generic cell rate algorithm): to take turns is
 * to move it on by their share of time, so two turns never overlap, whoever took them.
 *
 * While it lies ahead of now, calls are scarce, and fairness decides whose they are: each tenant's `used` is the calls it
 * was given, over its weight. Who has used more than the least among those that were turned away lately, by more than
 * the slack, is turned away until they have caught up. So a flood takes what is left over and not what is another's, and
 * a tenant that comes new is among the first.
 *
 * Clocks that differ: turns stay apart on paper, but each process keeps to them by its own clock. With clocks d seconds
 * apart, any stretch of time may see the calls of d seconds more than it has. Lambda's clocks are milliseconds apart; a
 * clock that is hours fast would stop the calls of all others for hours, until an operator removes the item.
 */
import * as z from 'zod';

const Share = z.object({ used: z.number(), askedAt: z.number(), turnedAwayAt: z.number().optional() });
type Share = z.infer<typeof Share>;

export const PaceState = z.object({
  tatMs: z.number(),
  /** Of the tenants that have asked while calls were scarce. */
  shares: z.record(z.string(), Share),
});
export type PaceState = z.infer<typeof PaceState>;
export const initialPace: PaceState = { tatMs: 0, shares: {} };

export interface PaceLimits {
  readonly callsPerSecond: number;
  /** How far ahead of now a turn may lie; twice as far for who has used less than all that wait. */
  readonly maxWaitMs: number;
}

/** One call. Without a tenant it is Headgate's own, which is rare and goes before all. */
export interface Ask {
  readonly tenantId?: string | undefined;
  readonly weight: number;
}

export type Turn =
  | { readonly kind: 'at'; readonly atMs: number }
  /** Nothing was taken. If nobody else asks, a try at `retryAtMs` gets one. */
  | { readonly kind: 'full'; readonly retryAtMs: number };

/** Longer than a message that was turned away stays away: a tenant that has not come back has no more to send. */
const WAITING_MS = 10_000;
const MEMORY_MS = 20_000;
/** A tenant that is turned away again and again is noted at most this often: each note is a write. */
const NOTE_EVERY_MS = 2000;
/** Calls over weight that one may be ahead: a batch of messages of one tenant. */
const SLACK = 10;

/** @returns the turns in the order of the asks, and the state to be written; none when nothing is worth a write */
export function takeTurns(
  limits: PaceLimits,
  state: PaceState,
  asks: readonly Ask[],
  nowMs: number,
): { readonly turns: readonly Turn[]; readonly next: PaceState | undefined } {
  const stepMs = Math.ceil(1000 / limits.callsPerSecond);
  const shares = sharesNow(state, asks, nowMs);
  const turns = new Map<Ask, Turn>();
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
      turns.set(ask, { kind: 'full', retryAtMs: tooFar ? tatMs - reachMs : tatMs });
      news = shares.turnAway(ask) || news;
      continue;
    }
    turns.set(ask, { kind: 'at', atMs });
    tatMs = atMs + stepMs;
    news = true;
    shares.use(ask);
  }
  return {
    turns: asks.map((ask) => turns.get(ask) ?? { kind: 'full', retryAtMs: tatMs }),
    next: news ? { tatMs, shares: shares.kept() } : undefined,
  };
}

function sharesNow({ tatMs, shares: stored }: PaceState, asks: readonly Ask[], nowMs: number) {
  // While calls are plenty nobody is owed any.
  const recent = Object.entries(stored).filter(
    ([, { askedAt }]) => tatMs > nowMs && askedAt > nowMs - MEMORY_MS,
  );
  const shares = new Map<string, Share>(recent);
  const isWaiting = ({ turnedAwayAt = 0 }: Share) => turnedAwayAt > nowMs - WAITING_MS;
  const leastOf = (some: readonly Share[]) => Math.min(...some.map(({ used }) => used));
  const leastWaiting = () => leastOf([...shares.values()].filter(isWaiting));

  // Who comes new is one call behind the one that is owed most, so that it goes first, and owed no more than that: it was
  // not here to use any.
  const level = [leastWaiting(), leastOf([...shares.values()]), 0].find(Number.isFinite) ?? 0;
  for (const { tenantId, weight } of asks) {
    if (tenantId === undefined) continue;
    shares.set(tenantId, { ...(shares.get(tenantId) ?? { used: level - 1 / weight }), askedAt: nowMs });
  }
  const shareOf = ({ tenantId = '' }: Ask) => shares.get(tenantId);
  return {
    /** How much more it has used than the one that is owed most; nothing while nobody waits. */
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
    /** Only differences count, so the numbers stay small. */
    kept(): PaceState['shares'] {
      const floor = leastOf([...shares.values()]);
      // Three digits: what the weights 1, 2, 4 and 8 add is exact in them.
      const rounded = (used: number) => Math.round((used - floor) * 1000) / 1000;
      return Object.fromEntries(
        [...shares].map(([id, share]) => [id, { ...share, used: rounded(share.used) }]),
      );
    },
  };
}
