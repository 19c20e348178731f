/** The endpoints of a tenant, what was sent to each, and what each has answered. */

import type { DeliverySummary, Delivery as DeliveryView } from '../api/schema.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Json, Name, parsed } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { plural } from '../parts/words.ts';
import { DeliveryState, Health } from '../webhooks/health.tsx';
import { useReading } from './reading.ts';
import { Heading, Lead, Shown } from './shown.tsx';

export function Endpoints() {
  const reading = useReading('endpoints', (door) => door.get('get /v1/endpoints'));
  return (
    <section part="endpoints">
      <Heading>Webhooks</Heading>
      <Shown reading={reading}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">No endpoints.</p>
          ) : (
            <ul class="cards">
              {items.map((endpoint) => (
                <li key={endpoint.id}>
                  <Lead to={{ kind: 'endpoint', endpointId: endpoint.id }}>
                    <Name text={endpoint.url.replace(/^https:\/\//, '')} />
                  </Lead>
                  <p>
                    <Health endpoint={endpoint} />{' '}
                    <span class="quiet">
                      <bdi>{endpoint.events.join(', ')}</bdi>
                    </span>
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

export function Endpoint({ endpointId }: { endpointId: string }) {
  const reading = useReading(`deliveries ${endpointId}`, (door) =>
    door.get('get /v1/endpoints/{endpointId}/deliveries', { path: { endpointId }, query: { limit: '50' } }),
  );
  return (
    <section part="deliveries">
      <Heading above={<Lead to={{ kind: 'endpoints' }}>Webhooks</Lead>}>Deliveries</Heading>
      <Shown reading={reading}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">Nothing was sent to it in 30 days.</p>
          ) : (
            <Table rows={items} columns={columnsOf(endpointId)} keyOf={({ id }) => id} />
          )
        }
      </Shown>
    </section>
  );
}

const columnsOf = (endpointId: string): Column<DeliverySummary>[] => [
  { head: 'State', cell: ({ status }) => <DeliveryState status={status} /> },
  {
    head: 'Event',
    class: 'wide',
    cell: ({ id, event }) => (
      <Lead to={{ kind: 'delivery', deliveryId: id, endpointId }}>
        <Name text={event} />
      </Lead>
    ),
  },
  { head: 'Answer', class: 'minor', cell: ({ answer }) => <Name text={answer ?? 'none yet'} /> },
  { head: 'When', class: 'n quiet', cell: ({ eventAt }) => <Ago at={eventAt} /> },
];

export function Delivery({ deliveryId, endpointId }: { deliveryId: string; endpointId: string }) {
  const reading = useReading(`delivery ${deliveryId}`, (door) =>
    door.get('get /v1/deliveries/{deliveryId}', { path: { deliveryId } }),
  );
  return (
    <section part="delivery">
      <Shown reading={reading}>
        {(delivery) => (
          <>
            <Heading above={<Lead to={{ kind: 'endpoint', endpointId }}>Deliveries</Lead>}>
              <Name text={delivery.event} />
            </Heading>
            <p class="why">
              <DeliveryState status={delivery.status} /> after {plural(delivery.tries, 'try', 'tries')}.
            </p>
            <Tries delivery={delivery} />
            <h3>What was sent</h3>
            <Json value={parsed(delivery.body)} />
          </>
        )}
      </Shown>
    </section>
  );
}

function Tries({ delivery: { answers } }: { delivery: DeliveryView }) {
  return (
    <ol class="cards">
      {answers.toReversed().map(({ at, ms, answer, body }) => (
        <li key={at}>
          <strong>
            <bdi>{answer}</bdi>
          </strong>{' '}
          <span class="quiet">
            in {ms} ms, <Ago at={at} />
          </span>
          {body !== undefined && body !== '' && <Json value={body} />}
        </li>
      ))}
    </ol>
  );
}
