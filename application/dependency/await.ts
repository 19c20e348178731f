/**
 * A job that waits for others, step by step: what each of them means for it, and which one has to tell it of its end.
 *
 * It watches one that has not ended, and no more. The process that ends that one tells it, and it looks at all of them again; so no
 * number of those that are left is kept, which two processes could count down to different ends.
 */
import { dependantOf } from '../../domain/dependency/dependant.ts';
import { type Awaited, groupNamed } from '../../domain/dependency/dependency.ts';
import { type Found, type Judgement, verdictOn } from '../../domain/dependency/verdict.ts';
import { Fault } from '../../domain/fault.ts';
import { type Group, stateOf } from '../../domain/group/group.ts';
import { verdictOnGroup } from '../../domain/group/verdict.ts';
import { advance } from '../../domain/job/advance.ts';
import { waitedTooLong } from '../../domain/job/due.ts';
import { failureOf } from '../../domain/job/failure.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Observation } from '../../domain/job/lifecycle.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { together } from '../apart.ts';
import { contextOf } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { awaitedBy } from '../job/identity.ts';
import { waitsForItself } from './circle.ts';

export interface AwaitPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace' | 'whole' | 'stored'>;
  readonly groups: Pick<GroupStore, 'get' | 'members'>;
  readonly dependants: Pick<DependantStore, 'link' | 'watch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly types: JobTypes;
}

/** What is known of one that the job waits for. */
export interface Judged {
  readonly condition: Awaited['condition'];
  /** What decides: the job that was named, the newest of its redrives, or the group. */
  readonly name: string;
  readonly found: Found | { readonly kind: 'group'; readonly group: Group | undefined };
  readonly verdict: Judgement;
}

/** Each look after the first follows an end that happened meanwhile. */
const MAX_LOOKS = 10;

/**
 * May run any number of times, and several times at once.
 *
 * @param seen a record in `blocked`
 * @returns the record with which it goes on; undefined while it waits
 * @throws Fault AwaitRestless: the message comes back
 */
export async function awaitOthers(ports: AwaitPorts, seen: JobRecord): Promise<JobRecord | undefined> {
  const awaited = awaitedBy(await ports.jobs.whole(seen));
  let job = seen;
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const judged = await together(awaited.map((other) => judge(ports, job, other)));
    const broken = judged.find(({ verdict }) => verdict.kind === 'broken');
    if (broken?.verdict.kind === 'broken') {
      // So that a redrive of that one finds this one, which may have come after its end.
      await ports.dependants.link([broken.name], dependantOf(job, broken.condition));
      return observe(ports, job, { kind: broken.verdict.ends, failure: broken.verdict.failure });
    }
    const pending = judged.filter(({ verdict }) => verdict.kind === 'pending');
    const [first] = pending;
    if (first === undefined) return observe(ports, job, { kind: beginningOf(job, ports.clock.nowMs()) });
    job = await link(ports, job, pending);
    if (job.state !== 'blocked') return job;
    await ports.dependants.watch(first.name, dependantOf(job, first.condition));
    // Read again: it may have ended before it could know that it is watched.
    const again = await judge(ports, job, first);
    if (again.verdict.kind === 'pending' && again.name === first.name) return waitOrGiveUp(ports, job);
  }
  throw new Fault('AwaitRestless', `What it waits for changed ${MAX_LOOKS} times during one look`, job.jobId);
}

/** The verdict of what is named, or of the newest of the redrives of a job. */
export async function judge(
  {
    jobs,
    groups,
    clock,
  }: {
    readonly jobs: Pick<JobStore, 'stored'>;
    readonly groups: Pick<GroupStore, 'get'>;
    readonly clock: Clock;
  },
  { tenantId, onDependencyFailure }: Pick<JobRecord, 'tenantId' | 'onDependencyFailure'>,
  { name: named, condition }: Awaited,
): Promise<Judged> {
  const waiting = { tenantId, condition, holds: onDependencyFailure === 'hold', nowMs: clock.nowMs() };
  const groupId = groupNamed(named);
  if (groupId !== undefined) {
    const group = await groups.get({ tenantId, groupId });
    const verdict = verdictOnGroup(group, groupId, waiting);
    return { condition, name: named, found: { kind: 'group', group }, verdict };
  }
  let name = named;
  for (;;) {
    const found = await jobs.stored(name);
    const verdict = verdictOn(name, found, waiting);
    if (verdict.kind !== 'redriven') return { condition, name, found, verdict };
    name = verdict.jobId;
  }
}

/** Whether it waits itself: then it may wait for the job that waits for it. */
const mayWait = ({ found }: Judged): boolean =>
  found.kind === 'group'
    ? found.group !== undefined && stateOf(found.group) !== 'finished'
    : found.kind === 'job' && found.job.state === 'blocked';

const beginningOf = ({ eligibleAt }: JobRecord, nowMs: number) =>
  eligibleAt !== undefined && eligibleAt > nowMs ? 'released_early' : 'released';

/**
 * Once for a job: those that it does not watch know of it too, so that the end of one of them can end it early; and a circle is
 * found. Of the jobs of a circle the one that was recorded last finds all others.
 *
 * @returns the record with which it goes on: it has ended if it waits for itself
 */
async function link(ports: AwaitPorts, job: JobRecord, pending: readonly Judged[]): Promise<JobRecord> {
  const waits = pending.some(mayWait);
  // With one that does not wait itself there is nothing to link, and nothing to remember.
  if (job.linked === true || (pending.length === 1 && !waits)) return job;
  if (
    waits &&
    (await waitsForItself(
      ports,
      job,
      pending.map(({ name }) => name),
    ))
  )
    return observe(ports, job, { kind: 'unmet', failure: failureOf('invalid_input', 'dependency_cycle') });
  const perCondition = Map.groupBy(pending.slice(1), ({ condition }) => condition);
  await together(
    [...perCondition].map(([condition, some]) =>
      ports.dependants.link(
        some.map(({ name }) => name),
        dependantOf(job, condition),
      ),
    ),
  );
  return observe(ports, job, { kind: 'linked' });
}

async function waitOrGiveUp(ports: AwaitPorts, job: JobRecord): Promise<JobRecord | undefined> {
  if (!waitedTooLong(job, ports.clock.nowMs())) return undefined;
  return observe(ports, job, { kind: 'unmet', failure: failureOf('invalid_input', 'dependency_missing') });
}

async function observe(ports: AwaitPorts, seen: JobRecord, observation: Observation): Promise<JobRecord> {
  const { kind, job } = await changeJob(ports.jobs, seen, (current) =>
    advance(current, observation, contextOf(ports, current)),
  );
  const { jobId, tenantId } = job;
  if (kind === 'changed') ports.log.info('job:await:done', { jobId, tenantId, why: observation.kind });
  return job;
}
