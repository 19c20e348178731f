/** A customer of the SaaS. Its webhook URLs are in `endpoint.ts`. */
import { z } from 'zod';
import { JobTypeId, TenantId } from './request.ts';

export const Tenant = z.object({
  tenantId: TenantId,
  status: z.enum(['active', 'suspended']),
  /** The job types of its plan. Absent: all. */
  jobTypes: z.array(JobTypeId).optional(),
});
export type Tenant = z.infer<typeof Tenant>;
