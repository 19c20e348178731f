/** What the owner of a group asks for: that it takes no more members, or the end of all of them. Each may be repeated. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { problem } from '../../domain/errors.ts';
import { isArrayId } from '../../domain/group/array.ts';
import {
  cancelled,
  type Group,
  type GroupName,
  isSealedAlike,
  type Seal,
  sealed,
} from '../../domain/group/group.ts';
import { cancelledAhead } from '../../domain/group/growth.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { Refused } from '../resources/refused.ts';
import { changeGroup, groupOrNew } from './groups.ts';

export interface SealPorts {
  readonly groups: Pick<GroupStore, 'get' | 'create' | 'replace'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

export type Sealed = { readonly kind: 'sealed'; readonly group: Group } | Refused;

/** The message after the write: whichever is lost, reconcile finds the group. @throws when the table does not answer */
export async function sealGroup(ports: SealPorts, name: GroupName, seal: Seal): Promise<Sealed> {
  if (isArrayId(name.groupId)) {
    const expected = 'Expected a group, found the name of an array, which is sealed from its beginning.';
    return { kind: 'refused', problem: problem('group_sealed', '/group', expected) };
  }
  const group = await changeGroup(ports.groups, await groupOrNew(ports, name), (current) =>
    sealed(current, seal, ports.clock.nowMs()),
  );
  if (!isSealedAlike(group, seal)) {
    const expected = 'Expected the seal that the group has, found another number of members.';
    return { kind: 'refused', problem: problem('group_sealed', '/expect', expected) };
  }
  ports.log.info('group:seal:done', { ...logged(name), count: seal.expect });
  await ports.submitQueue.send([groupMessage(name)]);
  return { kind: 'sealed', group };
}

/** Of an array that has yet to come, a mark is left, which ends it when it comes. */
export async function cancelGroup(ports: SealPorts, name: GroupName): Promise<Group> {
  const isAhead = ({ array }: Group) => array === undefined && isArrayId(name.groupId);
  const group = await changeGroup(ports.groups, await groupOrNew(ports, name), (current) =>
    isAhead(current) ? cancelledAhead(current, ports.clock.nowMs()) : cancelled(current, ports.clock.nowMs()),
  );
  ports.log.info('group:cancel:done', logged(name));
  await ports.submitQueue.send([groupMessage(name)]);
  return group;
}

const logged = ({ tenantId, groupId }: GroupName) => ({ tenantId, groupId });
