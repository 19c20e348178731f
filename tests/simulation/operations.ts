/** Operations at the level of their port, and what must hold of each of their records. */
import { isOver, Operation } from '../../domain/operation/operation.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach, read } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualOperations {
  all(): readonly Operation[];
  nextDueMs(): number;
  portFor(process: Process): OperationStore;
}

export function virtualOperations(
  run: Run,
  index: VirtualDueIndex,
  onEnd: (operation: Operation) => void = () => undefined,
): VirtualOperations {
  const items = new Map<string, { readonly operation: Operation; readonly by: string }>();
  let tokens = 0;

  const commit = (process: Process, next: Operation, by: string) => {
    const { operationId } = next;
    // As from the real table: what the schema lets through, without what is undefined.
    const operation = Operation.parse(JSON.parse(JSON.stringify(next)));
    const before = items.get(operationId)?.operation;
    if (before !== undefined && isOver(before))
      run.violate('2.16', `${process.name} changes ${operationId}, which is ${before.state}`);
    items.set(operationId, { operation, by });
    index.note(
      { kind: 'operation', operationId },
      {
        tenantId: '',
        dueAt: () => items.get(operationId)?.operation.dueAt,
        postpone(dueAt) {
          const held = items.get(operationId);
          if (held !== undefined)
            items.set(operationId, { ...held, operation: { ...held.operation, dueAt } });
        },
      },
    );
    run.note(
      process.name,
      () => `OPERATION ${operationId} v${operation.version} ${JSON.stringify(operation)}`,
    );
    if (operation.state === 'finished') onEnd(operation);
  };

  return {
    all: () => [...items.values()].map(({ operation }) => operation),
    nextDueMs: () =>
      Math.min(...[...items.values()].map(({ operation }) => operation.dueAt ?? Number.MAX_SAFE_INTEGER)),

    portFor: (process) => ({
      get: (operationId) => read(run, process, undefined, () => items.get(operationId)?.operation),
      list: () =>
        reach(run, process, { site: 'operations.list' }, () =>
          [...items.values()].map(({ operation }) => operation).toSorted((a, b) => b.createdAt - a.createdAt),
        ),
      create: (operation) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: 'operations.create' }, () => {
          const held = items.get(operation.operationId);
          if (held !== undefined) return held.by === by ? undefined : held.operation;
          commit(process, operation, by);
          return undefined;
        });
      },
      replace: (seen, next) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: 'operations.replace' }, () => {
          const held = items.get(seen.operationId);
          if (held?.operation.version !== seen.version) return held?.by === by ? 'written' : 'lost';
          commit(process, next, by);
          return 'written';
        });
      },
    }),
  };
}
