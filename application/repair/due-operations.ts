/** Operations whose slice or message was lost. */
import { operationMessage } from '../../domain/batch/messages.ts';
import { type Operation, resumed } from '../../domain/operation/operation.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import { apart, sendApart } from '../apart.ts';
import type { Enqueued } from './due-deliveries.ts';

export interface DueOperationPorts {
  readonly operations: Pick<OperationStore, 'get' | 'replace'>;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  /** Takes an operation that erases a tenant: its caller does the slices itself, after all else. Absent: another run does. */
  readonly eraseLater?: (operation: Operation) => void;
}

/**
 * Moves `dueAt` on, then sends a message for the new version: that of the old one, if it still comes, has no effect. A process
 * that dies in between leaves the operation to a later run.
 */
export async function resumeDueOperations<Item extends { readonly operationId: string }>(
  ports: DueOperationPorts,
  items: readonly Item[],
): Promise<Enqueued<Item>> {
  const { done, failed } = await apart(items, ({ operationId }) => resumeDue(ports, operationId));
  const mine = done.flatMap(({ item, result }) => (result === undefined ? [] : [{ item, result }]));
  const unsent = await sendApart(mine, ({ result }) => [operationMessage(result)], ports.submitQueue.send);
  return {
    count: mine.length - unsent.size,
    idle: done.flatMap(({ item, result }) => (result === undefined ? [item] : [])),
    failed: [...failed, ...[...unsent].map(([{ item }, error]) => ({ item, error }))],
  };
}

/** Not ahead of time: an operation that goes on is never due. */
async function resumeDue(
  { operations, clock, eraseLater }: DueOperationPorts,
  operationId: string,
): Promise<Operation | undefined> {
  const seen = await operations.get(operationId);
  if (seen?.dueAt === undefined || seen.dueAt > clock.nowMs()) return undefined;
  if (seen.work.kind === 'erase') {
    eraseLater?.(seen);
    return undefined;
  }
  const next = resumed(seen, clock.nowMs());
  return (await operations.replace(seen, next)) === 'written' ? next : undefined;
}
