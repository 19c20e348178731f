/** The operations of operators on tenants. */
import * as z from 'zod';
import { CostView, Month } from '../../domain/cost/receipt.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { SlotsView } from '../../domain/reading/slot-view.ts';
import { Budget } from '../../domain/tenant/budget.ts';
import { Caps } from '../../domain/tenant/gate.ts';
import { Tenant } from '../../domain/tenant/tenant.ts';
import { operations, READS_BODY } from './operation.ts';
import { OfTenant } from './parameters.ts';

/** What an operator sets. An absent field has the default of the stage. */
export const TenantSettings = Tenant.omit({ tenantId: true, erasedBy: true })
  .extend({ caps: Caps.default({}), budget: Budget.optional() })
  .strict();

export const TenantView = z.object({
  tenantId: TenantId,
  /** Absent: the tenant has no record, and the stage decides whether it may start jobs. */
  settings: TenantSettings.optional(),
  paused: z.object({ reason: z.string(), at: z.iso.datetime() }).optional(),
  /** Of the budget, as it was summed last; absent without one, and until its first sum. */
  spend: z
    .object({
      /** In the time zone of the budget, such as `2026-11`. */
      month: z.string(),
      /** An estimate by list prices. */
      usd: z.number(),
      at: z.iso.datetime(),
      /** When the next month begins. */
      until: z.iso.datetime(),
      /** `open`, `warned` or `used`. Later versions may know more. */
      standing: z.string(),
    })
    .optional(),
  /** How many attempts hold a slot. */
  inBatch: z.int(),
  waiting: z.int(),
  /** Since when the attempt waits that is first in line. */
  waitingSince: z.iso.datetime().optional(),
});

export const TenantPage = z.object({
  items: z.array(z.object({ tenantId: TenantId, status: Tenant.shape.status })),
});

const UsageQuery = z.strictObject({
  month: Month.optional().describe(
    'The UTC month in which attempts ended, such as 2026-11; this one if absent.',
  ),
  by: z.enum(['type', 'job', 'tag']).optional().describe('What is summed: `type` if absent.'),
  tag: z.string().min(1).max(128).optional().describe('With `by=tag`: the name of the tag.'),
});

const Usage = z.object({
  tenantId: TenantId,
  month: Month,
  items: z.array(CostView),
  total: CostView,
  /** The date of the list prices. */
  prices: z.string(),
});

const Revoked = z.object({ tenantId: TenantId, tokensNotBefore: z.iso.datetime() });

const Pausing = z.strictObject({ reason: z.string().min(1).max(256) });

const byTenant = { tag: 'tenants', access: { kind: 'operator' } } as const;

export const tenantOperations = operations({
  listTenants: {
    method: 'get',
    path: '/v1/tenants',
    ...byTenant,
    summary: 'List tenants with a record',
    query: OfTenant.omit({ tenant: true }),
    answers: { 200: { description: 'All of them, by id.', body: TenantPage } },
    problems: [],
  },
  getTenant: {
    method: 'get',
    path: '/v1/tenants/{tenantId}',
    ...byTenant,
    summary: 'Read what a tenant may do, and what it does',
    answers: { 200: { description: 'The tenant.', body: TenantView, headers: ['ETag'] } },
    problems: ['not_found'],
  },
  putTenant: {
    method: 'put',
    path: '/v1/tenants/{tenantId}',
    ...byTenant,
    summary: 'Set what a tenant may do',
    description:
      'Replaces all settings, caps and the budget. With If-Match only if they are as they were read. A pause stays.',
    headers: ['If-Match'],
    body: TenantSettings,
    answers: { 200: { description: 'The tenant as it is now.', body: TenantView, headers: ['ETag'] } },
    problems: [...READS_BODY, 'not_found', 'version_changed', 'tenant_leaving'],
  },
  getUsage: {
    method: 'get',
    path: '/v1/tenants/{tenantId}/usage',
    ...byTenant,
    summary: "Estimate what a tenant's attempts cost in a month",
    description:
      'By the receipts of attempts that have ended, at list prices of their time, for 400 days. The most expensive first.',
    query: UsageQuery,
    answers: { 200: { description: 'The sums.', body: Usage } },
    problems: ['not_found'],
  },
  listSlots: {
    method: 'get',
    path: '/v1/tenants/{tenantId}/slots',
    ...byTenant,
    summary: "List who holds a tenant's slots",
    description:
      'A tenant without caps, pause or concurrency keys has no slots. `headgate slots audit` also finds jobs that lack theirs.',
    answers: { 200: { description: 'Each attempt with a slot.', body: SlotsView } },
    problems: ['not_found'],
  },
  pauseTenant: {
    method: 'post',
    path: '/v1/tenants/{tenantId}/pause',
    ...byTenant,
    summary: 'Let no further attempt of a tenant begin',
    body: Pausing,
    answers: { 200: { description: 'Its new attempts wait.', body: TenantView } },
    problems: [...READS_BODY, 'not_found'],
  },
  revokeTokens: {
    method: 'post',
    path: '/v1/tenants/{tenantId}/revoke-tokens',
    ...byTenant,
    summary: 'End all tokens of a tenant that were signed before',
    description:
      'Within 60 seconds, whichever keys have signed them. Tokens that are signed later are taken: the owner of a key goes on. A repeat ends those that were signed in between as well.',
    answers: { 200: { description: 'From when tokens count.', body: Revoked } },
    problems: ['not_found'],
  },
  resumeTenant: {
    method: 'post',
    path: '/v1/tenants/{tenantId}/resume',
    ...byTenant,
    summary: 'End the pause of a tenant',
    answers: { 200: { description: 'Its attempts begin again.', body: TenantView } },
    problems: ['not_found'],
  },
});
