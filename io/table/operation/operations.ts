/** Operations in the table: one item each, all in one partition, so that a list is one query. There are few. */
import { OperationId } from '../../../domain/job/ids.ts';
import { expiresAt, Operation } from '../../../domain/operation/operation.ts';
import { anyDueAttributes, dueAttributes } from '../due/turns.ts';
import { readEach, readRow } from '../rows.ts';
import type { Attributes, Key, Page, Table } from '../table.ts';

export interface OperationStore {
  /** @throws RowUnreadable */
  get(operationId: string): Promise<Operation | undefined>;
  /** The newest first, without those that this version cannot read. */
  list(): Promise<readonly Operation[]>;
  /** @returns the operation that was there before; undefined when this one was written */
  create(operation: Operation): Promise<Operation | undefined>;
  /** Puts `next` in place of `seen`. `lost`: it was changed meanwhile. */
  replace(seen: Operation, next: Operation): Promise<'written' | 'lost'>;
}

const PARTITION = 'OPERATIONS';
const PREFIX = 'OP#';

export function operationStore(items: Table): OperationStore {
  return {
    async get(operationId) {
      const item = await items.get(operationKey(operationId));
      return item && readRow(Operation, item);
    },

    async list() {
      const found: Operation[] = [];
      let after: Page['next'];
      do {
        const page = await items.query({
          condition: 'pk = :pk AND begins_with(sk, :prefix)',
          values: { ':pk': PARTITION, ':prefix': PREFIX },
          after,
        });
        found.push(...readEach(page.items, (item) => readRow(Operation, item)).rows);
        after = page.next;
      } while (after !== undefined);
      return found.toSorted((a, b) => b.createdAt - a.createdAt);
    },

    async create(operation) {
      // Idempotent: a repeat finds the item.
      const stored = await items.insert(operationKey(operation.operationId), attributesOf(operation));
      return stored && readRow(Operation, stored);
    },

    replace(seen, next) {
      // Idempotent: the first write raises the version, so a repeat is refused.
      const from = { ...attributesOf(seen), ...anyDueAttributes, dueAt: '' };
      return items.change(
        operationKey(seen.operationId),
        { from, to: attributesOf(next) },
        { version: seen.version },
      );
    },
  };
}

export const operationKey = (operationId: string): Key => ({ pk: PARTITION, sk: `${PREFIX}${operationId}` });

/** @returns undefined for any other item */
export function parseOperationKey({ pk, sk }: Key): string | undefined {
  if (pk !== PARTITION || !sk.startsWith(PREFIX)) return undefined;
  return OperationId.safeParse(sk.slice(PREFIX.length)).data;
}

/** The tenant is inside of `work`: beside `createdAt` it would put the item into the index of the tenant's jobs. */
function attributesOf(operation: Operation): Attributes {
  const { operationId, dueAt } = operation;
  return {
    ...operation,
    ...dueAttributes(operationId, { kind: 'operation', tenantId: '', dueAt }),
    expiresAt: expiresAt(operation),
  };
}
