/** The webhooks of a job, of all states that it was in, with what was answered. */
import { useQueries } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import type { DeliveryPage, DeliverySummary, Endpoint, Job } from '../api/schema.ts';
import { Loaded } from '../parts/loaded.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { plural } from '../parts/words.ts';
import { DeliveryState } from '../webhooks/health.tsx';
import { deliveryPath, endpointPath } from '../webhooks/paths.ts';
import { useEndpoints } from '../webhooks/queries.ts';

/** A delivery is found by the time of its event, which lies within the life of its job; clocks differ a little. */
const MARGIN_MS = 2_000;
/** Each look goes through what was sent in the meantime, also of other jobs. */
const LOOK_MS = 10_000;

export function Deliveries({ job }: { job: Job }) {
  const [read] = useEndpoints([job.tenantId]);
  if (read?.data?.length === 0) return null;
  return (
    <section aria-label="Webhooks">
      <h2>Webhooks</h2>
      {read !== undefined && (
        <Loaded read={read} what="its webhooks">
          {(endpoints) => <Sent job={job} endpoints={endpoints} />}
        </Loaded>
      )}
    </section>
  );
}

interface Row {
  readonly endpoint: Endpoint;
  readonly delivery: DeliverySummary;
}

function useSent({ id, tenantId: tenant, createdAt, stateAt }: Job, endpoints: readonly Endpoint[]) {
  const since = new Date(Date.parse(createdAt) - MARGIN_MS).toISOString();
  const until = new Date(Date.parse(stateAt) + MARGIN_MS).toISOString();
  return useQueries({
    queries: endpoints.map(({ id: endpointId }) => ({
      queryKey: ['sent', id, endpointId, until],
      queryFn: async ({ signal }: { signal: AbortSignal }): Promise<DeliveryPage> => {
        const query = { tenant, job: id, since, until, limit: '100' };
        const path = { endpointId };
        return (await call('get /v1/endpoints/{endpointId}/deliveries', { path, query, signal })).body;
      },
      placeholderData: (before: DeliveryPage | undefined) => before,
      refetchInterval: LOOK_MS,
    })),
  });
}

function Sent({ job, endpoints }: { job: Job; endpoints: readonly Endpoint[] }) {
  const reads = useSent(job, endpoints);
  const rows = reads
    .flatMap(({ data }, i): Row[] => {
      const endpoint = endpoints[i];
      return endpoint === undefined ? [] : (data?.items ?? []).map((delivery) => ({ endpoint, delivery }));
    })
    .toSorted((a, b) => (a.delivery.eventAt < b.delivery.eventAt ? 1 : -1));
  const failed = reads.find(({ error, data }) => error !== null && data === undefined);
  if (failed !== undefined)
    return (
      <Loaded read={failed} what="its webhooks">
        {() => null}
      </Loaded>
    );
  const isCut = reads.some(({ data }) => data?.next !== undefined);
  return (
    <>
      {rows.length === 0 ? (
        <p class="quiet">
          {reads.some(({ data }) => data === undefined)
            ? 'Looking…'
            : `None was sent to ${plural(endpoints.length, 'endpoint')} of its tenant: no endpoint asks for what happened so far, or it is older than 30 days.`}
        </p>
      ) : (
        <Table rows={rows} columns={columns} keyOf={({ delivery }) => delivery.id} />
      )}
      {isCut && (
        <p class="foot quiet">
          There may be more: only a part of what was sent while it went on was looked at.
        </p>
      )}
    </>
  );
}

const columns: readonly Column<Row>[] = [
  { head: 'State', cell: ({ delivery: { status } }) => <DeliveryState status={status} /> },
  {
    head: 'Event',
    cell: ({ endpoint: { tenantId }, delivery: { id, event } }) => (
      <a href={`/console${deliveryPath(tenantId, id)}`}>
        <bdi>{event}</bdi>
      </a>
    ),
  },
  {
    head: 'Answer',
    class: 'wide',
    cell: ({ endpoint, delivery: { answer, tries } }) => (
      <>
        <bdi>{answer ?? 'none yet'}</bdi>
        {tries > 1 && <span class="quiet"> after {tries} tries</span>}
        <small class="quiet facts">
          <a href={`/console${endpointPath(endpoint)}`}>
            <bdi>{endpoint.url.replace(/^https:\/\//, '')}</bdi>
          </a>
        </small>
      </>
    ),
  },
  { head: 'Event of', class: 'n minor', cell: ({ delivery: { eventAt } }) => <Ago at={eventAt} /> },
];
