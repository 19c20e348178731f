/** The screen of webhooks: the endpoints of tenants, those that fail first. */

import { useLocation } from 'wouter';
import type { Endpoint } from '../api/schema.ts';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Partly } from '../parts/partly.tsx';
import { Rows } from '../parts/rows.tsx';
import type { Column } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { plural } from '../parts/words.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { Health } from './health.tsx';
import { endpointPath } from './paths.ts';
import { useEndpoints } from './queries.ts';

const MAX_TENANTS = 60;

export const Webhooks = () => <OfTenants title="Webhooks">{(ids) => <Of ids={ids} />}</OfTenants>;

const columns: readonly Column<Endpoint>[] = [
  {
    head: 'Endpoint',
    class: 'wide always',
    cell: (endpoint) => (
      <a href={`/console${endpointPath(endpoint)}`}>
        <Name text={endpoint.url.replace(/^https:\/\//, '')} />
      </a>
    ),
  },
  { head: 'Tenant', class: 'minor', cell: ({ tenantId }) => <Name text={tenantId} /> },
  { head: 'Health', class: 'health', cell: (endpoint) => <Health endpoint={endpoint} /> },
  { head: 'Events', class: 'n minor', cell: ({ events }) => events.length },
];

const rank = ({ disabled, failingSince }: Endpoint): number =>
  failingSince !== undefined ? 0 : disabled !== undefined ? 1 : 2;

function Of({ ids }: { ids: readonly string[] }) {
  const shown = ids.slice(0, MAX_TENANTS);
  const reads = useEndpoints(shown);
  const [, navigate] = useLocation();
  const endpoints = reads.flatMap(({ data }) => data ?? []).toSorted((a, b) => rank(a) - rank(b));
  const failed = reads.find(({ error }) => error !== null);
  if (endpoints.length === 0 && failed !== undefined)
    return (
      <Loaded read={failed} what="endpoints">
        {() => null}
      </Loaded>
    );
  if (endpoints.length === 0)
    return reads.some(({ data }) => data === undefined) ? (
      <p class="waiting-for quiet">Reading endpoints…</p>
    ) : (
      <Empty>
        No tenant has an endpoint. <code>npx headgate webhook create</code> makes one.
      </Empty>
    );
  return (
    <>
      <Partly reads={reads} what="endpoints" />
      <Rows
        label="Endpoints"
        rows={endpoints}
        columns={columns}
        keyOf={({ tenantId, id }) => `${tenantId} ${id}`}
        onOpen={(endpoint) => navigate(endpointPath(endpoint))}
      />
      {ids.length > shown.length && (
        <p class="foot quiet">
          Of the first {shown.length} of {plural(ids.length, 'tenant')}.
        </p>
      )}
    </>
  );
}
