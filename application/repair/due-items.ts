/** The items that are due, the most overdue first, whatever shard they are in; and those that cannot be worked on. */
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Due, DueIndex } from '../../io/table/due.ts';
import type { Position } from '../../io/table/table.ts';
import { apart } from '../apart.ts';

export interface DueItemPorts {
  readonly due: DueIndex;
  readonly clock: Clock;
  readonly log: Log;
}

/** AWS Batch describes, and DynamoDB reads, this many in one call. */
const BATCH = 100;

interface Shard {
  readonly name: string;
  items: readonly Due[];
  after?: Position | undefined;
  hasMore: boolean;
}

/**
 * In batches. One shard's backlog does not keep the others waiting, because the oldest items come first; a shard that cannot
 * be read is left to the next run.
 */
export async function* oldestFirst(
  ports: Pick<DueItemPorts, 'due' | 'log'>,
  byMs: number,
): AsyncGenerator<readonly Due[]> {
  const shards = ports.due.shards.map((name): Shard => ({ name, items: [], hasMore: true }));
  let batch: Due[] = [];
  for (;;) {
    // Of each shard the next item must be known, or one that is older could be passed over.
    if (shards.some(isUnknown)) await readMore(ports, shards.filter(isUnknown), byMs);
    const item = takeOldest(shards);
    if (item !== undefined) batch.push(item);
    if (item !== undefined && batch.length < BATCH) continue;
    if (batch.length > 0) yield batch;
    if (item === undefined) return;
    batch = [];
  }
}

const isUnknown = ({ items, hasMore }: Shard): boolean => items.length === 0 && hasMore;

async function readMore(
  { due, log }: Pick<DueItemPorts, 'due' | 'log'>,
  shards: readonly Shard[],
  byMs: number,
): Promise<void> {
  const { done, failed } = await apart(shards, ({ name, after }) => due.due(name, byMs, after));
  for (const { item: shard, result } of done) {
    shard.items = result.due;
    shard.after = result.next;
    shard.hasMore = result.next !== undefined;
  }
  for (const { item: shard, error } of failed) {
    shard.hasMore = false;
    log.error('reconcile:read:failed', { error, why: `shard ${shard.name}` });
  }
}

function takeOldest(shards: readonly Shard[]): Due | undefined {
  const [first] = shards.toSorted((a, b) => headOf(a) - headOf(b));
  const [item, ...rest] = first?.items ?? [];
  if (first !== undefined) first.items = rest;
  return item;
}

const headOf = ({ items: [first] }: Shard): number => first?.dueAt ?? Number.MAX_SAFE_INTEGER;

/** An item that cannot be worked on must not stop the others, nor be the first of every run. Never throws. */
export async function postponeFailed(ports: DueItemPorts, item: Due, error: unknown): Promise<void> {
  const facts = factsOf(item);
  ports.log.error('reconcile:item:failed', { ...facts, error });
  const { done, failed } = await apart([item], (one) => ports.due.postponeFailed(one, ports.clock.nowMs()));
  for (const { result } of done)
    if (result?.isSetAside === true)
      ports.log.error('reconcile:item:set_aside', { ...facts, error, count: result.count });
  // It stays due, and the next run finds it again.
  for (const one of failed) ports.log.error('reconcile:postpone:failed', { ...facts, error: one.error });
}

function factsOf(item: Due) {
  switch (item.kind) {
    case 'job':
      return { jobId: item.jobId };
    case 'gate':
      return { tenantId: item.tenantId };
    case 'delivery':
      return { tenantId: item.delivery.tenantId, endpointId: item.delivery.endpointId };
    case 'unknown':
      return {};
  }
}
