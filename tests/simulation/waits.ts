/** That no attempt waits although there is room for it: what the wake-up promises, and what no end of a run can show. */
import { isBeforeTurn } from '../../domain/job/due.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { placeOf } from '../../domain/tenant/waiting.ts';
import type { Run } from './faults.ts';
import { couldEnter, type VirtualGates } from './gates.ts';

const LOOK_MS = 10_000;
/** Where nothing is lost the release itself wakes the list. */
const AT_ONCE_MS = 40_000;
/** Elsewhere reconcile of the gate does: a minute of grace, the period of tick, and the messages that were lost. */
const BY_RECONCILE_MS = 600_000;

/** @returns to be called when a row was put: it looks for as long as there are rows */
export function watchWaits(
  run: Run,
  gates: () => VirtualGates,
  job: (jobId: string) => JobRecord | undefined,
): () => void {
  const { world, profile } = run;
  let looking = false;
  const since = new Map<string, number>();
  const boundMs = profile.tick ? BY_RECONCILE_MS : AT_ONCE_MS;
  const look = () => {
    // A run in which processes die is only held to it when nothing goes wrong any more.
    const isExcused = profile.tick && (run.odds(1) > 0 || run.lasting.areTicksLost());
    const fromMs = isExcused ? world.nowMs() : run.stalledUntilMs;
    const now = new Map<string, number>();
    for (const row of gates().rows()) {
      const record = job(row.jobId);
      if (record?.state !== 'waiting' || record.attempt !== row.attempt) continue;
      // A slow ask has put the row, and a later one has found room: the job has a turn in the rate limit, and waits for that.
      if (isBeforeTurn(record, world.nowMs())) continue;
      const gate = gates()
        .gates()
        .find(({ tenantId }) => tenantId === row.tenantId);
      if (!couldEnter(gate, row)) continue;
      const name = placeOf(row);
      const sinceMs = Math.max(since.get(name) ?? world.nowMs(), fromMs);
      now.set(name, sinceMs);
      if (world.nowMs() - sinceMs > boundMs)
        run.violate('I18', `${row.jobId} attempt ${row.attempt} could enter, and is not woken`, row.jobId);
    }
    since.clear();
    for (const [name, sinceMs] of now) since.set(name, sinceMs);
    looking = gates().rows().length > 0;
    if (looking) world.inBackground(LOOK_MS, look);
  };
  return () => {
    if (!looking) world.inBackground(LOOK_MS, look);
    looking = true;
  };
}
