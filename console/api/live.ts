/** How often screens are read again: every two seconds while they can be seen, and not at all while an operator reads. */
import { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'preact/compat';

const SEEN_MS = 2_000;
const HIDDEN_MS = 30_000;
const OUTAGE_MS = 4_000;

let paused = false;
const listeners = new Set<() => void>();
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const usePaused = (): boolean => useSyncExternalStore(subscribe, () => paused);
export function togglePaused(): void {
  paused = !paused;
  for (const listener of listeners) listener();
  if (!paused) void queries.invalidateQueries();
}

function intervalOf(query: { readonly state: { readonly status: string } }): number | false {
  if (paused) return false;
  if (document.hidden) return HIDDEN_MS;
  return query.state.status === 'error' ? OUTAGE_MS : SEEN_MS;
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      refetchInterval: intervalOf,
      refetchIntervalInBackground: true,
      refetchOnWindowFocus: () => !paused,
      // The next look is the retry, and what is there stays on the screen until then.
      retry: false,
      // The server is on this machine: whether there is a network says nothing.
      networkMode: 'always',
      staleTime: 1_000,
      gcTime: 10 * 60_000,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});
