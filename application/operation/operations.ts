/** Operations, as operators start, read and cancel them. */
import { operationMessage } from '../../domain/batch/messages.ts';
import { problem } from '../../domain/errors.ts';
import { OperationId } from '../../domain/job/ids.ts';
import {
  cancelled,
  type Operation,
  type Started,
  started,
  type Work,
} from '../../domain/operation/operation.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import { operationIdOf } from '../job/identity.ts';
import { notFound, type Refused } from '../resources/refused.ts';

export interface StartPorts {
  readonly operations: Pick<OperationStore, 'create'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

export interface Asked extends Omit<Started, 'operationId'> {
  /** Of the operator: a repeat of the request finds the operation of the first one. */
  readonly requestKey: string;
}

export type StartedOperation =
  | { readonly kind: 'created' | 'replayed'; readonly operation: Operation }
  | Refused;

/**
 * Its record first: if the message is lost, reconcile finds the operation. Until its first slice is done a repeat sends the
 * message again, which has the same effect once.
 */
export async function startOperation(
  { operations, submitQueue, clock }: StartPorts,
  { requestKey, ...asked }: Asked,
): Promise<StartedOperation> {
  const made = started({ ...asked, operationId: operationIdOf(requestKey) }, clock.nowMs());
  const before = await operations.create(made);
  if (before !== undefined && !isSame(before, made)) {
    const expected = 'Expected the request that this key was first sent with.';
    return { kind: 'refused', problem: problem('idempotency_conflict', '/Idempotency-Key', expected) };
  }
  const operation = before ?? made;
  if (operation.version === made.version) await submitQueue.send([operationMessage(operation)]);
  return { kind: before === undefined ? 'created' : 'replayed', operation };
}

/** Without its end, which is the moment of the request where none was asked for. */
function isSame(before: Started, asked: Started): boolean {
  const textOf = ({ work, perSecond, most }: Started) =>
    JSON.stringify([sorted({ ...work, sinceMs: 0, untilMs: 0 }), perSecond, most]);
  return textOf(before) === textOf(asked);
}

function sorted(work: Work): unknown {
  // What was not asked for is undefined here and absent in the record.
  const given = Object.entries(work).filter(([, value]) => value !== undefined);
  return given.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** @returns undefined for an id that has no operation */
export async function operationOf(
  { operations }: { readonly operations: Pick<OperationStore, 'get'> },
  operationId: string,
): Promise<Operation | undefined> {
  return OperationId.safeParse(operationId).success ? operations.get(operationId) : undefined;
}

export interface OperationListPorts {
  readonly operations: Pick<OperationStore, 'list'>;
}

export interface CancelOperationPorts {
  readonly operations: Pick<OperationStore, 'get' | 'replace'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
}

/**
 * What was done stays done. The slice that may be under way is done to its end, lest a process that died in it left a half: the
 * message asks for that. If it is lost, reconcile sends another. A repeat changes nothing.
 */
export async function cancelOperation(
  ports: CancelOperationPorts,
  operationId: string,
): Promise<{ readonly kind: 'cancelled'; readonly operation: Operation } | Refused> {
  for (;;) {
    const seen = await operationOf(ports, operationId);
    if (seen === undefined) return notFound;
    const next = cancelled(seen, ports.clock.nowMs());
    if (next === undefined) return { kind: 'cancelled', operation: seen };
    if ((await ports.operations.replace(seen, next)) === 'lost') continue;
    await ports.submitQueue.send([operationMessage(next)]);
    return { kind: 'cancelled', operation: next };
  }
}
