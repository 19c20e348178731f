/** What `headgate doctor` finds in the account around the stack: looked at when an operator asks, for it takes some fifty calls of AWS. */
import { useQuery } from '@tanstack/react-query';
import { type Diagnosis, diagnoses } from '../api/doctor.ts';
import { place } from '../api/session.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Ago } from '../parts/time.tsx';
import { plural } from '../parts/words.ts';

export function Account() {
  const looked = useQuery({
    queryKey: ['doctor'],
    queryFn: ({ signal }) => diagnoses(signal),
    enabled: false,
    refetchInterval: false,
  });
  const { data, error, isFetching, dataUpdatedAt, refetch } = looked;
  return (
    <section aria-label="The account">
      <h2>The account</h2>
      {place()?.hasDoctor === true ? (
        <p class="quiet">
          Roles, quotas, AWS Batch, the images of containers: looked at with your own rights.{' '}
          <button type="button" disabled={isFetching} onClick={() => refetch()}>
            {isFetching ? 'Looking…' : data === undefined ? 'Look at the account' : 'Look again'}
          </button>
          {dataUpdatedAt > 0 && (
            <>
              {' '}
              As it was <Ago at={new Date(dataUpdatedAt).toISOString()} />.
            </>
          )}
        </p>
      ) : (
        <p class="quiet">
          <code>npx headgate doctor</code> looks at the account as well: roles, quotas, AWS Batch, the images
          of containers.
        </p>
      )}
      {(data !== undefined || error !== null) && (
        <Loaded read={looked} what="the account">
          {(found) => <Found found={found} />}
        </Loaded>
      )}
    </section>
  );
}

/** What is wrong first; what is well is one line each. */
function Found({ found }: { found: readonly Diagnosis[] }) {
  const rank = ({ ok }: Diagnosis) => (ok === false ? 0 : ok === true ? 1 : 2);
  const bad = found.filter(({ ok }) => ok === false).length;
  return (
    <>
      <p role="status">
        {bad === 0 ? (
          <span class="good">✓ No check found a fault.</span>
        ) : (
          <span class="bad">
            ✕ {plural(bad, 'check')} of {found.length} found a fault.
          </span>
        )}
      </p>
      <ul class="cards">
        {found
          .toSorted((a, b) => rank(a) - rank(b))
          .map(({ id, ok, says, fix }) => (
            <li key={id} class="card">
              <p>
                <span class={`mark ${tone(ok)}`} aria-hidden="true">
                  {ok === undefined ? '–' : ok ? '✓' : '✕'}
                </span>{' '}
                <code>{id}</code> <span class="unseen">{word(ok)}</span> <bdi>{says}</bdi>
              </p>
              {fix !== undefined && <p class="quiet">{fix}</p>}
            </li>
          ))}
      </ul>
    </>
  );
}

const tone = (ok: boolean | undefined): string => (ok === undefined ? 'quiet' : ok ? 'good' : 'bad');
const word = (ok: boolean | undefined): string => (ok === undefined ? 'not here' : ok ? 'well' : 'not well');
