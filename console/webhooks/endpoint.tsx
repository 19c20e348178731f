/** The screen of one endpoint: whether it answers, what was sent to it, and how to send it again. */
import { useLocation, useParams, useSearch } from 'wouter';
import type { DeliverySummary, Endpoint as EndpointView } from '../api/schema.ts';
import { Fact } from '../jobs/facts.tsx';
import type { Delivered } from '../operations/start.ts';
import { Head } from '../parts/head.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Rows } from '../parts/rows.tsx';
import type { Column } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { EndpointActs, ReplayAll } from './endpoint-acts.tsx';
import { DeliveryState, Health } from './health.tsx';
import { deliveryPath, endpointPath } from './paths.ts';
import { useDeliveries, useEndpoint } from './queries.ts';

const STATUSES: readonly Delivered[] = ['pending', 'delivered', 'exhausted', 'abandoned', 'held'];

export function Endpoint() {
  const { tenantId = '', endpointId = '' } = useParams();
  const endpoint = useEndpoint(tenantId, endpointId);
  return (
    <Loaded read={endpoint} what="this endpoint">
      {(known) => (
        <>
          <Head
            title={known.url.replace(/^https:\/\//, '')}
            id={known.id}
            above={
              <>
                <a href="/console/webhooks">Webhooks</a> / <Name text={known.tenantId} />
              </>
            }
          >
            <EndpointActs endpoint={known} />
          </Head>
          <p class="why">
            <Health endpoint={known} />
          </p>
          <div class="columns">
            <Deliveries endpoint={known} />
            <Settings endpoint={known} />
          </div>
        </>
      )}
    </Loaded>
  );
}

const columns: readonly Column<DeliverySummary>[] = [
  { head: 'State', class: 'state-cell', cell: ({ status }) => <DeliveryState status={status} /> },
  { head: 'Event', class: 'key', cell: (delivery) => <DeliveryLink delivery={delivery} /> },
  {
    head: 'Answer',
    class: 'wide',
    cell: ({ answer, tries }) => (
      <>
        <Name text={answer ?? 'none yet'} /> {tries > 1 && <span class="quiet">after {tries} tries</span>}
      </>
    ),
  },
  {
    head: 'Next try',
    class: 'n minor',
    cell: ({ nextTryAt }) =>
      nextTryAt === undefined ? <span class="quiet">–</span> : <Ago at={nextTryAt} />,
  },
  { head: 'Event of', class: 'n', cell: ({ eventAt }) => <Ago at={eventAt} /> },
];

function DeliveryLink({ delivery: { id, event } }: { delivery: DeliverySummary }) {
  const { tenantId = '' } = useParams();
  return (
    <a href={`/console${deliveryPath(tenantId, id)}`}>
      <Name text={event} />
    </a>
  );
}

function Deliveries({ endpoint }: { endpoint: EndpointView }) {
  const search = new URLSearchParams(useSearch());
  const status = STATUSES.find((each) => each === search.get('status'));
  const job = search.get('job') ?? undefined;
  const [, navigate] = useLocation();
  const deliveries = useDeliveries(endpoint.tenantId, endpoint.id, status, job);
  return (
    <section aria-label="Deliveries">
      <nav class="chips" aria-label="Filter">
        {[undefined, ...STATUSES].map((each) => (
          <a
            key={each ?? 'all'}
            class="chip"
            href={`/console${endpointPath(endpoint)}${each === undefined ? '' : `?status=${each}`}`}
            aria-current={each === status ? 'true' : undefined}
          >
            {each ?? 'All'}
          </a>
        ))}
      </nav>
      <Loaded read={deliveries} what="deliveries">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty>{status === undefined ? 'Nothing was sent to it in 30 days.' : 'None is so.'}</Empty>
          ) : (
            <>
              <Rows
                label="Deliveries"
                rows={items}
                columns={columns}
                keyOf={({ id }) => id}
                onOpen={({ id }) => navigate(deliveryPath(endpoint.tenantId, id))}
              />
              <p class="foot quiet">
                {next === undefined ? `All ${items.length} of 30 days.` : `The newest ${items.length}.`}{' '}
                {status !== undefined && <ReplayAll endpoint={endpoint} status={status} job={job} />}
              </p>
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function Settings({ endpoint }: { endpoint: EndpointView }) {
  const { description, events, payload, signatures, headers, tenantId } = endpoint;
  return (
    <aside>
      <section aria-label="Settings">
        <h2>Settings</h2>
        <dl>
          <Fact name="Tenant">
            <a href={`/console/tenants/${encodeURIComponent(tenantId)}`}>
              <Name text={tenantId} />
            </a>
          </Fact>
          {description !== undefined && <Fact name="Description">{description}</Fact>}
          <Fact name="Events">{events.join(', ')}</Fact>
          <Fact name="Payload">{payload}</Fact>
          <Fact name="Signatures">
            {signatures.map(({ scheme, until }) => (
              <span key={`${scheme} ${until ?? ''}`}>
                {scheme}
                {until !== undefined && (
                  <>
                    {' '}
                    (ends <Ago at={until} />)
                  </>
                )}{' '}
              </span>
            ))}
          </Fact>
          {headers.length > 0 && <Fact name="Own headers">{headers.join(', ')}</Fact>}
        </dl>
      </section>
    </aside>
  );
}
