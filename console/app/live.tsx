/** Where this console looks, and whether what it shows is up to date. */
import { useMemo } from 'preact/hooks';
import { isEnded } from '../api/call.ts';
import { togglePaused, usePaused } from '../api/live.ts';
import { useTenants } from '../api/queries.ts';
import { place } from '../api/session.ts';
import { useKeys } from '../parts/keys.ts';
import { Ago } from '../parts/time.tsx';

export function Live() {
  const paused = usePaused();
  const keys = useMemo(() => ({ p: togglePaused }), []);
  useKeys(keys);
  // Each screen asks for tenants, so this says for all of them whether there are answers.
  const { error, dataUpdatedAt } = useTenants();
  const at = place();
  return (
    <div class="live">
      {at !== undefined && (
        <p class="quiet">
          {at.stage} · {at.region}
        </p>
      )}
      <p role="status">
        {error === null ? (
          <span class={paused ? 'held' : 'good'}>
            <span aria-hidden="true">{paused ? '‖' : '●'}</span> {paused ? 'Paused' : 'Live'}
          </span>
        ) : (
          <span class="bad">
            <span aria-hidden="true">✕</span> {isEnded(error) ? 'Session ended' : 'No answer'}
            {dataUpdatedAt > 0 && (
              <>
                , last <Ago at={new Date(dataUpdatedAt).toISOString()} />
              </>
            )}
          </span>
        )}
      </p>
      <button type="button" class="plain" aria-pressed={paused} onClick={togglePaused}>
        {paused ? 'Go on' : 'Pause'}{' '}
        <span class="kbd" aria-hidden="true">
          p
        </span>
      </button>
    </div>
  );
}
