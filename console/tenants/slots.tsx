/** The attempts that hold the slots of a tenant, those that have held one longest first. */
import { Differences } from '../health/health.tsx';
import { useSlots } from '../health/queries.ts';
import { Loaded } from '../parts/loaded.tsx';
import { State } from '../parts/state.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText } from '../parts/words.ts';

const SHOWN = 20;

export function HeldSlots({ tenantId }: { tenantId: string }) {
  const slots = useSlots(tenantId);
  return (
    <section aria-label="Slots">
      <h2>Slots</h2>
      <Loaded read={slots} what="its slots">
        {(known) => {
          const longest = known.items.toSorted((a, b) => ((a.stateAt ?? '') < (b.stateAt ?? '') ? -1 : 1));
          return (
            <>
              {longest.length === 0 && <p class="quiet">None is held now.</p>}
              <ul class="holders">
                {longest.slice(0, SHOWN).map(({ jobId, attempt, idempotencyKey, state, stateAt, leaked }) => (
                  <li key={`${jobId} ${attempt}`}>
                    <State state={state ?? 'gone'} />{' '}
                    <a href={`/console/jobs/${jobId}`}>
                      <Name text={idempotencyKey ?? jobId} />
                    </a>
                    <span class="quiet">
                      {stateAt !== undefined && <Ago at={stateAt} />}
                      {leaked === true && ' held without need'}
                    </span>
                  </li>
                ))}
              </ul>
              {longest.length > SHOWN && (
                <p class="foot quiet">and {countText(longest.length - SHOWN)} more, held for less long</p>
              )}
              {(known.above.length > 0 || longest.some(({ leaked }) => leaked)) && (
                <Differences slots={known} />
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
