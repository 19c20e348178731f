/** How much the stack does. */
import { useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import type { Answers } from '../api/schema.ts';

export type Activity = Answers['get /v1/activity'];

/** Each look goes through the receipts of the day, which change by the minute. */
const LOOK_MS = 15_000;

export const useActivity = () =>
  useQuery({
    queryKey: ['activity'],
    queryFn: async ({ signal }) => (await call('get /v1/activity', { signal })).body,
    refetchInterval: LOOK_MS,
  });
