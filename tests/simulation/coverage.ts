/** What must have happened somewhere in a long run: checks that never met the rare paths have proved nothing. */
import { type FaultKind, faultKinds } from './kinds.ts';
import type { Outcome } from './simulation.ts';

/** Events of the log and counts of the checks; one that is followed by a reason in the log counts with any reason. */
export const sometimes: readonly string[] = [
  'adopted by worker-api',
  'adopted by track',
  'adopted by submit',
  'authority moved to the claimant',
  'claim taken over by a later try',
  'second Batch job of one attempt',
  'second try of a Batch job',
  'submission:call:refused',
  'submission:call:unavailable',
  'submission:call:not_accepted',
  'submission:call:unknown',
  'submission:resolve:found',
  'submission:resolve:absent',
  'duplicate refused',
  'job:claim:superseded claimed_by_another',
  'job:claim:superseded refused',
  'job:claim:superseded other_attempt',
  'job:claim:superseded later_try_known',
  'job:claim:superseded later_try_runs',
  'job:claim:superseded job_cancelling',
  'result:commit:superseded',
  'job:work:failed NeverAgain',
  'job:work:failed TryLater',
  'job:work:failed ObjectMissing',
  'job:work:failed AbortError',
  'host given up, container alive',
  'progress heard',
  'attempt lost',
  'attempt timed out',
  'job:stuck:found no_capacity',
  'job:stuck:retry no_capacity',
  'stuck Batch job ended',
  'Batch job forgotten',
  'door: created',
  'door: replayed',
  'door: cancelled',
  'door: refused',
  'door: no answer',
  'door: answered by try_again',
  'operation redrive did something',
  'operation cancel did something',
  'operation of several slices',
  'operation:resume:done',
  'tombstone left',
  'tombstone renewed',
  'letter refused brought back',
  'job:record:tombstone',
  'job:cancel:changed',
  'message:refuse:done',
  'redriven',
  'letter failed brought back',
  'letter moved brought back',
  'message buried by front',
  'message buried by submit',
  'message buried by events',
  'message buried by notify',
  'message buried by deliver',
  'message duplicated',
  'acknowledgement lost',
  'bus: event lost',
  'events: event lost',
  'parts written apart',
  'receipt put again',
  'receipts left together',
  'receipt on two sheets',
  'jobs on a roll',
  'jobs on a roster',
  'job left its roster',
  'parts kept for longer',
  'turn booked',
  'far turn booked',
  'roll kept for jobs that are absent',
  'recorded scheduled',
  'recorded blocked',
  'dependant watches',
  'job:await:done linked',
  'job:await:done released',
  'job:await:done released_early',
  'left blocked for dependency_failed',
  'left blocked for dependency_cancelled',
  'left blocked for dependency_not_needed',
  'left blocked for dependency_missing',
  'left blocked for dependency_cycle',
  'left blocked for cancelled',
  'discarded for those that hold',
  'member in',
  'member out',
  'group:array:written',
  'group:expand:written',
  'group:expand:lost',
  'array made',
  'array cancelled ahead',
  'array cancelled early',
  'array cancelled late',
  'array at its limit',
  'array stopped early',
  'array stopped late',
  'array unread array_items_missing',
  'group:seal:done',
  'group:cancel:done',
  'group finished in round 1',
  'group finished in round 2',
  'reconcile:groups:asked',
  'entered retrying',
  'entered cancelling',
  'entered cancelled',
  'entered expired',
  'entered failed',
  'entered succeeded',
  'succeeded although an end was asked for',
  'waited for a slot',
  'slot:take:waits tenant_cap',
  'slot:take:waits type_cap',
  'slot:take:waits key_cap',
  'slot:take:waits paused',
  'slot:take:waits budget',
  'budget summed',
  'budget used',
  'slot:wake:done',
  'slot:leave:late',
  'gate:reconcile:done',
  'reconcile:repair:done describe',
  'reconcile:repair:done give_up',
  'reconcile:repair:done dispatch',
  'reconcile:repair:done waits',
  'reconcile:repair:done turn',
  'reconcile:deliver:done',
  'schedule:fire:done',
  'schedule written',
  'schedule deleted',
  'occurrence missed',
  'occurrence caught up',
  'occurrence overlapped',
  'reconcile:item:failed',
  'reconcile:item:set_aside',
  'written by a newer version',
  'webhook:post:delivered',
  'webhook:post:pending',
  'webhook:post:unsent',
  'webhook:post:abandoned',
  'webhook:post:held',
  'endpoint:disable:done',
  'webhook:sign:failed',
];

export interface Tally {
  worlds: number;
  steps: number;
  readonly injected: Map<FaultKind, number>;
  readonly seen: Map<string, number>;
}

export const newTally = (): Tally => ({ worlds: 0, steps: 0, injected: new Map(), seen: new Map() });

export function addTo(tally: Tally, outcome: Outcome): void {
  tally.worlds++;
  tally.steps += outcome.steps;
  for (const [kind, count] of outcome.injected)
    tally.injected.set(kind, (tally.injected.get(kind) ?? 0) + count);
  for (const [what, count] of outcome.sometimes) tally.seen.set(what, (tally.seen.get(what) ?? 0) + count);
}

export function timesSeen(tally: Tally, point: string): number {
  let times = 0;
  for (const [what, count] of tally.seen) if (what === point || what.startsWith(`${point} `)) times += count;
  return times;
}

/** Kinds of fault that strike; the others are how long something takes. */
const striking = faultKinds.filter((kind) => !kind.endsWith('Ms'));

/** @returns the points and the kinds of fault that no world of the tally has met */
export function unreached(tally: Tally): readonly string[] {
  return [
    ...sometimes.filter((point) => timesSeen(tally, point) === 0),
    ...striking.filter((kind) => !tally.injected.has(kind)),
  ];
}

/** The number of worlds that reaches every point. In a smaller run a point that was missed proves nothing. */
export const FULL_RUN = 2000;

/** @param full whether a missed point fails the run */
export function passes(broken: number, missed: number, full: boolean): boolean {
  return broken === 0 && (missed === 0 || !full);
}
