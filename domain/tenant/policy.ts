/** What a tenant may do: its record, and the defaults of the stage for what the record leaves open. */
import * as z from 'zod';
import { Priority } from '../job/priority.ts';
import { type Tenant, WEIGHTS } from './tenant.ts';

/**
 * Attempts of one tenant in AWS Batch at once. To stop a tenant, pause it: a cap of 0 would be a pause without a
 * reason.
 */
export const Cap = z
  .int('expected a whole number')
  .min(1, 'expected at least 1')
  .max(1000, 'expected at most 1000');

/** The defaults of a stage, from its parameters. */
export const TenantDefaults = z.strictObject({
  /** Whether a tenant without a record may start jobs. */
  admitUnknown: z.boolean(),
  /** Attempts in AWS Batch at once, for a tenant without a cap of its own; 0: no cap. */
  cap: z.int().min(0).max(1000),
  waitingQuota: z.int().min(1),
  priorityCeiling: Priority,
  abovePriorityCeiling: z.enum(['clamp', 'refuse']),
});
export type TenantDefaults = z.infer<typeof TenantDefaults>;

export interface Policy {
  readonly status: Tenant['status'];
  readonly jobTypes?: readonly string[] | undefined;
  readonly weight: number;
  readonly waitingQuota: number;
  readonly priorityCeiling: Priority;
  readonly abovePriorityCeiling: 'clamp' | 'refuse';
}

/** @returns undefined for a tenant that is not known and may not start jobs */
export function policyOf(tenant: Tenant | undefined, defaults: TenantDefaults): Policy | undefined {
  if (tenant === undefined && !defaults.admitUnknown) return undefined;
  return {
    status: tenant?.status ?? 'active',
    jobTypes: tenant?.jobTypes,
    weight: weightOf(tenant?.weight),
    waitingQuota: tenant?.waitingQuota ?? defaults.waitingQuota,
    priorityCeiling: tenant?.priorityCeiling ?? defaults.priorityCeiling,
    abovePriorityCeiling: tenant?.abovePriorityCeiling ?? defaults.abovePriorityCeiling,
  };
}

/** The greatest weight that the scheduling policy has and that is not above the tenant's. */
function weightOf(given = 1): number {
  return WEIGHTS.findLast((weight) => weight <= given) ?? 1;
}
