/** What can be done with the jobs that are selected, or with all that the list has. */
import { useCallback, useMemo, useState } from 'preact/hooks';
import { ready } from '../api/call.ts';
import { isFinal } from '../api/queries.ts';
import type { JobSummary } from '../api/schema.ts';
import { RedriveAll } from '../failures/redrive-all.tsx';
import { OnAll } from '../operations/on-all.tsx';
import { cancelOf, redriveOf } from '../operations/start.ts';
import { Act } from '../parts/act.tsx';
import { doneText, inTurn } from '../parts/in-turn.ts';
import { useKeys } from '../parts/keys.ts';
import type { Selection } from '../parts/rows.tsx';
import { countText, plural } from '../parts/words.ts';
import type { Filter } from './filter.ts';

export interface Picked {
  readonly selection: Selection;
  readonly ids: ReadonlySet<string>;
  set(ids: readonly string[]): void;
}

export function usePicked(): Picked {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const set = useCallback((given: readonly string[]) => setIds(new Set(given)), []);
  const selection = useMemo(
    () => ({
      has: (id: string) => ids.has(id),
      toggle: (id: string) => setIds((before) => toggled(before, id)),
    }),
    [ids],
  );
  const keys = useMemo(() => ({ Escape: () => setIds(new Set()) }), []);
  useKeys(keys);
  return { selection, ids, set };
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const changed = new Set(ids);
  if (!changed.delete(id)) changed.add(id);
  return changed;
}

/** @param jobs all that match the filter and were read */
export function BulkBar({
  picked,
  jobs,
  goesOn,
  filter,
}: {
  picked: Picked;
  jobs: readonly JobSummary[];
  goesOn: boolean;
  filter: Filter;
}) {
  if (picked.ids.size === 0) return null;
  const chosen = jobs.filter(({ id }) => picked.ids.has(id));
  const failed = chosen.filter(({ state, redrivenAs }) => state === 'failed' && redrivenAs === undefined);
  const open = chosen.filter((job) => !isFinal(job));
  // Not only when all are selected: on a busy tenant the next job would take the button away before it is pressed.
  const redrive = failed.length > 0 ? redriveOf(filter) : undefined;
  const cancel = open.length > 0 ? cancelOf(filter, Date.now()) : undefined;
  const rest = goesOn ? 'Older jobs that match were not read and are not among them.' : '';
  return (
    <section class="bulk" aria-label="Selected jobs">
      <span role="status">{countText(chosen.length)} selected</span>
      {chosen.length < jobs.length && (
        <button type="button" onClick={() => picked.set(jobs.map(({ id }) => id))}>
          {goesOn
            ? `All ${countText(jobs.length)} that were read`
            : `All ${countText(jobs.length)} that match`}
        </button>
      )}
      <span class="apart" />
      {failed.length > 0 && (
        <RedriveAll
          jobs={failed}
          label={`Redrive ${countText(failed.length)}…`}
          what={`Of the selected jobs ${failed.length === 1 ? 'one has' : `${countText(failed.length)} have`} failed and can be run again. ${rest}`}
        />
      )}
      {redrive !== undefined && (
        <OnAll
          start={redrive}
          label="Redrive all that match…"
          title="Redrive all that match"
          will="Each failed job of the last 30 days that matches is run again: a new one is recorded with the same input, and the failed one names it. One that was run again before is not run twice."
          did="run again"
        />
      )}
      {open.length > 0 && <CancelAll jobs={open} rest={rest} />}
      {cancel !== undefined && (
        <OnAll
          start={cancel}
          label="Cancel all that match…"
          title="Cancel all that match"
          will="Those that have not begun end at once; containers that run are told to stop, and their work is lost. Tenants are told of each."
          did="cancelled or told to stop"
        />
      )}
      <button type="button" onClick={() => picked.set([])}>
        None <span class="kbd">Esc</span>
      </button>
    </section>
  );
}

function CancelAll({ jobs, rest }: { jobs: readonly JobSummary[]; rest: string }) {
  const them = plural(jobs.length, 'job');
  const cancel = ({ id: jobId, tenantId: tenant }: JobSummary) =>
    ready('post /v1/jobs/{jobId}/cancel', { path: { jobId }, query: { tenant } });
  const running = jobs.filter(({ startedAt }) => startedAt !== undefined).length;
  return (
    <Act
      label={`Cancel ${countText(jobs.length)}…`}
      title={`Cancel ${them}`}
      will={`Those that have not begun end at once; ${plural(running, 'container')} that run are told to stop, and their work is lost. Tenants are told of each. ${rest}`}
      confirm={`Cancel ${them}`}
      calls={() => jobs.map(cancel)}
      run={async ({ tell }) =>
        doneText(await inTurn(jobs, (job) => cancel(job).send(), tell), 'cancelled or told to stop')
      }
    />
  );
}
