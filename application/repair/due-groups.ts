/** Groups that reconcile must look at: a message was lost, or the time of one is over. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { type Group, type GroupName, putOffGroup } from '../../domain/group/group.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { apart, sendApart } from '../apart.ts';
import type { Enqueued } from './due-deliveries.ts';

export interface DueGroupPorts {
  readonly groups: Pick<GroupStore, 'get' | 'replace'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/**
 * The submit step does what is left to do. Two runs at once send two messages, of which the second finds nothing.
 *
 * @returns how many were asked for, those that had nothing to do, and those that could not be read, written or asked for
 */
export async function askForDueGroups<Item extends { readonly jobGroup: GroupName }>(
  { groups, submitQueue, clock }: DueGroupPorts,
  items: readonly Item[],
  byMs: number,
): Promise<Enqueued<Item>> {
  const put = await apart(items, async ({ jobGroup }): Promise<Group | undefined> => {
    const seen = await groups.get(jobGroup);
    if (seen?.dueAt === undefined || seen.dueAt > byMs) return undefined;
    // Lost to a writer that has seen to it, or to a run that was faster.
    await groups.replace(seen, putOffGroup(seen, clock.nowMs()));
    return seen;
  });
  const due = put.done.flatMap(({ item, result }) => (result === undefined ? [] : [{ item, group: result }]));
  const unsent = await sendApart(due, ({ group }) => [groupMessage(group)], submitQueue.send);
  return {
    count: due.length - unsent.size,
    idle: put.done.flatMap(({ item, result }) => (result === undefined ? [item] : [])),
    failed: [...put.failed, ...[...unsent].map(([{ item }, error]) => ({ item, error }))],
  };
}
