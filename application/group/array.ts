/** An array is admitted, and recorded as a group whose members have yet to be made. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { dependencyProblem, nameOfGroup } from '../../domain/dependency/dependency.ts';
import { type Problem, problem } from '../../domain/errors.ts';
import { type Group, newArray } from '../../domain/group/group.ts';
import type { Circumstances } from '../../domain/request/admission.ts';
import { admitArray } from '../../domain/request/array-admission.ts';
import type { ArrayRequest } from '../../domain/request/request.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Log } from '../../io/process/log.ts';
import type { ArrayItemStore } from '../../io/table/group/array-items.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { arrayIdOf, awaitedBy, fingerprintOf } from '../job/identity.ts';

export interface ArrayPorts {
  readonly groups: Pick<GroupStore, 'get' | 'create'>;
  readonly arrayItems: Pick<ArrayItemStore, 'put'>;
  readonly submitQueue: Queue;
  readonly log: Log;
}

export type TakenArray =
  | { readonly kind: 'taken'; readonly group: Group; readonly isNew: boolean }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * The items first, then the group, then its message. A repeat finds what is there; while jobs have yet to be made it sends the
 * message again, since the first sender may have died before.
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
  if (before !== undefined) return repeated(ports, before, fingerprint);
  const impossible = dependencyProblem([nameOfGroup(name.groupId)], awaitedBy(request));
  if (impossible !== undefined) return { kind: 'refused', problem: impossible };
  const admission = admitArray(request, name.groupId, known);
  if (admission.kind === 'refused') return admission;
  const { clampedPriority } = admission;
  const part = {
    jobType,
    fingerprint,
    idempotencyKey: key,
    items: array.items.length,
    ...(clampedPriority === undefined ? {} : { clampedPriority }),
  };
  const made = newArray(name, part, known.nowMs);
  await ports.arrayItems.put({ ...name, fingerprint }, request, known.nowMs);
  const created = await ports.groups.create(made);
  ports.log.info(`group:array:${created}`, { ...name, count: part.items });
  // Another copy of the request was faster, or another request.
  if (created === 'lost') return repeated(ports, (await ports.groups.get(name)) ?? made, fingerprint);
  await ports.submitQueue.send([groupMessage(made)]);
  return { kind: 'taken', group: made, isNew: true };
}

async function repeated(
  { submitQueue }: Pick<ArrayPorts, 'submitQueue'>,
  group: Group,
  fingerprint: string,
): Promise<TakenArray> {
  if (group.array === undefined) {
    const expected = 'Expected the name of no other group, found one that was cancelled or sealed before.';
    return { kind: 'refused', problem: problem('group_sealed', '/idempotencyKey', expected) };
  }
  if (group.array.fingerprint !== fingerprint) {
    const conflict = `The key belongs to ${group.groupId}, whose request had another body.`;
    return { kind: 'refused', problem: problem('idempotency_conflict', '/idempotencyKey', conflict) };
  }
  if (group.array.isMade !== true) await submitQueue.send([groupMessage(group)]);
  return { kind: 'taken', group, isNew: false };
}
