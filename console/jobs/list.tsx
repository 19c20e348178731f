/** The screen of jobs: which there are, filtered by the address, the newest first. */
import { useMemo } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter';
import { isOutage } from '../api/call.ts';
import { useTenants } from '../api/queries.ts';
import type { JobSummary } from '../api/schema.ts';
import { Head } from '../parts/head.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Partly } from '../parts/partly.tsx';
import { Rows } from '../parts/rows.tsx';
import { State } from '../parts/state.tsx';
import type { Column } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { Ago, Span } from '../parts/time.tsx';
import { countText, plural } from '../parts/words.ts';
import { BulkBar, usePicked } from './bulk.tsx';
import { Chips } from './chips.tsx';
import { type Filter, filterOf, searchOf } from './filter.ts';
import { type JobList, useJobList } from './use-list.ts';

/** So many tenants are read at once; an operator of more names one. */
const MAX_TENANTS = 12;

export function Jobs() {
  const search = useSearch();
  const filter = useMemo(() => filterOf(search), [search]);
  const tenants = useTenants();
  return (
    <>
      <Head title="Jobs" />
      <Loaded read={tenants} what="tenants">
        {(known) => {
          const ids = known.map(({ tenantId }) => tenantId);
          const asked = filter.tenant === undefined ? ids.slice(0, MAX_TENANTS) : [filter.tenant];
          return (
            <>
              <Chips filter={filter} tenants={ids} />
              <List filter={filter} tenants={asked} all={ids.length} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

export const columns: readonly Column<JobSummary>[] = [
  { head: 'State', class: 'state-cell', cell: (job) => <State state={job.state} /> },
  {
    head: 'Job',
    class: 'key',
    cell: (job) => (
      <a href={`/console/jobs/${job.id}`}>
        <Name text={job.idempotencyKey} />
      </a>
    ),
  },
  { head: 'Tenant', class: 'minor', cell: (job) => <Name text={job.tenantId} /> },
  { head: 'Type', class: 'minor', cell: (job) => <Name text={job.jobType} /> },
  { head: 'What happened', class: 'wide', cell: whatHappened },
  { head: 'Took', class: 'n minor', cell: took },
  { head: 'Accepted', class: 'n', cell: (job) => <Ago at={job.createdAt} /> },
];

function whatHappened({ state, failure, progress, attempt, redrivenAs }: JobSummary) {
  if (state === 'failed' || state === 'retrying') {
    const again = redrivenAs === undefined ? '' : 'Run again. ';
    return (
      <Name
        text={`${again}${failure?.message ?? (state === 'retrying' ? `Attempt ${attempt} failed.` : '')}`}
      />
    );
  }
  if (state === 'running' && progress !== undefined) {
    const of = progress.total === undefined ? '' : ` of ${countText(progress.total)}`;
    return <Name text={progress.note ?? `${countText(progress.done)}${of} done`} />;
  }
  return attempt > 1 ? <span class="quiet">on attempt {attempt}</span> : null;
}

function took({ startedAt, finishedAt, state }: JobSummary) {
  if (startedAt === undefined) return <span class="quiet">–</span>;
  return state === 'running' || finishedAt !== undefined ? (
    <Span from={startedAt} to={finishedAt} />
  ) : (
    <span class="quiet">–</span>
  );
}

function List({ filter, tenants, all }: { filter: Filter; tenants: readonly string[]; all: number }) {
  const list = useJobList(filter, tenants);
  const [, navigate] = useLocation();
  const picked = usePicked();
  if (list.jobs.length === 0 && list.isFirst) return <p class="waiting-for quiet">Reading jobs…</p>;
  const read = {
    data: list.jobs.length === 0 && list.error !== null ? undefined : list.jobs,
    error: list.error,
    dataUpdatedAt: list.readAtMs,
    refetch: list.refetch,
  };
  return (
    <Loaded read={read} what="jobs">
      {(jobs) => (
        <>
          <Partly reads={list.reads} what="jobs" />
          {jobs.length === 0 ? (
            <None filter={filter} list={list} />
          ) : (
            <Rows
              label="Jobs"
              rows={jobs}
              columns={columns}
              keyOf={(job) => job.id}
              onOpen={(job) => navigate(`/jobs/${job.id}`)}
              selection={picked.selection}
            />
          )}
          <BulkBar picked={picked} jobs={jobs} goesOn={list.goesOn} filter={filter} />
          <Foot list={list} tenants={tenants.length} all={filter.tenant === undefined ? all : 1} />
        </>
      )}
    </Loaded>
  );
}

function None({ filter, list }: { filter: Filter; list: JobList }) {
  const isFiltered = searchOf(filter) !== '';
  if (list.goesOn)
    return <Empty>None of the newest {countText(list.examined)} jobs match. There are older ones.</Empty>;
  return isFiltered ? (
    <Empty>
      No job matches. <a href="/console/jobs">Show all</a>
    </Empty>
  ) : (
    <Empty>
      No jobs yet. A service sends one to the front queue, or <code>npx headgate job submit</code> does.
    </Empty>
  );
}

/** What was looked at, and what was not. */
function Foot({ list, tenants, all }: { list: JobList; tenants: number; all: number }) {
  return (
    <p class="foot quiet">
      {plural(list.jobs.length, 'job')} of {countText(list.examined)} looked at
      {tenants < all ? `, of the first ${tenants} of ${plural(all, 'tenant')}: name one with tenant:…` : ''}.{' '}
      {list.jobs.length > 100 * tenants &&
        'The newest are live; older ones are as they were when they were read. '}
      {list.goesOn && (
        <>
          <button type="button" disabled={list.isReading} onClick={() => list.further(1)}>
            {list.isReading ? 'Looking…' : 'Look further back'}
          </button>{' '}
          <button type="button" disabled={list.isReading} onClick={() => list.further(10)}>
            Ten pages
          </button>
        </>
      )}
      {list.reads.some(({ error }) => isOutage(error)) && ' Headgate gives no answer now.'}
    </p>
  );
}
