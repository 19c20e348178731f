/** The screen of one delivery: what was sent, and what was answered at each try. */
import { useParams } from 'wouter';
import type { Delivery as DeliveryView } from '../api/schema.ts';
import { Fact } from '../jobs/facts.tsx';
import { Act, then } from '../parts/act.tsx';
import { Head } from '../parts/head.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Json, parsed } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { plural } from '../parts/words.ts';
import { replay } from './endpoint-acts.tsx';
import { DeliveryState } from './health.tsx';
import { endpointPath } from './paths.ts';
import { useDelivery } from './queries.ts';

export function Delivery() {
  const { tenantId = '', deliveryId = '' } = useParams();
  const delivery = useDelivery(tenantId, deliveryId);
  return (
    <Loaded read={delivery} what="this delivery">
      {(known) => (
        <>
          <Head
            title={known.event}
            id={known.webhookId}
            above={<Above tenantId={tenantId} delivery={known} />}
          >
            <Replay tenantId={tenantId} delivery={known} />
          </Head>
          <p class="why">
            <DeliveryState status={known.status} /> after {plural(known.tries, 'try', 'tries')}
            {known.nextTryAt !== undefined && (
              <>
                , the next <Ago at={known.nextTryAt} />
              </>
            )}
            .
          </p>
          <div class="columns">
            <Tries delivery={known} />
            <Facts delivery={known} />
          </div>
        </>
      )}
    </Loaded>
  );
}

function Above({ tenantId, delivery: { endpointId } }: { tenantId: string; delivery: DeliveryView }) {
  return (
    <>
      <a href="/console/webhooks">Webhooks</a> /{' '}
      <a href={`/console${endpointPath({ tenantId, id: endpointId })}`}>{endpointId}</a>
    </>
  );
}

function Replay({ tenantId, delivery }: { tenantId: string; delivery: DeliveryView }) {
  const again = replay(tenantId, delivery);
  return (
    <Act
      label="Replay…"
      title="Send this webhook again"
      will="It is sent with the same webhook-id and the same bytes, so a receiver that has it can tell."
      confirm="Send it again"
      calls={() => [again]}
      run={() => then(again.send(), 'It is on its way.')}
    />
  );
}

function Tries({ delivery: { answers } }: { delivery: DeliveryView }) {
  return (
    <section aria-label="Tries">
      <h2>Tries</h2>
      {answers.length === 0 && <p class="quiet">It was not tried yet.</p>}
      <ol class="cards">
        {answers.toReversed().map(({ at, ms, answer, headers, body, binary }) => (
          <li key={at} class="card">
            <p>
              <strong>
                <bdi>{answer}</bdi>
              </strong>{' '}
              in {ms} ms, <Ago at={at} />
            </p>
            {headers !== undefined && (
              <p class="quiet">
                {Object.entries(headers).map(([name, value]) => (
                  <code key={name}>
                    {name}: {value}{' '}
                  </code>
                ))}
              </p>
            )}
            {body !== undefined && body !== '' && (
              <Json value={binary === true ? `in base64: ${body}` : parsed(body)} />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Facts({ delivery: { jobId, eventAt, replays, body } }: { delivery: DeliveryView }) {
  return (
    <aside>
      <section aria-label="Facts">
        <h2>Facts</h2>
        <dl>
          <Fact name="Event of">
            <Ago at={eventAt} />
          </Fact>
          {jobId !== undefined && (
            <Fact name="Job">
              <a href={`/console/jobs/${jobId}`}>
                <code>{jobId}</code>
              </a>
            </Fact>
          )}
          {replays !== undefined && <Fact name="Replays">{replays}</Fact>}
        </dl>
      </section>
      <section aria-label="What was sent">
        <h2>What was sent</h2>
        <Json value={parsed(body)} />
      </section>
    </aside>
  );
}
