/**
 * A job becomes a member of its group before it has a record, or is refused. The row of the job alone decides: the group may be
 * closed between the read of its record and any write.
 * @see docs/developing/protocol.md, G1
 */
import { groupMessage } from '../../domain/batch/messages.ts';
import { type Problem, problem } from '../../domain/errors.ts';
import { isArrayId } from '../../domain/group/array.ts';
import type { GroupName } from '../../domain/group/group.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { groupOrNew } from './groups.ts';

export interface JoinPorts {
  readonly groups: Pick<GroupStore, 'get' | 'create' | 'ask' | 'decide'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/** May be repeated: the row stays as it was decided. @returns why the job may not run; undefined for a member */
export async function joinGroup(
  ports: JoinPorts,
  name: GroupName,
  jobId: string,
): Promise<Problem | undefined> {
  // The members of an array are made of its items, also of one that has yet to come: nothing is written for it.
  if (isArrayId(name.groupId))
    return problem('group_sealed', '/group', 'Expected a group that takes jobs, found the name of an array.');
  const asked = await ports.groups.ask(name, { jobId, at: ports.clock.nowMs() });
  // After the row: a process that closes the group reads the rows after that, and finds this one.
  const group = await groupOrNew(ports, name);
  const isClosed = group.closedAt !== undefined;
  const membership =
    asked === 'open' ? await ports.groups.decide(name, jobId, isClosed ? 'out' : 'in') : asked;
  if (membership !== 'in')
    return problem('group_sealed', '/group', 'Expected a group that takes more jobs, found a sealed one.');
  if (isClosed) return undefined;
  // After the row is decided: the seal may have counted the members before. One that reads no seal here is counted by it.
  const now = group.sealed === undefined ? await ports.groups.get(name) : group;
  if (now?.sealed?.expect !== undefined && now.closedAt === undefined)
    await ports.submitQueue.send([groupMessage(name)]);
  return undefined;
}
