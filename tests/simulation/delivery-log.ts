/** The log of deliveries, as readers and operators ask for it. */
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { DeliveryLog } from '../../io/table/deliveries.ts';
import { type Run, read } from './faults.ts';
import type { Process } from './world.ts';

export function virtualDeliveryLog(
  run: Run,
  process: Process,
  deliveries: ReadonlyMap<string, Delivery>,
): DeliveryLog {
  const sortKey = ({ at, webhookId }: Pick<Delivery, 'at' | 'webhookId'>) => `${at}#${webhookId}`;
  const inRange = (
    { tenantId, endpointId }: Pick<Delivery, 'tenantId' | 'endpointId'>,
    fromMs: number,
    toMs: number,
  ) =>
    [...deliveries.values()]
      .filter((row) => row.tenantId === tenantId && row.endpointId === endpointId)
      .filter(({ at }) => Date.parse(at) >= fromMs && Date.parse(at) <= toMs)
      .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  return {
    async *between(endpoint, fromMs, toMs) {
      yield* await read(run, process, undefined, () => inRange(endpoint, fromMs, toMs));
    },
    page: (endpoint, { fromMs, toMs }, limit, after) =>
      read(run, process, undefined, () => {
        const rest = inRange(endpoint, fromMs, toMs)
          .toReversed()
          .filter((row) => after === undefined || sortKey(row) < sortKey(after));
        const rows = rest.slice(0, limit);
        const last = rows.at(-1);
        return {
          rows,
          examined: rows.length,
          ...(rest.length > limit && last !== undefined ? { next: last } : {}),
        };
      }),
    tries: async ({ last }) => (last === undefined ? [] : [last]),
  };
}
