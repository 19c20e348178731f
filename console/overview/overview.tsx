/** The first screen: what needs an operator on top, then who works and who waits. */
import { useFailures } from '../failures/queries.ts';
import { countText } from '../parts/words.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { NoTenants, TenantRows, useTenantRows } from '../tenants/tenants.tsx';
import { Attention } from './attention.tsx';
import { attentionOf } from './needs.ts';

export const Overview = () => (
  <OfTenants title="Overview">
    {(ids) => (ids.length === 0 ? <NoTenants /> : <Everything ids={ids} />)}
  </OfTenants>
);

const LOOKED_BACK_MS = 86_400_000;

function Everything({ ids }: { ids: readonly string[] }) {
  const rows = useTenantRows(ids);
  const failed = useFailures(undefined, LOOKED_BACK_MS).data;
  const sum = (of: 'waiting' | 'inBatch') => rows.reduce((all, { tenant }) => all + (tenant?.[of] ?? 0), 0);
  const isAll = rows.every(({ tenant }) => tenant !== undefined);
  const needs = attentionOf(
    rows.flatMap(({ tenant }) => tenant ?? []),
    failed?.groups ?? [],
  );
  const open = failed?.groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <Attention needs={needs} isRead={isAll && failed !== undefined} />
      <section class="figures" aria-label="Figures">
        <Figure
          name="Waiting"
          value={isAll ? countText(sum('waiting')) : '…'}
          note={`of ${ids.length} tenants`}
        />
        <Figure
          name="In AWS Batch"
          value={isAll ? countText(sum('inBatch')) : '…'}
          note="attempts with a slot"
        />
        <Figure
          name="Failed, not run again"
          value={open === undefined ? '…' : `${countText(open)}${failed?.goesOn === true ? ' or more' : ''}`}
          note="of the last 24 hours"
        />
      </section>
      <section aria-label="Tenants">
        <h2>Tenants</h2>
        <TenantRows rows={rows} />
      </section>
    </>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div>
      <span class="quiet">{name}</span>
      <strong>{value}</strong>
      <small class="quiet">{note}</small>
    </div>
  );
}
