/** Whether the stack keeps up, and the holders of slots. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';

/** Each look asks queues and the index of what is due, and what it finds changes by the minute. */
const LOOK_MS = 15_000;

export const useUpkeep = (everyMs = LOOK_MS) =>
  useQuery({
    queryKey: ['upkeep'],
    queryFn: async ({ signal }) => (await call('get /v1/upkeep', { signal })).body,
    refetchInterval: everyMs,
  });

const slotsQuery = (tenantId: string) => ({
  queryKey: ['slots', tenantId],
  queryFn: async ({ signal }: { signal: AbortSignal }) => ({
    tenantId,
    ...(await call('get /v1/tenants/{tenantId}/slots', { path: { tenantId }, signal })).body,
  }),
});
export const useSlots = (tenantId: string) => useQuery(slotsQuery(tenantId));
export const useEachSlots = (tenantIds: readonly string[]) =>
  useQueries({
    queries: tenantIds.map((tenantId) => ({ ...slotsQuery(tenantId), refetchInterval: LOOK_MS })),
  });
export type Slots = Awaited<ReturnType<ReturnType<typeof slotsQuery>['queryFn']>>;
