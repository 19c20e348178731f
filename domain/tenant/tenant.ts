/** A customer of the service that sends jobs. Its webhook URLs are in `domain/webhook/endpoint.ts`. */
import * as z from 'zod';
import { JobTypeId, OperationId, TenantId } from '../job/ids.ts';
import { Priority } from '../job/priority.ts';

/** The possible weights: the scheduling policy of resources/batch.yml has one prefix for each. */
export const WEIGHTS = [1, 2, 4, 8] as const;

/**
 * The record of a tenant. For absent fields the defaults of the stage hold (domain/tenant/policy.ts). Its caps are in
 * its gate.
 */
export const Tenant = z.object({
  tenantId: TenantId,
  /** New messages of a suspended tenant are refused; jobs of a paused one (domain/tenant/gate.ts) wait. */
  status: z.enum(['active', 'suspended']),
  /** The job types that it may use. Absent: all. */
  jobTypes: z.array(JobTypeId).optional(),
  /** Its share of capacity and of the rate limit while all tenants have a backlog. Absent: 1. A later version may know more. */
  weight: z.int().positive().optional(),
  priorityCeiling: Priority.optional(),
  abovePriorityCeiling: z.enum(['clamp', 'refuse']).optional(),
  /** How many of its jobs may wait for a slot. */
  waitingQuota: z.int().min(1).max(1_000_000).optional(),
  /** The operation that erases it. The tenant is suspended, and no setting can change that before it is gone. */
  erasedBy: OperationId.optional(),
});
export type Tenant = z.infer<typeof Tenant>;
