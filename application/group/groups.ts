/** Changes of a stored group: decide on the record that was read, write if it is unchanged, else read and decide again. */
import { Fault } from '../../domain/fault.ts';
import { type Group, type GroupName, newGroup } from '../../domain/group/group.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';

/** This many lost writes in a row are a fault of ours; the message goes back to its queue. */
const MAX_WRITES = 8;

/** The group, made if it is not there: by its first member, or by its seal. */
export async function groupOrNew(
  { groups, clock }: { readonly groups: Pick<GroupStore, 'get' | 'create'>; readonly clock: Clock },
  name: GroupName,
): Promise<Group> {
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const group = await groups.get(name);
    if (group !== undefined) return group;
    const made = newGroup(name, clock.nowMs());
    if ((await groups.create(made)) === 'written') return made;
  }
  throw contended(name);
}

/** @param decide pure; undefined writes nothing @returns the group as it is then */
export async function changeGroup(
  groups: Pick<GroupStore, 'get' | 'replace'>,
  seen: Group,
  decide: (group: Group) => Group | undefined,
): Promise<Group> {
  let group = seen;
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const next = decide(group);
    if (next === undefined) return group;
    if ((await groups.replace(group, next)) === 'written') return next;
    group = (await groups.get(seen)) ?? group;
  }
  throw contended(seen);
}

export function contended({ tenantId, groupId }: GroupName): Fault {
  const sentence = `The group changed ${MAX_WRITES} times while it was being changed`;
  return new Fault('GroupContended', sentence, `${tenantId} ${groupId}`);
}
