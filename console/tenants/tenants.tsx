/** The screen of tenants: how much of its cap each uses, and how much of its work waits. */
import { useLocation } from 'wouter';
import { type TaggedTenant, useEachTenant } from '../api/queries.ts';
import { Empty } from '../parts/loaded.tsx';
import { Rows } from '../parts/rows.tsx';
import type { Column } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText } from '../parts/words.ts';
import { OfTenants } from './of-tenants.tsx';
import { Use } from './use.tsx';

/** Each is a request; an operator of more finds one by its name. */
const MAX_SHOWN = 60;

export const Tenants = () => (
  <OfTenants title="Tenants">{(ids) => (ids.length === 0 ? <NoTenants /> : <Shown ids={ids} />)}</OfTenants>
);

export const NoTenants = () => (
  <Empty>
    No tenant has a record. <code>npx headgate tenant set NAME</code> makes one.
  </Empty>
);

export interface TenantRow {
  readonly tenantId: string;
  readonly tenant: TaggedTenant | undefined;
  readonly error: unknown;
}

/** Those with the most waiting first: a noisy tenant is at the top. */
export function useTenantRows(ids: readonly string[]): TenantRow[] {
  const shown = ids.slice(0, MAX_SHOWN);
  const reads = useEachTenant(shown);
  const rows = shown.map((tenantId, i) => ({
    tenantId,
    tenant: reads[i]?.data,
    error: reads[i]?.error ?? null,
  }));
  const work = ({ tenant }: TenantRow) => (tenant?.waiting ?? 0) * 1_000_000 + (tenant?.inBatch ?? 0);
  return rows.toSorted((a, b) => work(b) - work(a) || (a.tenantId < b.tenantId ? -1 : 1));
}

const columns: readonly Column<TenantRow>[] = [
  {
    head: 'Tenant',
    class: 'key',
    cell: ({ tenantId }) => (
      <a href={`/console/tenants/${encodeURIComponent(tenantId)}`}>
        <Name text={tenantId} />
      </a>
    ),
  },
  { head: 'Slots in use', cell: ({ tenant }) => tenant !== undefined && <Use tenant={tenant} /> },
  {
    head: 'Waiting',
    class: 'n',
    cell: ({ tenant, error }) =>
      tenant === undefined ? (error === null ? '…' : '–') : countText(tenant.waiting),
  },
  { head: 'Weight', class: 'n minor', cell: ({ tenant }) => tenant?.settings?.weight ?? 1 },
  { head: 'What holds it', class: 'wide', cell: holds },
];

function holds({ tenant, error }: TenantRow) {
  if (tenant === undefined) return error === null ? null : <span class="held">△ it could not be read</span>;
  if (tenant.settings?.status === 'suspended') return <span class="held">⊘ suspended</span>;
  const { paused, waiting, inBatch, settings } = tenant;
  if (paused !== undefined)
    return (
      <span class="held">
        ‖ paused <Ago at={paused.at} />: <bdi>{paused.reason}</bdi>
      </span>
    );
  const cap = settings?.caps?.cap;
  if (cap !== undefined && inBatch >= cap && waiting > 0)
    return <span class="held">△ its cap of {countText(cap)} is reached</span>;
  return null;
}

export function TenantRows({ rows }: { rows: readonly TenantRow[] }) {
  const [, navigate] = useLocation();
  return (
    <Rows
      label="Tenants"
      rows={rows}
      columns={columns}
      keyOf={({ tenantId }) => tenantId}
      onOpen={({ tenantId }) => navigate(`/tenants/${encodeURIComponent(tenantId)}`)}
    />
  );
}

function Shown({ ids }: { ids: readonly string[] }) {
  const rows = useTenantRows(ids);
  return (
    <>
      <TenantRows rows={rows} />
      {ids.length > MAX_SHOWN && (
        <p class="foot quiet">
          The first {MAX_SHOWN} of {countText(ids.length)} tenants. The search opens any other by its name.
        </p>
      )}
    </>
  );
}
