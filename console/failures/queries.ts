/** What failed alike and was neither run again nor discarded, of all tenants. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import type { FailureGroup } from '../api/schema.ts';
import { merged } from './merge.ts';

/** For each look the record of every failure is read. */
const LOOK_EVERY_MS = 10_000;

export interface Failures {
  readonly groups: readonly FailureGroup[];
  /** How many failures were looked at, also those that an operator has dealt with. */
  readonly examined: number;
  readonly goesOn: boolean;
}

/** How far back the first screen looks. */
export const DAY_MS = 86_400_000;

/** @param tenant of this one alone @param backMs how far back @param everyMs how often */
export const useFailures = (tenant: string | undefined, backMs: number, everyMs = LOOK_EVERY_MS) =>
  useInfiniteQuery({
    queryKey: ['failures', tenant ?? '', backMs],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const since = new Date(Date.now() - backMs).toISOString();
      const cursor = pageParam === '' ? undefined : pageParam;
      const query = { tenant, since, cursor, open: 'true' };
      return (await call('get /v1/failures/groups', { query, signal })).body;
    },
    getNextPageParam: ({ next }) => next,
    select: ({ pages }): Failures => ({
      groups: merged(pages.map(({ items }) => items)),
      examined: pages.reduce((sum, { examined }) => sum + examined, 0),
      goesOn: pages.at(-1)?.next !== undefined,
    }),
    refetchInterval: everyMs,
  });
