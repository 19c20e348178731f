/** The walk through the members of a closed group, in the order of their ids, to the first that has not ended. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { dependantGroup } from '../../domain/dependency/dependant.ts';
import {
  finished,
  type Group,
  hasTimedOut,
  type Walk,
  walked,
  walkingAnew,
} from '../../domain/group/group.ts';
import { type Member, type MemberVerdict, memberVerdict } from '../../domain/group/member.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { together } from '../apart.ts';
import { type ManifestPorts, writeManifest } from './manifest.ts';

export interface WalkPorts extends ManifestPorts {
  readonly groups: Pick<GroupStore, 'replace' | 'members' | 'decide'>;
  readonly jobs: Pick<JobStore, 'stored'> & ManifestPorts['jobs'];
  readonly dependants: Pick<DependantStore, 'watch'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/** As many as are read with one call. */
const PAGE = 100;
/** A message of its own goes on with the rest. */
const MAX_PAGES = 20;
/** The message of a member that is delayed so long is likely to be lost. */
const MISSED_AFTER_MS = 3_600_000;

/** @returns `again` when the group was changed, by this walk or by another process */
export async function walk(ports: WalkPorts, group: Group, from: Walk): Promise<'again' | 'rests'> {
  let reached = from;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await ports.groups.members(group, PAGE, reached.after === '' ? undefined : reached.after);
    const judged = await together(page.members.map((member) => judgeMember(ports, group, member)));
    const passed = judged.findIndex(({ verdict }) => verdict.kind === 'pending');
    reached = passedBy(reached, passed < 0 ? judged : judged.slice(0, passed));
    const first = judged[passed];
    if (first !== undefined) {
      await ports.dependants.watch(first.newest, dependantGroup(group, ports.clock.nowMs()));
      // Read again: it may have ended before it could know that it is watched.
      const now = await judgeMember(ports, group, first.member);
      if (now.verdict.kind === 'pending' && now.newest === first.newest)
        return wait(ports, group, reached, first);
      continue;
    }
    if (page.next === undefined) {
      await endRound(ports, group, reached);
      return 'again';
    }
  }
  if ((await save(ports, group, reached, false)) === 'lost') return 'again';
  await ports.submitQueue.send([groupMessage(group)]);
  return 'rests';
}

async function endRound(ports: WalkPorts, group: Group, reached: Walk): Promise<void> {
  const { groups, clock } = ports;
  if ((group.array?.items ?? 0) === 0) {
    await groups.replace(group, finished(group, reached, clock.nowMs()));
    return;
  }
  const manifest = await writeManifest(ports, group, reached.redrives);
  const nowMs = clock.nowMs();
  await groups.replace(
    group,
    manifest === undefined ? walkingAnew(group, nowMs) : finished(group, reached, nowMs, manifest),
  );
}

interface Judged {
  readonly member: Member;
  /** The job that decides: the member, or the newest of its redrives. */
  readonly newest: string;
  readonly redrives: number;
  readonly verdict: Exclude<MemberVerdict, { readonly kind: 'redriven' }> | { readonly kind: 'refused' };
}

async function judgeMember(ports: WalkPorts, group: Group, member: Member): Promise<Judged> {
  const { jobId } = member;
  // The group is closed. If the intake of the job is faster it is a member, and otherwise it never will be.
  const membership =
    member.membership === 'open' ? await ports.groups.decide(group, jobId, 'out') : member.membership;
  if (membership !== 'in') return { member, newest: jobId, redrives: 0, verdict: { kind: 'refused' } };
  const nowMs = ports.clock.nowMs();
  const asking = { tenantId: group.tenantId, nowMs, hasTimedOut: hasTimedOut(group, nowMs) };
  let newest = jobId;
  for (let redrives = 0; ; redrives++) {
    const verdict = memberVerdict(await ports.jobs.stored(newest), asking);
    if (verdict.kind !== 'redriven') return { member, newest, redrives, verdict };
    newest = verdict.jobId;
  }
}

function passedBy(from: Walk, judged: readonly Judged[]): Walk {
  return judged.reduce(({ after: _, tally, redrives }, { member, verdict, redrives: more }) => {
    const ended = verdict.kind === 'ended' ? { [verdict.end]: tally[verdict.end] + 1 } : {};
    return { after: member.jobId, tally: { ...tally, ...ended }, redrives: redrives + more };
  }, from);
}

async function wait(
  ports: WalkPorts,
  group: Group,
  reached: Walk,
  { member }: Judged,
): Promise<'again' | 'rests'> {
  const { tenantId, groupId } = group;
  const { jobId, at } = member;
  if (at + MISSED_AFTER_MS < ports.clock.nowMs())
    ports.log.info('group:member:awaited', { tenantId, groupId, jobId });
  return (await save(ports, group, reached, true)) === 'lost' ? 'again' : 'rests';
}

/** Where nothing was passed there is nothing to write. */
async function save({ groups, clock }: WalkPorts, group: Group, reached: Walk, isWaiting: boolean) {
  if (group.walk?.after === reached.after) return 'written';
  return groups.replace(group, walked(group, reached, isWaiting, clock.nowMs()));
}
