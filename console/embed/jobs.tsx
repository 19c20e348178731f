/** The jobs of a tenant, the newest first. */
import { useContext, useState } from 'preact/hooks';
import type { JobPage, JobSummary } from '../api/schema.ts';
import { merged, NOTHING, type Reading, withFirst, withNext } from '../jobs/merge.ts';
import { State } from '../parts/state.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { useGo } from './place.ts';
import { DoorContext, useReading } from './reading.ts';
import { Heading, Lead, Shown } from './shown.tsx';

const STATES = ['waiting', 'running', 'failed', 'succeeded'];
const PAGE = '50';

export function Jobs({ state }: { state: string | undefined }) {
  const door = useContext(DoorContext);
  const query = { limit: PAGE, state };
  const first = useReading(`jobs ${state ?? ''}`, (door) => door.get('get /v1/jobs', { query }));
  const [older, setOlder] = useState<Reading>(NOTHING);
  const further = async (cursor: string, known: Reading) => {
    const page = await door?.get('get /v1/jobs', { query: { ...query, cursor } });
    if (page !== undefined) setOlder(withNext(known, page));
  };
  return (
    <section part="jobs">
      <Heading>Jobs</Heading>
      <Chips state={state} />
      <Shown reading={first}>{(page) => <List page={page} older={older} further={further} />}</Shown>
    </section>
  );
}

function Chips({ state }: { state: string | undefined }) {
  const go = useGo();
  return (
    <fieldset class="chips" aria-label="State">
      {[undefined, ...STATES].map((each) => (
        <button
          key={each ?? 'all'}
          type="button"
          aria-pressed={each === state}
          onClick={() => go({ kind: 'jobs', state: each })}
        >
          {each ?? 'all'}
        </button>
      ))}
    </fieldset>
  );
}

function List({
  page,
  older,
  further,
}: {
  page: JobPage;
  older: Reading;
  further(cursor: string, known: Reading): Promise<void>;
}) {
  const known = withFirst(older, page);
  const [isReading, setReading] = useState(false);
  const jobs = merged([known]);
  const more = async (cursor: string) => {
    setReading(true);
    // Why it could not be read is said of the newest page, which is asked again all the time.
    await further(cursor, known).catch(() => undefined);
    setReading(false);
  };
  const { next } = known;
  return (
    <>
      {jobs.length === 0 ? (
        <p class="quiet">No jobs.</p>
      ) : (
        <Table rows={jobs} columns={columns} keyOf={({ id }) => id} />
      )}
      {next !== undefined && (
        <button type="button" disabled={isReading} onClick={() => more(next)}>
          {isReading ? 'Reading…' : 'Older jobs'}
        </button>
      )}
    </>
  );
}

const columns: readonly Column<JobSummary>[] = [
  { head: 'State', cell: ({ state }) => <State state={state} /> },
  {
    head: 'Job',
    class: 'wide',
    cell: ({ id, idempotencyKey }) => (
      <Lead to={{ kind: 'job', jobId: id }}>
        <Name text={idempotencyKey} />
      </Lead>
    ),
  },
  { head: 'Type', class: 'minor', cell: ({ jobType }) => <Name text={jobType} /> },
  { head: 'Accepted', class: 'n quiet', cell: ({ createdAt }) => <Ago at={createdAt} /> },
];
