/** Rolls that are due: their jobs are looked at like any others, and then no job relies on the roll any more. */
import { afterLook } from '../../domain/due/roll.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { RollStore } from '../../io/table/due/rolls.ts';
import type { Due } from '../../io/table/due.ts';
import { apart } from '../apart.ts';

export interface CloseRollPorts {
  readonly rolls: Pick<RollStore, 'postpone' | 'removeAll'>;
  readonly clock: Clock;
  readonly log: Log;
}

type DueJob = Extract<Due, { readonly kind: 'job' }>;
type DueRoll = Extract<Due, { readonly kind: 'roll' }>;

/** Its jobs, as if each were in the index by itself. */
export function membersOf({ roll, dueAt, group, isSetAside }: DueRoll): DueJob[] {
  const { tenantId } = roll;
  return roll.jobIds.map((jobId) => ({ kind: 'job', jobId, tenantId, dueAt, group, isSetAside }));
}

/**
 * Each job of these rolls is settled, has another `dueAt` by now, and so a row of its own, or is absent. What fails here is
 * done by the next run, which finds the rolls again.
 */
export async function closeRolls(
  ports: CloseRollPorts,
  due: readonly DueRoll[],
  absent: ReadonlySet<string>,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const looked = due.map(({ roll }) => {
    const missing = roll.jobIds.filter((jobId) => absent.has(jobId)).length;
    return { roll, next: afterLook(roll, missing, nowMs) };
  });
  const closed = looked.flatMap(({ roll, next }) => (next.kind === 'close' ? [roll] : []));
  const removed = await apart([closed], (rolls) => ports.rolls.removeAll(rolls));
  const kept = await apart(looked, async ({ roll, next }) => {
    if (next.kind === 'keep') await ports.rolls.postpone(roll, next.dueAt);
  });
  for (const { error } of [...removed.failed, ...kept.failed])
    ports.log.error('reconcile:roll:failed', { error });
}
