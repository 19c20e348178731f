/** What screens read, by name. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { call } from './call.ts';
import type { Job, Tenant } from './schema.ts';

const FINAL = ['succeeded', 'failed', 'cancelled', 'expired'];
export const isFinal = ({ state }: Pick<Job, 'state'>): boolean => FINAL.includes(state);

export const useJob = (jobId: string) =>
  useQuery({
    queryKey: ['job', jobId],
    queryFn: async ({ signal }) => (await call('get /v1/jobs/{jobId}', { path: { jobId }, signal })).body,
  });

export const useWhy = (jobId: string, version: number | undefined) =>
  useQuery({
    queryKey: ['why', jobId],
    queryFn: async ({ signal }) => (await call('get /v1/jobs/{jobId}/why', { path: { jobId }, signal })).body,
    enabled: version !== undefined,
  });

export const useTimeline = (jobId: string) =>
  useQuery({
    queryKey: ['timeline', jobId],
    queryFn: async ({ signal }) =>
      (await call('get /v1/jobs/{jobId}/timeline', { path: { jobId }, signal })).body.items,
  });

export const useTenants = () =>
  useQuery({
    queryKey: ['tenants'],
    queryFn: async ({ signal }) => (await call('get /v1/tenants', { signal })).body.items,
  });

export interface TaggedTenant extends Tenant {
  /** Of what was read, for a change of exactly that. */
  readonly etag: string | undefined;
}

const tenantQuery = (tenantId: string) => ({
  queryKey: ['tenant', tenantId],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<TaggedTenant> => {
    const { body, etag } = await call('get /v1/tenants/{tenantId}', { path: { tenantId }, signal });
    return { ...body, etag };
  },
});
export const useTenant = (tenantId: string) => useQuery(tenantQuery(tenantId));
export const useEachTenant = (tenantIds: readonly string[]) =>
  useQueries({ queries: tenantIds.map(tenantQuery) });

export const useSchedules = (tenantIds: readonly string[]) =>
  useQueries({
    queries: tenantIds.map((tenant) => ({
      queryKey: ['schedules', tenant],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        (await call('get /v1/schedules', { query: { tenant }, signal })).body.items,
    })),
  });
