/**
 * Makes the jobs of an array, one slice after the other. Each has a row before it has a record, as every member of a group has,
 * so a cancel that closes the group meanwhile decides which of them run.
 *
 * A process that dies anywhere in a slice leaves the mark of the group as it was, and the slice is done again: rows and records
 * that are there are found.
 * @see docs/developing/protocol.md, A1
 */
import { groupMessage } from '../../domain/batch/messages.ts';
import { ARRAY_SLICE, type ArrayPart } from '../../domain/group/array.ts';
import { type Group, grown } from '../../domain/group/group.ts';
import { isUnsettled, type JobRecord } from '../../domain/job/job.ts';
import { newJob } from '../../domain/request/admission.ts';
import { itemRequest } from '../../domain/request/array-admission.ts';
import type { JobRequest } from '../../domain/request/request.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { ArrayItemStore } from '../../io/table/group/array-items.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { together } from '../apart.ts';
import { type RecordPorts, record } from '../intake/record.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { fingerprintOf, jobIdOf } from '../job/identity.ts';

export interface ExpandPorts extends RecordPorts, DispatchPorts {
  readonly jobs: RecordPorts['jobs'] & DispatchPorts['jobs'];
  readonly groups: Pick<GroupStore, 'get' | 'replace' | 'ask' | 'decide'>;
  readonly arrayItems: Pick<ArrayItemStore, 'slice'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/** @throws when the table does not answer: the message comes back, or reconcile sends another */
export async function expand(ports: ExpandPorts, group: Group, array: ArrayPart): Promise<void> {
  const { groups, clock, log } = ports;
  const { tenantId, groupId } = group;
  const { fingerprint, made } = array;
  const { request, items } = await ports.arrayItems.slice(
    { tenantId, groupId, fingerprint },
    made,
    ARRAY_SLICE,
  );
  const requests = items.map((item) => itemRequest(request, groupId, item));
  const nowMs = clock.nowMs();
  const asked = await together(
    requests.map(async (each) => {
      const jobId = jobIdOf(tenantId, each.idempotencyKey ?? '');
      return { request: each, jobId, membership: await groups.ask(group, { jobId, at: nowMs }) };
    }),
  );
  // After the rows: a process that closes the group reads the rows after that, and finds these.
  const now = await groups.get(group);
  if (now?.array === undefined || now.array.made !== made || now.array.isMade === true) return;
  const isClosed = now.closedAt !== undefined;
  const jobs = await together(
    asked.map(async ({ request: each, jobId, membership }) => {
      const decided =
        membership === 'open' ? await groups.decide(group, jobId, isClosed ? 'out' : 'in') : membership;
      return decided === 'in' ? recordItem(ports, array, { request: each, jobId, nowMs }) : undefined;
    }),
  );
  // Before the mark: after it no other process would send what this one did not.
  await dispatch(
    ports,
    jobs.flatMap((job) => job ?? []),
  );
  const count = items.length;
  const written = await groups.replace(now, grown(now, now.array, made + count, clock.nowMs()));
  log.info(`group:expand:${written}`, { tenantId, groupId, count });
  // Lost to a process that has done the same slice, or to a cancel: each sends a message of its own.
  if (written === 'written') await ports.submitQueue.send([groupMessage(group)]);
}

interface Item {
  readonly request: JobRequest;
  readonly jobId: string;
  readonly nowMs: number;
}

/** @returns the job, while something of it is to be sent */
async function recordItem(
  ports: ExpandPorts,
  { clampedPriority }: ArrayPart,
  { request, jobId, nowMs }: Item,
): Promise<JobRecord | undefined> {
  const identity = {
    jobId,
    idempotencyKey: request.idempotencyKey ?? '',
    fingerprint: fingerprintOf(request),
  };
  const outcome = await record(ports, newJob(request, identity, nowMs, clampedPriority), request.group ?? '');
  if (outcome.kind === 'conflict') {
    // Its key was taken by a message of the service. That job is the member.
    ports.log.error('group:expand:conflict', { jobId, tenantId: request.tenantId });
    return undefined;
  }
  const { job } = outcome;
  return job.version === 1 || job.state === 'cancelling' || isUnsettled(job) ? job : undefined;
}
