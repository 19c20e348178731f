/** The screen of cost: what the attempts of a month cost, by tenant and by job type, at list prices. */
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter';
import { call } from '../api/call.ts';
import { Copy } from '../copies/copy.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { useNow } from '../parts/now.ts';
import { Partly } from '../parts/partly.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { countText, durationText, plural } from '../parts/words.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { added, csvOf, monthsBefore, type Sum, sumsOf, type Usage, usdText } from './usage.ts';

const MAX_TENANTS = 60;
const MONTHS = 6;

export function Cost() {
  const months = monthsBefore(useNow(), MONTHS);
  const search = useSearch();
  const [, navigate] = useLocation();
  const month = new URLSearchParams(search).get('month') ?? months[0] ?? '';
  const choice = (
    <div class="chips">
      <select
        aria-label="Month"
        value={month}
        onChange={({ currentTarget }) => navigate(`/cost?month=${currentTarget.value}`)}
      >
        {!months.includes(month) && <option>{month}</option>}
        {months.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </div>
  );
  return (
    <OfTenants title="Cost" above={choice}>
      {(ids) => <Of ids={ids} month={month} />}
    </OfTenants>
  );
}

function Of({ ids, month }: { ids: readonly string[]; month: string }) {
  const shown = useMemo(() => ids.slice(0, MAX_TENANTS), [ids]);
  const reads = useQueries({
    queries: shown.map((tenantId) => ({
      queryKey: ['usage', tenantId, month],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const asked = { path: { tenantId }, query: { month }, signal };
        return (await call('get /v1/tenants/{tenantId}/usage', asked)).body;
      },
      // It grows with each attempt that ends, which need not be seen within a second.
      refetchInterval: 60_000,
    })),
  });
  const usages = reads.flatMap(({ data }) => data ?? []);
  const failed = reads.find(({ error }) => error !== null);
  if (usages.length === 0 && failed !== undefined)
    return (
      <Loaded read={failed} what="the cost">
        {() => null}
      </Loaded>
    );
  if (reads.some(({ data, error }) => data === undefined && error === null))
    return <p class="waiting-for quiet">Reading receipts…</p>;
  const total = added(usages.map((usage) => usage.total));
  if (total.attempts === 0) return <Empty>No attempt has ended in {month}.</Empty>;
  return (
    <>
      <Partly reads={reads} what="cost" />
      <p class="why">
        <strong>{usdText(total.usd)}</strong> for {plural(total.attempts, 'attempt')} of{' '}
        {plural(total.jobs, 'job')} that ended in {month}, an estimate at list prices of their time.
      </p>
      <Sums title="By tenant" rows={byTenant(usages)} of={total} lead="tenants" />
      <Sums title="By job type" rows={sumsOf(usages)} of={total} />
      <p class="foot quiet">
        Prices: {usages[0]?.prices}.{' '}
        {shown.length < ids.length && `The first ${shown.length} of ${plural(ids.length, 'tenant')}. `}
        <Copy label="Copy as CSV" text={() => csvOf(usages)} />
      </p>
    </>
  );
}

const byTenant = (usages: readonly Usage[]): Sum[] =>
  usages.map(({ tenantId, total }) => ({ ...total, name: tenantId })).toSorted((a, b) => b.usd - a.usd);

function Sums({ title, rows, of, lead }: { title: string; rows: readonly Sum[]; of: Sum; lead?: string }) {
  const columns: readonly Column<Sum>[] = [
    {
      head: 'Name',
      class: 'wide',
      cell: ({ name }) =>
        lead === undefined ? (
          <Name text={name} />
        ) : (
          <a href={`/console/${lead}/${encodeURIComponent(name)}`}>
            <Name text={name} />
          </a>
        ),
    },
    { head: 'Jobs', class: 'n minor', cell: ({ jobs }) => countText(jobs) },
    { head: 'Attempts', class: 'n minor', cell: ({ attempts }) => countText(attempts) },
    { head: 'Billed time', class: 'n', cell: ({ billedSeconds }) => durationText(billedSeconds * 1000) },
    { head: 'Cost', class: 'n', cell: ({ usd }) => usdText(usd) },
    {
      head: 'Share',
      class: 'n minor',
      cell: ({ usd }) => (of.usd === 0 ? '–' : `${Math.round((100 * usd) / of.usd)} %`),
    },
  ];
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <Table rows={rows} columns={columns} keyOf={({ name }) => name} />
    </section>
  );
}
