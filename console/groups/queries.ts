/** Groups of jobs, and their members. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';

/** The newest of a tenant; there is no list of those that go on. */
export const PAGE = 50;

export const useGroups = (tenantIds: readonly string[]) =>
  useQueries({
    queries: tenantIds.map((tenant) => ({
      queryKey: ['groups', tenant],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        (await call('get /v1/groups', { query: { tenant, limit: String(PAGE) }, signal })).body.items,
    })),
  });

export const useGroup = (tenant: string, groupId: string) =>
  useQuery({
    queryKey: ['group', tenant, groupId],
    queryFn: async ({ signal }) =>
      (await call('get /v1/groups/{groupId}', { path: { groupId }, query: { tenant }, signal })).body,
  });

export const useMembers = (tenant: string, groupId: string) =>
  useQuery({
    queryKey: ['members', tenant, groupId],
    queryFn: async ({ signal }) => {
      const query = { tenant, limit: '100' };
      return (await call('get /v1/groups/{groupId}/members', { path: { groupId }, query, signal })).body;
    },
  });
