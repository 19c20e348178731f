/** Why a job has not begun yet. */
import { stateOf } from '../../domain/group/group.ts';
import { APART, type JobRecord } from '../../domain/job/job.ts';
import { rowOf } from '../../domain/tenant/waiting.ts';
import { type Others, type Wait, whyWaiting } from '../../domain/tenant/why.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { together } from '../apart.ts';
import { type Judged, judge } from '../dependency/await.ts';
import { awaitedBy } from '../job/identity.ts';

export interface WaitPorts {
  readonly jobs: Pick<JobStore, 'stored' | 'whole'>;
  readonly groups: Pick<GroupStore, 'get'>;
  readonly gates: Pick<GateStore, 'load'>;
  readonly waiting: Pick<WaitingStore, 'count'>;
  readonly clock: Clock;
  /** Of the stage; 0 is none. */
  readonly defaultCap: number;
}

/** The list is counted only for a job that is in it, and others are read only for one that waits for them. */
export async function explainWait(ports: WaitPorts, job: JobRecord): Promise<Wait> {
  const { gates, waiting, defaultCap } = ports;
  const gate = (await gates.load([job.tenantId])).get(job.tenantId);
  const others = job.state === 'blocked' ? await othersOf(ports, job) : undefined;
  const wait = whyWaiting(job, { gate, defaultCap, ahead: 0, others });
  return wait.kind === 'slot' ? { ...wait, ahead: await waiting.count(job.tenantId, rowOf(job)) } : wait;
}

async function othersOf(ports: WaitPorts, job: JobRecord): Promise<Others | undefined> {
  const awaited = awaitedBy(
    job.dependsOn === APART ? await ports.jobs.whole(job) : { ...job, dependsOn: job.dependsOn },
  );
  const judged = await together(awaited.map((other) => judge(ports, job, other)));
  const left = judged.filter(({ verdict }) => verdict.kind === 'pending');
  const [first] = left;
  if (first === undefined) return undefined;
  const untilMs = job.dependencyTimeoutAt ?? job.stateAt;
  return {
    all: judged.length,
    left: left.length,
    first: { name: first.name, state: standingOf(first, job) },
    untilMs,
  };
}

/** A job of another tenant is like one that never came. */
function standingOf({ found }: Judged, { tenantId }: JobRecord): Others['first']['state'] {
  if (found.kind === 'group') return found.group === undefined ? undefined : stateOf(found.group);
  return found.kind === 'job' && found.job.tenantId === tenantId ? found.job.state : undefined;
}
