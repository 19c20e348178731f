/** Endpoints, and what was sent to them. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';

/** @param everyMs how often, if it is beside something else */
export const useEndpoints = (tenantIds: readonly string[], everyMs?: number) =>
  useQueries({
    queries: tenantIds.map((tenant) => ({
      queryKey: ['endpoints', tenant],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        (await call('get /v1/endpoints', { query: { tenant }, signal })).body.items,
      ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
    })),
  });

export const useEndpoint = (tenant: string, endpointId: string) =>
  useQuery({
    queryKey: ['endpoint', tenant, endpointId],
    queryFn: async ({ signal }) =>
      (await call('get /v1/endpoints/{endpointId}', { path: { endpointId }, query: { tenant }, signal }))
        .body,
  });

export const useDeliveries = (
  tenant: string,
  endpointId: string,
  status: string | undefined,
  job: string | undefined,
) =>
  useQuery({
    queryKey: ['deliveries', tenant, endpointId, status, job],
    queryFn: async ({ signal }) => {
      const query = { tenant, status, job, limit: '100' };
      return (
        await call('get /v1/endpoints/{endpointId}/deliveries', { path: { endpointId }, query, signal })
      ).body;
    },
  });

export const useDelivery = (tenant: string, deliveryId: string) =>
  useQuery({
    queryKey: ['delivery', tenant, deliveryId],
    queryFn: async ({ signal }) =>
      (await call('get /v1/deliveries/{deliveryId}', { path: { deliveryId }, query: { tenant }, signal }))
        .body,
  });
