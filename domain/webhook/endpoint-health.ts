/**
 * How an endpoint answered lately, so that a slow one delays no other and a dead one is not called for ever. Kept
 * apart from its configuration, which only people change.
 */
import * as z from 'zod';
import { TenantId } from '../job/ids.ts';
import { EndpointId } from './endpoint.ts';

const EpochMs = z.int().nonnegative();

export const EndpointHealth = z.object({
  tenantId: TenantId,
  endpointId: EndpointId,
  /** The deliveries that are being tried now, and until when at most. */
  leases: z.array(z.object({ webhookId: z.string(), untilMs: EpochMs })).optional(),
  /** Until then its first tries go to the slow queue, too. */
  slowUntil: EpochMs.optional(),
  /** The first failure since the last success. */
  failingSince: EpochMs.optional(),
  /** Deliveries that reached the end of their schedule since then. */
  exhausted: z.int().positive().optional(),
});
export type EndpointHealth = z.infer<typeof EndpointHealth>;
export type EndpointName = Pick<EndpointHealth, 'tenantId' | 'endpointId'>;

/** Tries to one endpoint at the same time, from the slow queue. */
export const MAX_IN_FLIGHT = 5;
/** Longer than a try and its writes take. A lease of a process that died ends by itself. */
export const LEASE_MS = 40_000;
/** An endpoint whose answer takes longer is slow. */
export const SLOW_MS = 3000;
/**
 * After this long without an answer on an open connection, other sandboxes send the endpoint's new events to the slow
 * queue until the answer is known.
 */
export const SUSPECT_MS = 400;
const SUSPECT_FOR_MS = 10_000;
const SLOW_FOR_MS = 5 * 60_000;
/** A mark that is still fresh is not written again. */
const SLOW_RENEWAL_MS = 60_000;

const DISABLE_AFTER_MS = 5 * 86_400_000;
const DISABLE_AFTER_EXHAUSTED = 3;

/** @returns the same object when it is marked as slow for long enough already */
export function suspected(health: EndpointHealth, nowMs: number): EndpointHealth {
  const slowUntil = health.slowUntil ?? 0;
  return slowUntil > nowMs + SUSPECT_FOR_MS / 2 ? health : { ...health, slowUntil: nowMs + SUSPECT_FOR_MS };
}

export function isSlow(health: EndpointHealth | undefined, nowMs: number): boolean {
  return (health?.slowUntil ?? 0) > nowMs;
}

export type Lease =
  | { readonly kind: 'taken'; readonly health: EndpointHealth }
  /** Another process is trying this delivery now; if it dies, reconcile sends the message again. */
  | { readonly kind: 'busy' }
  /** The endpoint has as many tries under way as it may have. */
  | { readonly kind: 'full' };

export function takeLease(health: EndpointHealth, webhookId: string, nowMs: number): Lease {
  const leases = (health.leases ?? []).filter(({ untilMs }) => untilMs > nowMs);
  if (leases.some((lease) => lease.webhookId === webhookId)) return { kind: 'busy' };
  if (leases.length >= MAX_IN_FLIGHT) return { kind: 'full' };
  return {
    kind: 'taken',
    health: { ...health, leases: [...leases, { webhookId, untilMs: nowMs + LEASE_MS }] },
  };
}

export function giveBackLease(health: EndpointHealth, webhookId: string): EndpointHealth {
  const { leases = [], ...rest } = health;
  const left = leases.filter((lease) => lease.webhookId !== webhookId);
  return left.length === 0 ? rest : { ...rest, leases: left };
}

/** One try, as far as the endpoint is concerned. */
export interface TryOutcome {
  readonly succeeded: boolean;
  readonly exhausted: boolean;
  readonly slow: boolean;
}

/** @returns the same object when there is nothing to write, as for a success of a healthy endpoint */
export function recordOutcome(health: EndpointHealth, outcome: TryOutcome, nowMs: number): EndpointHealth {
  return marked(withOutcome(health, outcome, nowMs), outcome.slow, nowMs);
}

function withOutcome(
  health: EndpointHealth,
  { succeeded, exhausted }: TryOutcome,
  nowMs: number,
): EndpointHealth {
  if (succeeded) {
    if (health.failingSince === undefined) return health;
    const { failingSince: _, exhausted: __, ...rest } = health;
    return rest;
  }
  if (health.failingSince !== undefined && !exhausted) return health;
  return {
    ...health,
    failingSince: health.failingSince ?? nowMs,
    ...(exhausted ? { exhausted: (health.exhausted ?? 0) + 1 } : {}),
  };
}

function marked(health: EndpointHealth, slow: boolean, nowMs: number): EndpointHealth {
  const until = nowMs + SLOW_FOR_MS;
  if (!slow || (health.slowUntil ?? 0) > until - SLOW_RENEWAL_MS) return health;
  return { ...health, slowUntil: until };
}

/** Failures alone for days, and several deliveries that reached the end of their schedule in that time. */
export function isDead(
  { failingSince = Number.MAX_SAFE_INTEGER, exhausted = 0 }: EndpointHealth,
  nowMs: number,
) {
  return exhausted >= DISABLE_AFTER_EXHAUSTED && nowMs - failingSince >= DISABLE_AFTER_MS;
}
