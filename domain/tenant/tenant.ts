/** A customer of the SaaS. Its webhook URLs are in `endpoint.ts`. */
import * as z from 'zod';
import { JobTypeId, TenantId } from '../job/ids.ts';
import { Priority } from '../job/priority.ts';

/** What a share of AWS Batch may weigh: the scheduling policy of resources/batch.yml has one prefix for each. */
export const WEIGHTS = [1, 2, 4, 8] as const;

/** What the record says; for the rest the stage's defaults hold (domain/tenant/policy.ts). Caps stand in its gate. */
export const Tenant = z.object({
  tenantId: TenantId,
  /** New work of a suspended tenant is refused; that of a paused one (domain/tenant/gate.ts) waits. */
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
