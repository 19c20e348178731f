/** The filter of the list of jobs, each part of it a link: it can be opened beside, and passed on. */
import { useLocation } from 'wouter';
import { Name } from '../parts/text.tsx';
import { type Filter, SINCE, searchOf } from './filter.ts';

const STATES = ['waiting', 'running', 'retrying', 'failed', 'succeeded', 'cancelled'];
const MORE = ['scheduled', 'blocked', 'submitting', 'submitted', 'starting', 'cancelling', 'expired'];

type Fields = Omit<Filter, 'tags'>;

/** @param changed an undefined field is taken out */
function linkTo(filter: Filter, changed: { [Name in keyof Fields]?: string | undefined }): string {
  const fields = Object.entries({ ...filter, ...changed }).filter(([, value]) => value !== undefined);
  return `/jobs${searchOf(Object.fromEntries(fields) as unknown as Filter)}`; // the same fields, less those taken out
}

export function Chips({ filter, tenants }: { filter: Filter; tenants: readonly string[] }) {
  const [, navigate] = useLocation();
  const { state, since, tenant, type } = filter;
  const shown = state === undefined || STATES.includes(state) ? STATES : [...STATES, state];
  return (
    <nav class="chips" aria-label="Filter">
      <Chip to={linkTo(filter, { state: undefined })} on={state === undefined} text="All" />
      {shown.map((each) => (
        <Chip key={each} to={linkTo(filter, { state: each })} on={state === each} text={each} />
      ))}
      <select
        aria-label="Other states"
        value=""
        onChange={({ currentTarget }) => navigate(linkTo(filter, { state: currentTarget.value }))}
      >
        <option value="">more…</option>
        {MORE.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <span class="apart" />
      {Object.keys(SINCE).map((each) => (
        <Chip
          key={each}
          to={linkTo(filter, { since: since === each ? undefined : each })}
          on={since === each}
          text={`last ${each}`}
        />
      ))}
      <select
        aria-label="Tenant"
        value={tenant ?? ''}
        onChange={({ currentTarget: { value } }) =>
          navigate(linkTo(filter, { tenant: value === '' ? undefined : value }))
        }
      >
        <option value="">every tenant</option>
        {tenant !== undefined && !tenants.includes(tenant) && <option>{tenant}</option>}
        {tenants.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      {type !== undefined && <Taken to={linkTo(filter, { type: undefined })} text={`type ${type}`} />}
      {Object.entries(filter.tags).map(([name, value]) => {
        const { [name]: _, ...tags } = filter.tags;
        return <Taken key={name} to={`/jobs${searchOf({ ...filter, tags })}`} text={`${name} = ${value}`} />;
      })}
    </nav>
  );
}

function Chip({ to, on, text }: { to: string; on: boolean; text: string }) {
  return (
    <a class="chip" href={`/console${to}`} aria-current={on ? 'true' : undefined}>
      {text}
    </a>
  );
}

/** A part of the filter that its link takes out. */
function Taken({ to, text }: { to: string; text: string }) {
  return (
    <a class="chip" href={`/console${to}`} aria-current="true" aria-label={`Without ${text}`}>
      <Name text={text} /> <span aria-hidden="true">×</span>
    </a>
  );
}
