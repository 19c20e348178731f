/** The cost of DynamoDB's writes. dynalite 4.0.0 counts the units of the table, without those of its indexes. */
import { createRequire } from 'node:module';
import * as z from 'zod';
import { ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import type { RowStore } from './rows.ts';
import type { Space } from './space.ts';

type IndexStore = Pick<RowStore, 'getIndexDb'>;
type Row = Readonly<Record<string, unknown>>;

const { capacityUnits }: { capacityUnits(item: Row | undefined, isRead: boolean): number } = createRequire(
  import.meta.url,
)('dynalite/db');

const Consumed = z.looseObject({ TableName: z.string(), CapacityUnits: z.number() });
type Consumed = z.infer<typeof Consumed>;
const Answer = z.looseObject({ ConsumedCapacity: z.union([Consumed, z.array(Consumed)]) });

export interface IndexMeter<S> {
  /** The same store with a counter of index writes. One meter for each call. */
  readonly store: S;
  /** Adds the count to the consumed capacity of the answer. */
  addTo(answer: unknown, detail: 'TOTAL' | 'INDEXES'): unknown;
}

/** @param times how often each write is counted: twice in a transaction */
export function meterIndexes<S extends IndexStore>(store: S, times = 1): IndexMeter<S> {
  const written: { readonly kind: string; table: string; index: string; units: number }[] = [];
  const getIndexDb: IndexStore['getIndexDb'] = (kind, table, index) =>
    counted(store.getIndexDb(kind, table, index), (units) =>
      written.push({ kind, table, index, units: times * units }),
    );

  const complete = (consumed: Consumed, detail: 'TOTAL' | 'INDEXES'): Consumed => {
    const here = written.filter(({ table }) => table === consumed.TableName);
    const ofKind = (wanted: string) => {
      const some = here.filter(({ kind }) => kind === wanted);
      if (detail === 'TOTAL' || some.length === 0) return {};
      const byIndex = Map.groupBy(some, ({ index }) => index);
      const entries = [...byIndex].map(([index, units]) => [index, { CapacityUnits: sum(units) }]);
      return { [`${wanted}SecondaryIndexes`]: Object.fromEntries(entries) };
    };
    const CapacityUnits = consumed.CapacityUnits + sum(here);
    return { ...consumed, CapacityUnits, ...ofKind('Local'), ...ofKind('Global') };
  };

  return {
    store: Object.create(store, { getIndexDb: { value: getIndexDb } }),
    addTo(answer, detail) {
      const parsed = Answer.safeParse(answer);
      if (!parsed.success) return answer;
      const { ConsumedCapacity } = parsed.data;
      return {
        ...parsed.data,
        ConsumedCapacity: Array.isArray(ConsumedCapacity)
          ? ConsumedCapacity.map((consumed) => complete(consumed, detail))
          : complete(ConsumedCapacity, detail),
      };
    },
  };
}

const sum = (some: readonly { readonly units: number }[]) =>
  some.reduce((total, { units }) => total + units, 0);

/**
 * dynalite puts an index row at each write of its item. DynamoDB writes nothing when no attribute of the row changes,
 * and twice when its key does: the deletion of the old row and the new row.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
function counted(rows: Space, count: (units: number) => void): Space {
  return Object.create(rows, {
    put: {
      value: ((key, row, done) =>
        rows.get(key, (_, old) => {
          if (JSON.stringify(old) !== JSON.stringify(row)) {
            count(Math.max(capacityUnits(row, false), capacityUnits(old, false)));
          }
          rows.put(key, row, done);
        })) satisfies Space['put'],
    },
    del: {
      value: ((key, done) =>
        rows.get(key, (_, old) => {
          count(capacityUnits(old, false));
          rows.del(key, done);
        })) satisfies Space['del'],
    },
  });
}

const WRITES = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'BatchExecuteStatement',
  'TransactWriteItems',
]);

/**
 * Answers a call and reports the units of a write, also when the caller did not ask; then the answer does not show
 * them.
 *
 * @param took not called for reads, nor for writes that are refused before they touch an item
 */
export async function metered(
  request: ApiRequest,
  handle: (request: ApiRequest) => Promise<ApiResponse>,
  took: (writeUnits: number) => void,
): Promise<ApiResponse> {
  if (!WRITES.has(request.headers['x-amz-target']?.split('.')[1] ?? '')) return handle(request);
  const asked = !['NONE', undefined].includes(request.body['ReturnConsumedCapacity']?.toString());
  const asking = asked ? request : { ...request, body: { ...request.body, ReturnConsumedCapacity: 'TOTAL' } };
  const response = await handle(asking).catch((error) => {
    // At least: AWS charges by the size of the item that did not meet the condition.
    if (error instanceof ApiError && error.name === 'ConditionalCheckFailedException') took(1);
    throw error;
  });
  const answer = Answer.safeParse(response.body);
  if (!answer.success) return response;
  const { ConsumedCapacity, ...rest } = answer.data;
  took([ConsumedCapacity].flat().reduce((total, { CapacityUnits }) => total + CapacityUnits, 0));
  return asked ? response : { ...response, body: rest };
}
