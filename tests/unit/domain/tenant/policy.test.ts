/** What a tenant may do, given its record and the defaults of the stage. */
import { describe, expect, it } from '@jest/globals';
import { Cap, policyOf, type TenantDefaults } from '../../../../domain/tenant/policy.ts';
import type { Tenant } from '../../../../domain/tenant/tenant.ts';

const defaults: TenantDefaults = {
  admitUnknown: true,
  cap: 10,
  waitingQuota: 500,
  priorityCeiling: 'normal',
  abovePriorityCeiling: 'clamp',
};
const ofTheStage = {
  status: 'active',
  jobTypes: undefined,
  weight: 1,
  waitingQuota: 500,
  priorityCeiling: 'normal',
  abovePriorityCeiling: 'clamp',
};

it.each([
  [3, 2],
  [8, 8],
  [16, 8],
])('a weight of %d that another version has set counts as %d here (F90)', (weight, counted) => {
  const tenant: Tenant = { tenantId: 'acme', status: 'active', weight };
  expect(policyOf(tenant, defaults)).toMatchObject({ weight: counted });
});

describe('a tenant', () => {
  it('without a record has the policy of the stage, and a share of weight 1', () => {
    expect(policyOf(undefined, defaults)).toEqual(ofTheStage);
  });

  it('without a record may start nothing on a stage that admits known tenants alone', () => {
    expect(policyOf(undefined, { ...defaults, admitUnknown: false })).toBeUndefined();
  });

  it('with a bare record has the policy of the stage, also where unknown tenants are not admitted', () => {
    const tenant: Tenant = { tenantId: 'acme', status: 'active' };
    expect(policyOf(tenant, { ...defaults, admitUnknown: false })).toEqual(ofTheStage);
  });

  const own = {
    status: 'suspended',
    jobTypes: ['csv.summarise'],
    weight: 4,
    waitingQuota: 7,
    priorityCeiling: 'urgent',
    abovePriorityCeiling: 'refuse',
  } as const;

  it('has the policy of its record where that says something', () => {
    expect(policyOf({ tenantId: 'acme', ...own, jobTypes: [...own.jobTypes] }, defaults)).toEqual(own);
  });
});

it.each([
  [0, false],
  [1, true],
  [1000, true],
  [1001, false],
  [1.5, false],
])('a cap of %d is accepted: %s', (cap, accepted) => {
  expect(Cap.safeParse(cap).success).toBe(accepted);
});
