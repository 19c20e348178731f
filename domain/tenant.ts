/** A customer of the SaaS, and the webhook URLs it owns. */
import { z } from 'zod';
import { Priority } from './priority.ts';
import { JobTypeId, TenantId } from './request.ts';

/** What a share of AWS Batch may weigh: the scheduling policy of resources/batch.yml has one prefix for each. */
export const WEIGHTS = [1, 2, 4, 8] as const;

/** What the record says; for the rest the stage's defaults hold (domain/policy.ts). Caps stand in its gate. */
export const Tenant = z.object({
  tenantId: TenantId,
  /** New work of a suspended tenant is refused; that of a paused one (domain/gate.ts) waits. */
  status: z.enum(['active', 'suspended']),
  /** The job types of its plan. Absent: all. */
  jobTypes: z.array(JobTypeId).optional(),
  /** Its share of Batch's capacity, and of the pace of submissions, while all tenants are backlogged. Absent: 1. */
  weight: z.literal(WEIGHTS).optional(),
  priorityCeiling: Priority.optional(),
  abovePriorityCeiling: z.enum(['clamp', 'refuse']).optional(),
  /** How many of its jobs may wait for a slot. */
  waitingQuota: z.int().min(1).max(1_000_000).optional(),
});
export type Tenant = z.infer<typeof Tenant>;

/** `whsec_` and base64 of 24 to 64 bytes: what Standard Webhooks calls a symmetric secret. */
export const WebhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/);

export const Endpoint = z.object({
  tenantId: TenantId,
  endpointId: z.string().regex(/^whe_[a-z0-9]{1,40}$/),
  url: z.url().max(2048),
  /** The event types it wants, such as job.succeeded. */
  events: z.array(z.string().regex(/^job\.[a-z_]+$/)).min(1),
  /** Newest first. While a secret is being rotated there are two, and both sign. */
  secrets: z.array(WebhookSecret).min(1).max(2),
  disabledReason: z.string().optional(),
});
export type Endpoint = z.infer<typeof Endpoint>;

export function wants(endpoint: Endpoint, eventType: string): boolean {
  return endpoint.disabledReason === undefined && endpoint.events.includes(eventType);
}
