/** A member of a group was redriven, so that the group is not over yet, or not any more. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { toWalkAgain } from '../../domain/group/group.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { changeGroup } from './groups.ts';

interface AgainPorts {
  readonly groups: Pick<GroupStore, 'get' | 'replace'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/**
 * After the mark of its redrive is on the job: a walk that begins then follows it. The mark on the group lasts until one has
 * begun, so that a lost message loses nothing. May be repeated: a walk that finds no redrive more than the one before ends as
 * that one did.
 *
 * @throws when the table does not answer: what has redriven the job must come back
 */
export async function walkGroupAgain(
  { groups, submitQueue, clock }: AgainPorts,
  { tenantId, group: groupId }: JobRecord,
): Promise<void> {
  const seen = groupId === undefined ? undefined : await groups.get({ tenantId, groupId });
  if (seen?.closedAt === undefined) return;
  await changeGroup(groups, seen, (group) => toWalkAgain(group, clock.nowMs()));
  await submitQueue.send([groupMessage(seen)]);
}
