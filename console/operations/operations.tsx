/** The screen of operations: what acts on all that match a filter, how far it is, and what the last ones have done. */
import { useQuery } from '@tanstack/react-query';
import { call, ready } from '../api/call.ts';
import type { Operation } from '../api/schema.ts';
import { Act, then } from '../parts/act.tsx';
import { Head } from '../parts/head.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText } from '../parts/words.ts';
import { endedText, soFarText } from './ended.ts';
import { type Asked, askedOf, DID } from './words.ts';

export function Operations() {
  const operations = useQuery({
    queryKey: ['operations'],
    queryFn: async ({ signal }) => (await call('get /v1/operations', { signal })).body.items,
  });
  return (
    <>
      <Head title="Operations" />
      <Loaded read={operations} what="operations">
        {(known) =>
          known.length === 0 ? (
            <Empty>
              No operation was started in the last 30 days. “Redrive all” and “Cancel all that match” start
              one.
            </Empty>
          ) : (
            <ul class="cards">
              {known.map((operation) => (
                <Card key={operation.id} operation={operation} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

const isGoing = ({ state }: Operation): boolean => state === 'running' || state === 'cancelling';

function Card({ operation }: { operation: Operation }) {
  const { id, by, perSecond, examined, createdAt, endedAt, state } = operation;
  const { title, of } = askedOf(operation);
  return (
    <li class="card">
      <div class="card-head">
        <h2>{title}</h2>
        <div class="acts">{state === 'running' && <Stop operation={operation} />}</div>
      </div>
      <Filter of={of} />
      <p>
        {isGoing(operation) ? (
          <>
            {soFarText(operation)}, {countText(perSecond)} a second
            {state === 'cancelling' && '; it is being stopped'}.
          </>
        ) : (
          endedText(operation, DID[operation.kind] ?? 'done')
        )}{' '}
        <span class="quiet">{countText(examined)} looked at.</span>
      </p>
      <p class="quiet">
        <code>{id}</code> by <Name text={by} />, begun <Ago at={createdAt} />
        {endedAt !== undefined && (
          <>
            , over <Ago at={endedAt} />
          </>
        )}
      </p>
    </li>
  );
}

function Filter({ of }: Pick<Asked, 'of'>) {
  if (of.length === 0) return <p class="quiet">Of all tenants.</p>;
  return (
    <p>
      {of.map(([name, value]) => (
        <span key={name} class="chip">
          {name} <Name text={value} />
        </span>
      ))}
    </p>
  );
}

function Stop({ operation: { id } }: { operation: Operation }) {
  const stop = ready('post /v1/operations/{operationId}/cancel', { path: { operationId: id } });
  return (
    <Act
      label="Stop…"
      title="Stop this operation"
      will="What it has done stays done, the slice that is under way is done to its end, and nothing more is begun."
      confirm="Stop it"
      calls={() => [stop]}
      run={() => then(stop.send(), 'It is being stopped.')}
    />
  );
}
