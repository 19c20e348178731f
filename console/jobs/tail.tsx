/** The last lines that the container of a failed job printed. */
import { useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import type { JobSummary } from '../api/schema.ts';
import { Lines } from '../failures/lines.tsx';

const AROUND_MS = 60_000;

/** @param job one that failed; of its failures the row that is about it */
export function Tail({ job }: { job: JobSummary }) {
  const { id, tenantId: tenant, jobType: type, finishedAt = job.stateAt } = job;
  const failure = useQuery({
    queryKey: ['tail', id],
    queryFn: async ({ signal }) => {
      const at = Date.parse(finishedAt);
      const [since, until] = [at - AROUND_MS, at + AROUND_MS].map((ms) => new Date(ms).toISOString());
      const query = { tenant, type, since, until, limit: '100' };
      const { body } = await call('get /v1/failures', { query, signal });
      return body.items.find(({ jobId }) => jobId === id) ?? null;
    },
    // What is over stays as it was; the lines come a moment after the end.
    refetchInterval: ({ state }) => (state.data?.tail === undefined ? 10_000 : false),
  });
  return <Lines lines={failure.data?.tail ?? []} />;
}
