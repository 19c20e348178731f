/**
 * How many requests a credential may make: the generic cell rate algorithm, whose whole state is one moment for each bucket.
 * @see https://www.itu.int/rec/T-REC-I.371, annex A
 */

export interface Rate {
  readonly perSecond: number;
  /** So many may be made at once. */
  readonly burst: number;
}

export type Admitted =
  /** `nextMs` is the new state, and `left` how many more may be made now. */
  | { readonly kind: 'allowed'; readonly nextMs: number; readonly left: number }
  | { readonly kind: 'limited'; readonly retryAfterMs: number };

/** @param stateMs of the bucket; absent for one that was not used */
export function admitOne(stateMs: number | undefined, nowMs: number, { perSecond, burst }: Rate): Admitted {
  const intervalMs = 1000 / perSecond;
  const nextMs = Math.max(stateMs ?? nowMs, nowMs) + intervalMs;
  const aheadMs = nextMs - nowMs;
  const mostMs = burst * intervalMs;
  if (aheadMs > mostMs) return { kind: 'limited', retryAfterMs: aheadMs - mostMs };
  return { kind: 'allowed', nextMs, left: Math.floor((mostMs - aheadMs) / intervalMs) };
}
