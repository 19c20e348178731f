/** The mark of a cancel that arrived before its job: queues keep no order. */
import * as z from 'zod';
import { TenantId } from './ids.ts';

export const Tombstone = z.object({
  tombstone: z.literal(true),
  jobId: z.string(),
  tenantId: TenantId,
  untilMs: z.int(),
});
export type Tombstone = z.infer<typeof Tombstone>;

/**
 * Longer than one message can overtake another, shorter than the time after which a sender may use a key again on
 * purpose.
 */
const TOMBSTONE_MS = 15 * 60_000;

export function tombstoneFor(jobId: string, tenantId: string, nowMs: number): Tombstone {
  return { tombstone: true, jobId, tenantId, untilMs: nowMs + TOMBSTONE_MS };
}

/** A tombstone binds the job of its own tenant, for 15 minutes. The table's own expiry is hours late. */
export function binds(tombstone: Tombstone, tenantId: string, nowMs: number): boolean {
  return tombstone.tenantId === tenantId && nowMs < tombstone.untilMs;
}
