/** The attempts of a job, the newest first, with why each ended. */
import type { ComponentChildren } from 'preact';
import type { Attempt, Failure, Job } from '../api/schema.ts';
import { usdText } from '../cost/usage.ts';
import { State } from '../parts/state.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Ago, Span } from '../parts/time.tsx';

interface Row {
  readonly attempt: number;
  readonly state: string;
  readonly because: ComponentChildren;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly usd?: number | undefined;
}

export function Attempts({ job }: { job: Job }) {
  const isOver = job.attempts.some(({ attempt }) => attempt === job.attempt);
  if (job.attempts.length === 0 && job.startedAt === undefined) return null;
  const rows = [...(isOver ? [] : [currentOf(job)]), ...job.attempts.toReversed().map(endedOf)];
  return (
    <section aria-labelledby="attempts">
      <h2 id="attempts">Attempts</h2>
      <Table rows={rows} columns={columns} keyOf={({ attempt }) => attempt} />
    </section>
  );
}

const columns: readonly Column<Row>[] = [
  { head: '#', class: 'n', cell: ({ attempt }) => attempt },
  { head: 'State', cell: ({ state }) => <State state={state} /> },
  { head: 'Ended because', class: 'wide', cell: ({ because }) => because },
  {
    head: 'Ran',
    class: 'n',
    cell: ({ startedAt, endedAt }) =>
      startedAt === undefined ? '–' : <Span from={startedAt} to={endedAt} />,
  },
  {
    head: 'Cost',
    class: 'n quiet minor',
    cell: ({ usd }) => (usd === undefined ? '–' : usdText(usd)),
  },
  {
    head: 'Began',
    class: 'n quiet minor',
    cell: ({ startedAt }) => (startedAt === undefined ? '–' : <Ago at={startedAt} />),
  },
];

function currentOf({ attempt, state, startedAt, finishedAt: endedAt }: Job): Row {
  const because = state === 'running' ? <span class="quiet">it runs</span> : null;
  return { attempt, state, because, startedAt, endedAt };
}

function endedOf({ attempt, startedAt, endedAt, failure, usd }: Attempt): Row {
  if (failure === undefined) return { attempt, state: 'succeeded', because: null, startedAt, endedAt, usd };
  return { attempt, state: 'failed', because: <Because failure={failure} />, startedAt, endedAt, usd };
}

/** The sentence first, then what identifies it. */
export function Because({ failure }: { failure: Failure }) {
  const { message, code, class: cls, exitCode, reason, logStream } = failure;
  return (
    <>
      <bdi>{message}</bdi>
      <small class="quiet facts">
        <code>
          {cls}: {code}
        </code>
        {exitCode !== undefined && <span>exit code {exitCode}</span>}
        {reason !== undefined && <bdi>AWS said: {reason}</bdi>}
        {logStream !== undefined && (
          <span>
            log stream <code>{logStream}</code>
          </span>
        )}
      </small>
    </>
  );
}
