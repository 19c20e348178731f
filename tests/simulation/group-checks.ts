/** What must hold of groups: who is a member, when a round is over, and that its end is told. */
import { webhookIdOf } from '../../application/job/identity.ts';
import { nameOfGroup } from '../../domain/dependency/dependency.ts';
import { type Group, type GroupName, type MemberEnd, stateOf, totalOf } from '../../domain/group/group.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { holderName } from '../../domain/tenant/holder.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { type Endpoint, wants } from '../../domain/webhook/endpoint.ts';
import { arrayAudit } from './arrays.ts';
import { isLeftToTick } from './audit.ts';
import { CROWD, type Crowd } from './crowds.ts';
import type { Run } from './faults.ts';
import type { GateEvents } from './gates.ts';
import type { OnGroup, VirtualGroups } from './groups.ts';
import type { OnCommit } from './table.ts';

const SKEW_MS = 1000;

interface Facts {
  groups(): VirtualGroups;
  job(jobId: string): JobRecord | undefined;
  wasTombstoned(jobId: string): boolean;
  deliveries(): readonly Delivery[];
}

export interface GroupChecks {
  readonly onWrite: OnGroup;
  readonly onCommit: OnCommit;
  readonly onEnter: GateEvents['onEnter'];
  hadFinish(groupId: string, round: number, tally: unknown): boolean;
  /** @param notified as receivers gather it */
  audit(crowd: Crowd, endpoints: readonly Endpoint[], notified: ReadonlySet<string>): void;
}

export function groupChecks(run: Run, facts: Facts): GroupChecks {
  const violated = (rule: string, detail: string, jobId?: string) =>
    run.violate(rule, `${CROWD.groupId}: ${detail}`, jobId);
  const belongs = (jobId: string, name: GroupName = CROWD) =>
    facts
      .groups()
      .membersOf(name)
      .some((member) => member.jobId === jobId);

  /** The job and each redrive of it. */
  function chainOf(jobId: string): JobRecord[] {
    const job = facts.job(jobId);
    return job === undefined ? [] : [job, ...(job.redrivenAs === undefined ? [] : chainOf(job.redrivenAs))];
  }

  function endsOf(jobId: string): MemberEnd[] {
    const chain = chainOf(jobId);
    if (chain.length === 0) return facts.wasTombstoned(jobId) ? ['cancelled', 'missing'] : ['missing'];
    return chain.flatMap(({ state }) => (isFinal(state) ? [state as MemberEnd] : [])); // as isFinal says
  }

  function rowOf(round: number, { endpointId }: Endpoint): Delivery | undefined {
    const id = webhookIdOf(nameOfGroup(CROWD.groupId), round, endpointId);
    return facts.deliveries().find(({ webhookId }) => webhookId === id);
  }

  const finishes = new Set<string>();
  const finishName = (groupId: string, round: number, tally: unknown) =>
    `${groupId} ${round} ${JSON.stringify(tally)}`;

  function checkFinish(group: Group): void {
    const { finish, sealed, timeoutAt = 0 } = group;
    if (finish === undefined) return;
    finishes.add(finishName(group.groupId, finish.round, finish.tally));
    const members = facts.groups().membersOf(group);
    const absent = Math.max(0, (sealed?.expect ?? 0) - members.length);
    if (totalOf(finish.tally) !== members.length + absent)
      violated('G3', `counts ${totalOf(finish.tally)} of ${members.length} members`);
    const isTimeOver = timeoutAt <= run.world.nowMs() + SKEW_MS;
    for (const { jobId } of members) {
      const ends = endsOf(jobId).filter((end) => end !== 'missing' || isTimeOver);
      // One that comes after the time of its group was counted as missing.
      const mayBeLate = isTimeOver && finish.tally.missing > 0;
      if (ends.length === 0 && !mayBeLate) violated('G3', `is over and its member ${jobId} is not`, jobId);
    }
    run.count(`group finished in round ${Math.min(finish.round, 2)}`);
  }

  return {
    hadFinish: (...finish) => finishes.has(finishName(...finish)),

    onWrite(_process, before, after) {
      if (before?.closedAt === undefined && after.closedAt !== undefined) {
        const { sealed, timeoutAt = 0, cancelledAt } = after;
        const members = facts.groups().membersOf(after).length;
        const isTimeOver = timeoutAt <= run.world.nowMs() + SKEW_MS;
        if (sealed === undefined) violated('G2', 'was closed and is not sealed');
        else if (members < (sealed.expect ?? 0) && !isTimeOver && cancelledAt === undefined)
          violated('G2', `was closed with ${members} members of ${sealed.expect}`);
      }
      if (after.walk === undefined && before?.walk !== undefined) checkFinish(after);
      const rounds = (after.finish?.round ?? 0) - (before?.finish?.round ?? 0);
      if (rounds > 1 || rounds < 0)
        violated('G4', `goes from round ${before?.finish?.round} to ${after.finish?.round}`);
    },

    onCommit(_process, before, after) {
      if (
        before === undefined &&
        after.group !== undefined &&
        after.parent === undefined &&
        !belongs(after.jobId, { tenantId: after.tenantId, groupId: after.group })
      )
        violated('G1', `${after.jobId} was recorded and is no member`, after.jobId);
    },

    onEnter(_process, before, added) {
      const held = new Map([...(before?.holders ?? []), ...added].map((each) => [holderName(each), each]));
      const arrayOf = (jobId: string) => facts.job(jobId)?.group;
      for (const { jobId } of added) {
        const { tenantId, group: groupId } = facts.job(jobId) ?? {};
        const found = facts.groups().all();
        const group = found.find((each) => each.tenantId === tenantId && each.groupId === groupId);
        const most = group?.array?.concurrency;
        if (most === undefined) continue;
        const inside = [...held.values()].filter((holder) => arrayOf(holder.jobId) === groupId).length;
        if (inside > most) violated('A7', `${inside} jobs of ${groupId} have a slot, of ${most}`, jobId);
        if (inside === most) run.count('array at its limit');
      }
    },

    audit({ members, others, isSealed, array }, endpoints, notified) {
      if (array !== undefined)
        arrayAudit(run, array, {
          groups: facts.groups(),
          objects: facts.groups().inBucket.objects,
          job: facts.job,
        });
      if (members.size + others.size === 0 && !isSealed) return;
      const group = facts
        .groups()
        .all()
        .find(({ groupId }) => groupId === CROWD.groupId);
      const inside = facts.groups().membersOf(CROWD);
      for (const jobId of members)
        if (belongs(jobId) && facts.job(jobId) === undefined)
          violated('I15', `${jobId} joined and has no record`, jobId);
      for (const jobId of others)
        if (facts.job(jobId) === undefined) violated('I15', `${jobId} was sent and has no record`, jobId);
      if (group === undefined) {
        if (isSealed) violated('G2', 'was sealed and has no record');
        return;
      }
      if (group.dueAt !== undefined) violated('G5', `rests and is due; it is ${stateOf(group)}`);
      if (isSealed && stateOf(group) !== 'finished')
        violated('G3', `was sealed and is still ${stateOf(group)}`);
      const { finish } = group;
      if (finish === undefined) return;
      if (group.unsettled.length > 0)
        violated('R5', `has ${group.unsettled.length} ends that are not settled`);
      const redrives = inside.reduce((sum, { jobId }) => sum + Math.max(0, chainOf(jobId).length - 1), 0);
      if (finish.redrives !== redrives)
        violated('G4', `has counted ${finish.redrives} redrives of ${redrives} after round ${finish.round}`);
      for (const end of ['succeeded', 'failed', 'expired'] as const) {
        const count = inside.filter(({ jobId }) => chainOf(jobId).at(-1)?.state === end).length;
        // One that came after the time of the group was counted as missing.
        if (finish.tally[end] > count || (finish.tally.missing === 0 && finish.tally[end] < count))
          violated('G3', `says ${finish.tally[end]} ${end}, and ${count} are`);
      }
      for (const endpoint of endpoints)
        for (let round = 1; round <= finish.round; round++) {
          if (endpoint.tenantId !== CROWD.tenantId || !wants(endpoint, 'group.finished')) continue;
          if (
            endpoint.disabled === undefined &&
            !notified.has(`group:${CROWD.groupId} ${round} ${endpoint.endpointId}`) &&
            !isLeftToTick(run, rowOf(round, endpoint))
          )
            violated('I19', `never told ${endpoint.endpointId} of the end of round ${round}`);
        }
    },
  };
}
