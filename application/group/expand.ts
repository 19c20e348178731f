/**
 * Makes the jobs of an array, one slice after the other. Each has a row before it has a record, as every member of a group has,
 * so a cancel that closes the group meanwhile decides which of them run.
 *
 * A process that dies anywhere in a slice leaves the mark of the group as it was, and the slice is done again: rows and records
 * that are there are found.
 * @see docs/developing/protocol.md, A1
 */
import { groupMessage } from '../../domain/batch/messages.ts';
import { ARRAY_SLICE, type ArrayPart, isUnread } from '../../domain/group/array.ts';
import type { Group } from '../../domain/group/group.ts';
import { grown, unmade } from '../../domain/group/growth.ts';
import { nextLook } from '../../domain/job/due.ts';
import { changed, isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { newJob } from '../../domain/request/admission.ts';
import { itemRequest } from '../../domain/request/array-admission.ts';
import { type Line, readLine } from '../../domain/request/array-line.ts';
import type { ItemObjects } from '../../io/aws/item-objects.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { ArrayItemStore } from '../../io/table/group/array-items.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { together } from '../apart.ts';
import { type RecordPorts, record } from '../intake/record.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { fingerprintOf, jobIdOf } from '../job/identity.ts';
import { type CountPorts, countItems, itemsMissing } from './count-items.ts';

export interface ExpandPorts extends RecordPorts, DispatchPorts, CountPorts {
  readonly jobs: RecordPorts['jobs'] & DispatchPorts['jobs'];
  readonly groups: Pick<GroupStore, 'get' | 'replace' | 'ask' | 'decide'> & DispatchPorts['groups'];
  readonly arrayItems: Pick<ArrayItemStore, 'slice'>;
  readonly itemObjects: ItemObjects;
  readonly bucket: string;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/** @throws when the table or the bucket does not answer: the message comes back, or reconcile sends another */
export async function expand(ports: ExpandPorts, group: Group, array: ArrayPart): Promise<void> {
  const { groups, clock, log, submitQueue } = ports;
  if (isUnread(array)) return countItems(ports, group, array);
  const { tenantId, groupId } = group;
  const { made } = array;
  const lines = await sliceOf(ports, group, array);
  if (lines === undefined) {
    await groups.replace(group, unmade(group, array, itemsMissing, clock.nowMs()));
    return submitQueue.send([groupMessage(group)]);
  }
  const nowMs = clock.nowMs();
  const asked = await together(
    lines.map(async (line) => {
      const jobId = jobIdOf(tenantId, line.request.idempotencyKey ?? '');
      return { line, jobId, membership: await groups.ask(group, { jobId, at: nowMs }) };
    }),
  );
  // After the rows: a process that closes the group reads the rows after that, and finds these.
  const now = await groups.get(group);
  if (now?.array === undefined || now.array.made !== made || now.array.isMade === true) return;
  const isClosed = now.closedAt !== undefined;
  const jobs = await together(
    asked.map(async ({ line, jobId, membership }) => {
      const decided =
        membership === 'open' ? await groups.decide(group, jobId, isClosed ? 'out' : 'in') : membership;
      return decided === 'in' ? recordItem(ports, array, { line, jobId, nowMs }) : undefined;
    }),
  );
  // Before the mark: after it no other process would send what this one did not.
  await dispatch(
    ports,
    jobs.flatMap((job) => job ?? []),
  );
  const count = lines.length;
  // The failure of one of these items may have stopped the array: then the mark is lost, and the slice is done again.
  const written = await groups.replace(now, grown(now, now.array, made + count, clock.nowMs()));
  log.info(`group:expand:${written}`, { tenantId, groupId, count });
  // Lost to a process that has done the same slice, or to a cancel: each sends a message of its own.
  if (written === 'written') await submitQueue.send([groupMessage(group)]);
}

/** @returns undefined when the object with the items is not there any more */
async function sliceOf(
  ports: ExpandPorts,
  group: Group,
  array: ArrayPart,
): Promise<readonly Line[] | undefined> {
  const { tenantId, groupId } = group;
  const { fingerprint, made, itemsRef, lines: where } = array;
  const name = { tenantId, groupId, fingerprint };
  const { request, items } = await ports.arrayItems.slice(name, made, ARRAY_SLICE);
  if (itemsRef === undefined || where === undefined)
    return items.map((item) => ({ kind: 'item', request: itemRequest(request, groupId, item) }));
  const texts = await ports.itemObjects.lines(itemsRef, where, made);
  const known = { request, type: ports.types.get(array.jobType), bucket: ports.bucket };
  return texts?.map((text, place) => readLine(text, { arrayId: groupId, index: made + place }, known));
}

interface Item {
  readonly line: Line;
  readonly jobId: string;
  readonly nowMs: number;
}

/** @returns the job, while something of it is to be sent */
async function recordItem(
  ports: ExpandPorts,
  { clampedPriority, concurrency: keyCap }: ArrayPart,
  { line, jobId, nowMs }: Item,
): Promise<JobRecord | undefined> {
  const { request } = line;
  const identity = {
    jobId,
    idempotencyKey: request.idempotencyKey ?? '',
    fingerprint: fingerprintOf(request),
    ...(keyCap === undefined ? {} : { keyCap }),
  };
  const begun = newJob(request, identity, nowMs, clampedPriority);
  const job = line.kind === 'bad' ? failedAtOnce(begun, line, nowMs) : begun;
  const outcome = await record(ports, job, request.group ?? '', begun);
  if (outcome.kind === 'conflict') {
    // Its key was taken by a message of the service. That job is the member.
    ports.log.error('group:expand:conflict', { jobId, tenantId: request.tenantId });
    return undefined;
  }
  const { job: stored } = outcome;
  return stored.version === 1 || stored.state === 'cancelling' || isUnsettled(stored) ? stored : undefined;
}

/** Its first state is its last; the record begins with its second version, because with the first one a job is accepted. */
function failedAtOnce(job: WholeJob, { failure }: BadLine, nowMs: number): WholeJob {
  const failed = changed(job, { state: 'failed', waitReason: undefined, failure, finishedAt: nowMs }, nowMs);
  return { ...failed, dueAt: nextLook(failed, nowMs) };
}

type BadLine = Extract<Line, { readonly kind: 'bad' }>;
