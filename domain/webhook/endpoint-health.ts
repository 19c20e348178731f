/**
 * How an endpoint has behaved lately: what keeps a slow one from holding up others, and a dead one from being called for
 * ever. Kept apart from its configuration, which only people change.
 */
import * as z from 'zod';
import { TenantId } from '../job/ids.ts';
import { EndpointId } from './endpoint.ts';

const EpochMs = z.int().nonnegative();

export const Standing = z.object({
  tenantId: TenantId,
  endpointId: EndpointId,
  /** Who is being tried now, and until when that can last at most. */
  leases: z.array(z.object({ webhookId: z.string(), untilMs: EpochMs })).optional(),
  /** Until then its first tries go to the lane for slow endpoints, too. */
  slowUntil: EpochMs.optional(),
  /** The first failure since the last success. */
  failingSince: EpochMs.optional(),
  /** Messages that came to the end of their schedule since then. */
  exhausted: z.int().positive().optional(),
});
export type Standing = z.infer<typeof Standing>;
export type StandingName = Pick<Standing, 'tenantId' | 'endpointId'>;

/** Tries to one endpoint at the same time, in the lane for later tries. */
export const MAX_IN_FLIGHT = 5;
/** Longer than a try and its bookkeeping take; whoever dies in it leaves the lease to end by itself. */
export const LEASE_MS = 40_000;
/** An answer that takes longer makes an endpoint a slow one. */
export const SLOW_MS = 3000;
/** So long without one, once the connection stands, and further events are handed over meanwhile. */
export const SUSPECT_MS = 400;
const SUSPECT_FOR_MS = 10_000;
const SLOW_FOR_MS = 5 * 60_000;
/** A mark that is still fresh is not written again. */
const SLOW_RENEWAL_MS = 60_000;

const DISABLE_AFTER_MS = 5 * 86_400_000;
const DISABLE_AFTER_EXHAUSTED = 3;

/** @returns the same object when it is marked as slow already, for long enough */
export function suspected(standing: Standing, nowMs: number): Standing {
  const slowUntil = standing.slowUntil ?? 0;
  return slowUntil > nowMs + SUSPECT_FOR_MS / 2
    ? standing
    : { ...standing, slowUntil: nowMs + SUSPECT_FOR_MS };
}

export function isSlow(standing: Standing | undefined, nowMs: number): boolean {
  return (standing?.slowUntil ?? 0) > nowMs;
}

export type Lease =
  | { readonly kind: 'taken'; readonly standing: Standing }
  /** Somebody is trying this delivery now; should he die, the sweep brings it back. */
  | { readonly kind: 'busy' }
  /** As many tries as one endpoint may have are under way. */
  | { readonly kind: 'full' };

export function takeLease(standing: Standing, webhookId: string, nowMs: number): Lease {
  const leases = (standing.leases ?? []).filter(({ untilMs }) => untilMs > nowMs);
  if (leases.some((lease) => lease.webhookId === webhookId)) return { kind: 'busy' };
  if (leases.length >= MAX_IN_FLIGHT) return { kind: 'full' };
  return {
    kind: 'taken',
    standing: { ...standing, leases: [...leases, { webhookId, untilMs: nowMs + LEASE_MS }] },
  };
}

export function giveBackLease(standing: Standing, webhookId: string): Standing {
  const { leases = [], ...rest } = standing;
  const left = leases.filter((lease) => lease.webhookId !== webhookId);
  return left.length === 0 ? rest : { ...rest, leases: left };
}

/** One try, as far as the endpoint is concerned. */
export interface Behaviour {
  readonly succeeded: boolean;
  readonly exhausted: boolean;
  readonly slow: boolean;
}

/** @returns the same object when there is nothing to write, which is so for a success of an endpoint in good standing */
export function afterBehaviour(standing: Standing, behaviour: Behaviour, nowMs: number): Standing {
  return marked(judged(standing, behaviour, nowMs), behaviour.slow, nowMs);
}

function judged(standing: Standing, { succeeded, exhausted }: Behaviour, nowMs: number): Standing {
  if (succeeded) {
    if (standing.failingSince === undefined) return standing;
    const { failingSince: _, exhausted: __, ...rest } = standing;
    return rest;
  }
  if (standing.failingSince !== undefined && !exhausted) return standing;
  return {
    ...standing,
    failingSince: standing.failingSince ?? nowMs,
    ...(exhausted ? { exhausted: (standing.exhausted ?? 0) + 1 } : {}),
  };
}

function marked(standing: Standing, slow: boolean, nowMs: number): Standing {
  const until = nowMs + SLOW_FOR_MS;
  if (!slow || (standing.slowUntil ?? 0) > until - SLOW_RENEWAL_MS) return standing;
  return { ...standing, slowUntil: until };
}

/** Nothing but failures for days, and more than one message that nobody took in all that time. */
export function isDead({ failingSince = Number.MAX_SAFE_INTEGER, exhausted = 0 }: Standing, nowMs: number) {
  return exhausted >= DISABLE_AFTER_EXHAUSTED && nowMs - failingSince >= DISABLE_AFTER_MS;
}
