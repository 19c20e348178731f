/** The first screen: what needs an operator on top, then who works and who waits. */
import { DAY_MS, useFailures } from '../failures/queries.ts';
import { useUpkeep } from '../health/queries.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { NoTenants, TenantRows, useTenantRows } from '../tenants/tenants.tsx';
import { useEndpoints } from '../webhooks/queries.ts';
import { Attention } from './attention.tsx';
import { Figures } from './figures.tsx';
import { attentionOf } from './needs.ts';

export const Overview = () => (
  <OfTenants title="Overview">
    {(ids) => (ids.length === 0 ? <NoTenants /> : <Everything ids={ids} />)}
  </OfTenants>
);

/** A request for each tenant, beside those that tell what it does. */
const ENDPOINTS_EVERY_MS = 30_000;

function Everything({ ids }: { ids: readonly string[] }) {
  const rows = useTenantRows(ids);
  const failed = useFailures(undefined, DAY_MS).data;
  const upkeep = useUpkeep().data;
  const endpoints = useEndpoints(rows.map(({ tenantId }) => tenantId).toSorted(), ENDPOINTS_EVERY_MS);
  const known = rows.flatMap(({ tenant }) => tenant ?? []);
  const needs = attentionOf(
    known,
    failed?.groups ?? [],
    upkeep?.items ?? [],
    endpoints.flatMap(({ data }) => data ?? []),
  );
  const isRead =
    known.length === rows.length &&
    failed !== undefined &&
    upkeep !== undefined &&
    endpoints.every(({ data }) => data !== undefined);
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
