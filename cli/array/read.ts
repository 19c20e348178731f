/** Arrays as the verbs of `headgate array` find and show them. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Group, hasSucceeded, stateOf } from '../../domain/group/group.ts';
import { GroupId, TenantId } from '../../domain/job/ids.ts';
import { groupView } from '../../domain/reading/group-view.ts';
import { systemClock } from '../../io/process/clock.ts';
import { sentenceOf, showGroup } from '../group/group-text.ts';
import { notFound, Stopped } from '../program/stopped.ts';
import { type Context, type Ending, option } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import type { Records } from '../stack/stack.ts';

export const oneArray = {
  argument: 'ARRAY',
  options: {
    id: { effect: '', schema: GroupId },
    tenant: option('TENANT', 'whose array it is', TenantId),
    ...placeOptions,
  },
};

/** @throws Stopped for a group that is no array, as for one that there is not */
export async function found(
  { groups }: Pick<Records, 'groups'>,
  { id, tenant }: { readonly id: string; readonly tenant: string },
): Promise<Group> {
  const group = await groups.get({ tenantId: tenant, groupId: id });
  if (group?.array === undefined) throw notFound(`There is no array ${id} of this tenant.`);
  return group;
}

export function show({ output }: Context, group: Group): void {
  const view = groupView(group);
  output.show([view], (page) => showGroup(page, view));
}

const WAIT_MS = 3_600_000;
const FIRST_LOOK_MS = 500;
const MAX_LOOK_MS = 5000;

/** Looks less and less often, and says each time that something has changed. */
export async function waitForEnd(
  records: Pick<Records, 'groups'>,
  started: Group,
  context: Context,
): Promise<Ending> {
  const { output, signal } = context;
  const { tenantId: tenant, groupId: id } = started;
  const untilMs = systemClock.nowMs() + WAIT_MS;
  let group = started;
  let everyMs = FIRST_LOOK_MS;
  let said = '';
  while (stateOf(group) !== 'finished') {
    const sentence = sentenceOf(groupView(group));
    if (sentence !== said && !output.json) output.note(`${id}  ${sentence}`);
    said = sentence;
    const leftMs = untilMs - systemClock.nowMs();
    if (leftMs <= 0) throw new Stopped('failed', `${id} has not ended within an hour; it goes on.`);
    await pause(Math.min(everyMs, leftMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new Stopped('interrupted', `Interrupted; ${id} goes on.`);
    everyMs = Math.min(everyMs * 1.3, MAX_LOOK_MS);
    group = await found(records, { id, tenant });
  }
  show(context, group);
  return group.finish !== undefined && hasSucceeded(group, group.finish) ? 'done' : 'failed';
}
