/** The first screen: what needs an operator on top, then who works and who waits. */
import { DAY_MS, useFailures } from '../failures/queries.ts';
import { useUpkeep } from '../health/queries.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { NoTenants, TenantRows, useTenantRows } from '../tenants/tenants.tsx';
import { Attention } from './attention.tsx';
import { Figures } from './figures.tsx';
import { attentionOf } from './needs.ts';

export const Overview = () => (
  <OfTenants title="Overview">
    {(ids) => (ids.length === 0 ? <NoTenants /> : <Everything ids={ids} />)}
  </OfTenants>
);

function Everything({ ids }: { ids: readonly string[] }) {
  const rows = useTenantRows(ids);
  const failed = useFailures(undefined, DAY_MS).data;
  const upkeep = useUpkeep().data;
  const known = rows.flatMap(({ tenant }) => tenant ?? []);
  const needs = attentionOf(known, failed?.groups ?? [], upkeep?.items ?? []);
  const isRead = known.length === rows.length && failed !== undefined && upkeep !== undefined;
  return (
    <>
      <Attention needs={needs} isRead={isRead} />
      <Figures rows={rows} failed={failed} />
      <section aria-label="Tenants">
        <h2>Tenants</h2>
        <TenantRows rows={rows} />
      </section>
    </>
  );
}
