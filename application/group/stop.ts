/** The failure of one item may be one too many for its array: then no more jobs are made, and the others are cancelled. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { itemIndexOf } from '../../domain/group/array.ts';
import { stopped } from '../../domain/group/growth.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { apart } from '../apart.ts';
import { changeGroup } from './groups.ts';

export interface StopPorts {
  readonly groups: Pick<GroupStore, 'get' | 'replace' | 'noteFailed'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/**
 * Before the end of the job is published: with that it is settled, and no step would come back to count it. May be repeated: a
 * place is noted once, and an array is stopped once.
 */
export const stopArrays = (ports: StopPorts, ended: readonly JobRecord[]) =>
  apart(
    ended.filter((job) => job.state === 'failed' && itemIndexOf(job) !== undefined),
    (job) => countFailure(ports, job),
  );

async function countFailure({ groups, submitQueue, clock }: StopPorts, job: JobRecord): Promise<void> {
  const name = { tenantId: job.tenantId, groupId: job.group ?? '' };
  const group = await groups.get(name);
  const { maxFailed, failure } = group?.array ?? {};
  if (group === undefined || maxFailed === undefined || failure?.code === 'array_failures') return;
  const item = { index: itemIndexOf(job) ?? 0, most: maxFailed, at: clock.nowMs() };
  if (!(await groups.noteFailed(name, item))) return;
  await changeGroup(groups, group, (current) => stopped(current, clock.nowMs()));
  // After the write; reconcile finds the group if this is lost.
  await submitQueue.send([groupMessage(name)]);
}
