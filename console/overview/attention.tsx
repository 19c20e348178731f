/** What needs an operator. When nothing does, one quiet line says so. */
import type { Need } from './needs.ts';

const MAX_SHOWN = 8;

export function Attention({ needs, isRead }: { needs: readonly Need[]; isRead: boolean }) {
  return (
    <section aria-labelledby="attention">
      <h2 id="attention">Needs an operator</h2>
      {needs.length === 0 ? (
        <p class="calm">{isRead ? <Calm /> : 'Looking…'}</p>
      ) : (
        <ul class="attention">
          {needs.slice(0, MAX_SHOWN).map(({ key, tone, lead, rest, to }) => (
            <li key={key}>
              <span class={`mark ${tone}`} aria-hidden="true">
                {tone === 'bad' ? '✕' : '△'}
              </span>
              <span class="said">
                <strong>
                  <bdi>{lead}</bdi>
                </strong>
                <bdi>{rest}</bdi>
              </span>
              <a class="button" href={to} aria-label={`Look at: ${lead}`}>
                Look
              </a>
            </li>
          ))}
        </ul>
      )}
      {needs.length > MAX_SHOWN && <p class="foot quiet">and {needs.length - MAX_SHOWN} more</p>}
    </section>
  );
}

const Calm = () => (
  <>
    <span class="good" aria-hidden="true">
      ✓
    </span>{' '}
    Nothing failed in the last 24 hours that was not run again, no tenant is held, no endpoint fails, and
    nothing is late or left over.
  </>
);
