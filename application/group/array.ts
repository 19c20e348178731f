/** An array is admitted, and recorded as a group whose members have yet to be made. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { dependencyProblem, nameOfGroup } from '../../domain/dependency/dependency.ts';
import { type Problem, problem } from '../../domain/errors.ts';
import type { ArrayPart } from '../../domain/group/array.ts';
import type { Group, GroupName } from '../../domain/group/group.ts';
import { arrayOver, type NewArray, newArray } from '../../domain/group/growth.ts';
import type { Circumstances } from '../../domain/request/admission.ts';
import { admitArray } from '../../domain/request/array-admission.ts';
import type { ArrayRequest } from '../../domain/request/request.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Log } from '../../io/process/log.ts';
import type { ArrayItemStore } from '../../io/table/group/array-items.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { arrayIdOf, awaitedBy, fingerprintOf } from '../job/identity.ts';
import { contended } from './groups.ts';

export interface ArrayPorts {
  readonly groups: Pick<GroupStore, 'get' | 'create' | 'replace'>;
  readonly arrayItems: Pick<ArrayItemStore, 'put'>;
  readonly submitQueue: Queue;
  readonly log: Log;
}

export type TakenArray =
  | { readonly kind: 'taken'; readonly group: Group; readonly isNew: boolean }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * The items first, then the group, then its message. A repeat finds what is there; while jobs have yet to be made it sends the
 * message again, since the first sender may have died before. A cancel that came first has left a mark, over which the array is written.
 *
 * @param key of the request, or the one that stands for it
 * @throws when the table does not answer: the request may be sent again
 */
export async function takeArray(
  ports: ArrayPorts,
  request: ArrayRequest,
  key: string,
  known: Circumstances,
): Promise<TakenArray> {
  const { tenantId, jobType, array } = request;
  const name = { tenantId, groupId: arrayIdOf(tenantId, key) };
  const fingerprint = fingerprintOf(request);
  const before = await ports.groups.get(name);
  if (before?.array !== undefined) return repeated(ports, before, before.array, fingerprint);
  const impossible = dependencyProblem([nameOfGroup(name.groupId)], awaitedBy(request));
  if (impossible !== undefined) return { kind: 'refused', problem: impossible };
  const admission = admitArray(request, name.groupId, known);
  if (admission.kind === 'refused') return admission;
  const { clampedPriority } = admission;
  const part = {
    jobType,
    fingerprint,
    idempotencyKey: key,
    items: array.items?.length ?? 0,
    ...limitsOf(request),
    ...(clampedPriority === undefined ? {} : { clampedPriority }),
  };
  await ports.arrayItems.put({ ...name, fingerprint }, request, known.nowMs);
  return putArray(ports, { name, part, before, nowMs: known.nowMs });
}

function limitsOf({ array: { itemsRef, concurrency, maxFailed } }: ArrayRequest) {
  return {
    ...(itemsRef === undefined ? {} : { itemsRef }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxFailed === undefined ? {} : { maxFailed }),
  };
}

interface Putting {
  readonly name: GroupName;
  readonly part: NewArray;
  /** What a cancel has left that came first. */
  readonly before: Group | undefined;
  readonly nowMs: number;
}

/** Cancels may leave their mark meanwhile. This many lost writes in a row are a fault of ours. */
const MAX_WRITES = 8;

async function putArray(ports: ArrayPorts, { name, part, before, nowMs }: Putting): Promise<TakenArray> {
  let ahead = before;
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const group = ahead === undefined ? newArray(name, part, nowMs) : arrayOver(ahead, part, nowMs);
    const written =
      ahead === undefined ? await ports.groups.create(group) : await ports.groups.replace(ahead, group);
    ports.log.info(`group:array:${written}`, { ...name, count: part.items });
    if (written === 'written') {
      await ports.submitQueue.send([groupMessage(group)]);
      return { kind: 'taken', group, isNew: true };
    }
    ahead = await ports.groups.get(name);
    // Another copy of the request was faster, or another request.
    if (ahead?.array !== undefined) return repeated(ports, ahead, ahead.array, part.fingerprint);
  }
  throw contended(name);
}

async function repeated(
  { submitQueue }: Pick<ArrayPorts, 'submitQueue'>,
  group: Group,
  array: ArrayPart,
  fingerprint: string,
): Promise<TakenArray> {
  if (array.fingerprint !== fingerprint) {
    const conflict = `The key belongs to ${group.groupId}, whose request had another body.`;
    return { kind: 'refused', problem: problem('idempotency_conflict', '/idempotencyKey', conflict) };
  }
  if (array.isMade !== true) await submitQueue.send([groupMessage(group)]);
  return { kind: 'taken', group, isNew: false };
}
