/** Why a job has not begun yet. */
import { arrayKey, isArrayId, isUnread } from '../../domain/group/array.ts';
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

/** The list is counted only for a job that is in it, others are read only for one that waits for them, and an array only for a cancelled job of it. */
export async function explainWait(ports: WaitPorts, job: JobRecord): Promise<Wait> {
  const { gates, waiting, defaultCap } = ports;
  const gate = (await gates.load([job.tenantId])).get(job.tenantId);
  const others = job.state === 'blocked' ? await othersOf(ports, job) : undefined;
  const stopped = job.state === 'cancelled' ? await stoppedArrayOf(ports, job) : undefined;
  const wait = whyWaiting(job, { gate, defaultCap, ahead: 0, others, stopped });
  if (wait.kind !== 'slot') return wait;
  const ahead = await waiting.count(job.tenantId, rowOf(job));
  const isOfArray = job.group !== undefined && job.concurrencyKey === arrayKey(job.group);
  return { ...wait, ahead, ...(isOfArray && { ofArray: true }) };
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
    first: { name: first.name, state: standingOf(first, job), ...makingOf(first) },
    untilMs,
  };
}

/** A job of another tenant is like one that never came. */
function standingOf({ found }: Judged, { tenantId }: JobRecord): Others['first']['state'] {
  if (found.kind === 'group') return found.group === undefined ? undefined : stateOf(found.group);
  return found.kind === 'job' && found.job.tenantId === tenantId ? found.job.state : undefined;
}

function makingOf({ found }: Judged): Pick<Others['first'], 'making'> {
  const array = found.kind === 'group' ? found.group?.array : undefined;
  if (array === undefined || array.isMade === true) return {};
  return { making: { made: array.made, items: isUnread(array) ? undefined : array.items } };
}

/** One that was cancelled before its array was has its end from another cancel. */
async function stoppedArrayOf({ groups }: WaitPorts, { tenantId, group: groupId, stateAt }: JobRecord) {
  if (groupId === undefined || !isArrayId(groupId)) return undefined;
  const { array, cancelledAt } = (await groups.get({ tenantId, groupId })) ?? {};
  const wasStopped = array?.failure?.code === 'array_failures' && (cancelledAt ?? stateAt) <= stateAt;
  return wasStopped ? { mostFailed: array.maxFailed ?? 0 } : undefined;
}
