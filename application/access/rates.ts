/**
 * The rate of each key and tenant, in the memory of one sandbox: it keeps one caller from filling a sandbox, and is no limit on
 * what a tenant costs. That is the concurrency of the function, and quotas, which are conditional writes.
 */
import { admitOne, type Rate } from '../../domain/access/rate.ts';
import type { Clock } from '../../io/process/clock.ts';

const RATE: Rate = { perSecond: 50, burst: 100 };
const MAX_BUCKETS = 10_000;

export type CredentialRates = (
  bucket: string,
) =>
  | { readonly kind: 'allowed'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'limited'; readonly retryAfterMs: number };

export function credentialRates({ nowMs }: Clock): CredentialRates {
  const states = new Map<string, number>();
  return (bucket) => {
    const admitted = admitOne(states.get(bucket), nowMs(), RATE);
    if (admitted.kind === 'limited') return admitted;
    // The oldest goes first: a bucket that is used moves to the end.
    states.delete(bucket);
    states.set(bucket, admitted.nextMs);
    const [oldest] = states.keys();
    if (states.size > MAX_BUCKETS && oldest !== undefined) states.delete(oldest);
    return {
      kind: 'allowed',
      headers: {
        'RateLimit-Policy': `"credential";q=${RATE.burst};w=${RATE.burst / RATE.perSecond}`,
        RateLimit: `"credential";r=${admitted.left}`,
      },
    };
  };
}
