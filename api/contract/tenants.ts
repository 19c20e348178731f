/** The operations of operators on tenants. */
import * as z from 'zod';
import { TenantId } from '../../domain/job/ids.ts';
import { Caps } from '../../domain/tenant/gate.ts';
import { Tenant } from '../../domain/tenant/tenant.ts';
import { operations } from './operation.ts';
import { OfTenant } from './parameters.ts';

/** What an operator sets. An absent field has the default of the stage. */
export const TenantSettings = Tenant.omit({ tenantId: true })
  .extend({ caps: Caps.default({}) })
  .strict();

export const TenantView = z.object({
  tenantId: TenantId,
  /** Absent: the tenant has no record, and the stage decides whether it may start jobs. */
  settings: TenantSettings.optional(),
  paused: z.object({ reason: z.string(), at: z.iso.datetime() }).optional(),
  /** How many attempts hold a slot. */
  inBatch: z.int(),
  waiting: z.int(),
});

export const TenantPage = z.object({
  items: z.array(z.object({ tenantId: TenantId, status: Tenant.shape.status })),
});

const Pausing = z.strictObject({ reason: z.string().min(1).max(256) });

const byTenant = { tag: 'tenants', access: { kind: 'operator' } } as const;
const READS_BODY = [
  'content_type',
  'body_not_json',
  'field_invalid',
  'field_unknown',
  'field_missing',
] as const;

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
      'Replaces all settings and caps. With If-Match only if they are as they were read. A pause stays.',
    headers: ['If-Match'],
    body: TenantSettings,
    answers: { 200: { description: 'The tenant as it is now.', body: TenantView, headers: ['ETag'] } },
    problems: [...READS_BODY, 'version_changed'],
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
  resumeTenant: {
    method: 'post',
    path: '/v1/tenants/{tenantId}/resume',
    ...byTenant,
    summary: 'End the pause of a tenant',
    answers: { 200: { description: 'Its attempts begin again.', body: TenantView } },
    problems: ['not_found'],
  },
});
