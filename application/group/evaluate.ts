/**
 * The next step of a group: it is closed, its members are cancelled or walked through, and its end is told.
 *
 * The walk watches the first member that has not ended, and goes on when that one tells of its end. What a step has found is
 * written on the condition that the group is as it was read; a step that was overtaken reads again and goes on, because what
 * it was asked for may be news.
 */
import { groupMessage } from '../../domain/batch/messages.ts';
import { nameOfGroup } from '../../domain/dependency/dependency.ts';
import {
  cancelledUntil,
  closed,
  type Group,
  type GroupName,
  hasTimedOut,
  walkingAnew,
} from '../../domain/group/group.ts';
import { isFinal, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { groupFinishedEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { together } from '../apart.ts';
import { type TellPorts, tellAll } from '../dependency/tell.ts';
import { type CancelPorts, cancel } from '../intake/cancel.ts';
import { type ExpandPorts, expand } from './expand.ts';
import { contended } from './groups.ts';
import { type WalkPorts, walk } from './walk.ts';

export interface EvaluatePorts extends WalkPorts, CancelPorts, TellPorts, ExpandPorts {
  readonly jobs: WalkPorts['jobs'] & CancelPorts['jobs'] & ExpandPorts['jobs'];
  readonly dependants: WalkPorts['dependants'] & TellPorts['dependants'];
  readonly groups: GroupStore;
  readonly submitQueue: Queue;
  readonly bus: Bus;
}

/** No group is overtaken so often, nor has so many steps. */
const MAX_STEPS = 20;
const CANCEL_PAGE = 50;

/**
 * May run any number of times, and several times at once.
 *
 * @returns jobs that were cancelled, to be dispatched
 * @throws Fault GroupContended: the message comes back
 */
export async function evaluateGroup(ports: EvaluatePorts, name: GroupName): Promise<JobRecord[]> {
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const group = await ports.groups.get(name);
    if (group === undefined) return [];
    // Also of an array that was cancelled: its last slice may be half done.
    if (group.array !== undefined && group.array.isMade !== true) {
      await expand(ports, group, group.array);
      return [];
    }
    if (group.cancelAfter !== undefined) return cancelPage(ports, group, group.cancelAfter);
    const next =
      group.closedAt === undefined ? await closeIfComplete(ports, group) : await step(ports, group);
    if (next === 'rests') return [];
  }
  throw contended(name);
}

type Next = 'again' | 'rests';

async function step(ports: EvaluatePorts, group: Group): Promise<Next> {
  if (group.again === true) {
    await ports.groups.replace(group, walkingAnew(group, ports.clock.nowMs()));
    return 'again';
  }
  if (group.walk !== undefined) return walk(ports, group, group.walk);
  await tellOfEnd(ports, group);
  return 'rests';
}

/** Those that the seal expects are counted by each that comes and by the seal, each after its own write: the last one sees all. */
async function closeIfComplete(ports: EvaluatePorts, group: Group): Promise<Next> {
  const { sealed } = group;
  const nowMs = ports.clock.nowMs();
  if (sealed === undefined) return 'rests';
  const isComplete = hasTimedOut(group, nowMs) || (await ports.groups.count(group)) >= (sealed.expect ?? 0);
  const next = isComplete ? closed(group, nowMs) : undefined;
  if (next === undefined) return 'rests';
  await ports.groups.replace(group, next);
  return 'again';
}

/** Those that wait for it first: with its event a round is settled. */
async function tellOfEnd(ports: EvaluatePorts, group: Group): Promise<void> {
  if (group.unsettled.length === 0) return;
  const { tenantId, groupId } = group;
  await tellAll(ports, { tenantId, name: nameOfGroup(groupId) });
  await ports.bus.publish(group.unsettled.map((finish) => groupFinishedEvent(group, finish)));
  ports.log.info('group:finish:done', { tenantId, groupId, count: group.unsettled.length });
}

async function cancelPage(ports: EvaluatePorts, group: Group, after: string): Promise<JobRecord[]> {
  const page = await ports.groups.members(group, CANCEL_PAGE, after === '' ? undefined : after);
  const ended = await together(
    page.members.map(async ({ jobId, membership }) => {
      // One that is still asking is too late.
      const decided = membership === 'open' ? await ports.groups.decide(group, jobId, 'out') : membership;
      const { tenantId } = group;
      return decided === 'in'
        ? cancel(ports, { specVersion: '1', action: 'job.cancel', tenantId, jobId })
        : undefined;
    }),
  );
  await ports.groups.replace(group, cancelledUntil(group, page.next, ports.clock.nowMs()));
  // A step that was faster has sent it, too: each message does one page, and a page twice is harmless.
  await ports.submitQueue.send([groupMessage(group)]);
  return ended.filter((job) => job !== undefined).filter((job) => !isFinal(job.state) || isUnsettled(job));
}
