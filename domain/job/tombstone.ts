/** What a cancel leaves when it arrives before the job it is for: queues keep no order. */
import * as z from 'zod';
import { TenantId } from './ids.ts';

export const Tombstone = z.object({
  tombstone: z.literal(true),
  jobId: z.string(),
  /**
   * Until when the cancel of each tenant counts, epoch ms. A job id may be guessed, so that several tenants may ask for the
   * end of one; the job itself says later whose cancel it was.
   */
  cancels: z.record(TenantId, z.int()),
  /** Grows with every write, which is made on the condition that it is as it was read. A job has no such attribute. */
  revision: z.int().nonnegative(),
});

export type Tombstone = z.infer<typeof Tombstone>;

/** As it was written before it named several tenants: the first cancel alone. */
const TombstoneOfOneTenant = z.object({
  tombstone: z.literal(true),
  jobId: z.string(),
  tenantId: TenantId,
  untilMs: z.int(),
});

/** What a table may hold. */
export const StoredTombstone = z.union([Tombstone, TombstoneOfOneTenant]);

export function tombstoneOf(stored: z.infer<typeof StoredTombstone>): Tombstone {
  if ('cancels' in stored) return stored;
  const { jobId, tenantId, untilMs } = stored;
  return { tombstone: true, jobId, cancels: { [tenantId]: untilMs }, revision: 0 };
}

/** Longer than messages overtake each other, shorter than a key is used again on purpose. */
const TOMBSTONE_MS = 15 * 60_000;

/**
 * The tombstone after one more cancel. It counts from the latest cancel of its tenant; what no longer counts is left out.
 *
 * @param seen the one that is stored, if there is one
 */
export function tombstoneAfter(
  seen: Tombstone | undefined,
  { jobId, tenantId, nowMs }: { readonly jobId: string; readonly tenantId: string; readonly nowMs: number },
): Tombstone {
  const current = Object.entries(seen?.cancels ?? {}).filter(([, untilMs]) => untilMs > nowMs);
  return {
    tombstone: true,
    jobId,
    cancels: { ...Object.fromEntries(current), [tenantId]: nowMs + TOMBSTONE_MS },
    revision: (seen?.revision ?? 0) + 1,
  };
}

/** Whether this tenant has cancelled the job. Judged by the time: the table keeps expired items for hours. */
export function binds({ cancels }: Tombstone, tenantId: string, nowMs: number): boolean {
  const untilMs = Object.hasOwn(cancels, tenantId) ? cancels[tenantId] : undefined;
  return untilMs !== undefined && nowMs < untilMs;
}

/** When none of its cancels counts any more. */
export function endOf({ cancels }: Tombstone): number {
  return Math.max(0, ...Object.values(cancels));
}
