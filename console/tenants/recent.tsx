/** The newest jobs of a tenant, as they are now. */
import { useMemo } from 'preact/hooks';
import { useLocation } from 'wouter';
import { columns } from '../jobs/list.tsx';
import { useJobList } from '../jobs/use-list.ts';
import { Empty } from '../parts/loaded.tsx';
import { Rows } from '../parts/rows.tsx';

const SHOWN = 20;
const ofTenant = columns.filter(({ head }) => head !== 'Tenant');

export function RecentJobs({ tenantId }: { tenantId: string }) {
  const filter = useMemo(() => ({ tenant: tenantId, tags: {} }), [tenantId]);
  const list = useJobList(filter, [tenantId]);
  const [, navigate] = useLocation();
  return (
    <section aria-label="Newest jobs">
      <h2>Newest jobs</h2>
      {list.jobs.length === 0 ? (
        !list.isFirst && (
          <Empty>{list.error === null ? 'It has no jobs.' : 'Its jobs could not be read.'}</Empty>
        )
      ) : (
        <Rows
          label="Newest jobs"
          rows={list.jobs.slice(0, SHOWN)}
          columns={ofTenant}
          keyOf={(job) => job.id}
          onOpen={(job) => navigate(`/jobs/${job.id}`)}
        />
      )}
      <p class="foot">
        <a href={`/console/jobs?tenant=${encodeURIComponent(tenantId)}`}>All its jobs</a> ·{' '}
        <a href={`/console/jobs?tenant=${encodeURIComponent(tenantId)}&state=failed`}>those that failed</a>
      </p>
    </section>
  );
}
