/**
 * The items that are due, shared among tenants, and those that cannot be worked on.
 *
 * A flood of one tenant's items delays no other tenant's: the shards are surveyed first, with one query for what is due of
 * a tenant in a minute, however much that is. Then each tenant has a few items of each kind in its turn.
 */
import { ItemsSetAside } from '../../domain/metrics/catalogue.ts';
import { one } from '../../domain/metrics/metric.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Due, DueIndex, DueStart } from '../../io/table/due.ts';
import { apart } from '../apart.ts';

export interface DueItemPorts {
  readonly due: DueIndex;
  readonly clock: Clock;
  readonly log: Log;
}

/** AWS Batch describes, and DynamoDB reads, this many in one call. */
const BATCH = 100;
/** A tenant's items of one kind that are taken before the next tenant's; and of a group that the survey has passed over. */
const TURN = 25;

/** What is due in one shard of one tenant, minute and kind. */
interface Group {
  readonly shard: string;
  readonly name: string;
  items: readonly Due[];
  /** Where the items begin that are not read yet. */
  rest?: DueStart | undefined;
}

export interface DueOptions {
  readonly byMs: number;
  /** When the survey ends, whether or not it has seen all groups: they are taken in the order of their age. */
  readonly surveyUntilMs: number;
}

/**
 * In batches. Within a tenant and kind the most overdue items come first, whatever shard they are in. A shard that cannot
 * be read is left to the next run.
 */
export async function* inTurns(
  ports: DueItemPorts,
  { byMs, surveyUntilMs }: DueOptions,
): AsyncGenerator<readonly Due[]> {
  const surveyed = await apart(ports.due.shards, (shard) => survey(ports, shard, { byMs, surveyUntilMs }));
  for (const { item, error } of surveyed.failed) logUnread(ports, item, error);
  const groups = surveyed.done.flatMap(({ result }) => result).toSorted((a, b) => headOf(a) - headOf(b));
  let lanes = [...Map.groupBy(groups, laneOf).values()];
  let batch: Due[] = [];
  while (lanes.length > 0) {
    for (const lane of lanes) {
      for (let taken = 0; taken < TURN; taken++) {
        const item = await takeOldest(ports, lane, byMs);
        if (item === undefined) break;
        if (sizeOf(batch) + sizeOf([item]) > BATCH) {
          yield batch;
          batch = [];
        }
        batch.push(item);
      }
    }
    lanes = lanes.filter((lane) => lane.length > 0);
  }
  if (batch.length > 0) yield batch;
}

/** How many jobs and other items. */
const sizeOf = (items: readonly Due[]): number =>
  items.reduce((sum, item) => sum + (item.kind === 'roll' ? item.roll.jobIds.length : 1), 0);

async function survey(
  { due, clock }: DueItemPorts,
  shard: string,
  { byMs, surveyUntilMs }: DueOptions,
): Promise<Group[]> {
  const groups = new Map<string, Group>();
  let from: DueStart | undefined;
  do {
    const page = await due.due(shard, byMs, from);
    for (const [name, items] of Map.groupBy(page.due, ({ group }) => group)) {
      const known = groups.get(name) ?? { shard, name, items: [] };
      groups.set(name, { ...known, items: [...known.items, ...items] });
    }
    const last = groups.get(page.due.at(-1)?.group ?? '');
    from = page.next && { kind: 'after', position: page.next };
    if (from === undefined || last === undefined || last.items.length < TURN) continue;
    last.rest = from;
    from = { kind: 'behind', group: last.name };
  } while (from !== undefined && clock.nowMs() < surveyUntilMs);
  return [...groups.values()].flatMap((group) => {
    const items = group.items.filter((item) => item.dueAt <= byMs);
    // What is read of the last minute may be due a little later.
    if (items.length < group.items.length)
      return items.length === 0 ? [] : { shard, name: group.name, items };
    return group;
  });
}

function laneOf({ items: [first] }: Group): string {
  if (first === undefined) return '';
  return `${first.tenantId ?? ''} ${first.kind === 'roll' ? 'job' : first.kind}`;
}

const headOf = ({ items: [first] }: Group): number => first?.dueAt ?? Number.MAX_SAFE_INTEGER;

/** @param lane groups with items, the one with the most overdue item first; it stays so */
async function takeOldest(ports: DueItemPorts, lane: Group[], byMs: number): Promise<Due | undefined> {
  const group = lane.shift();
  if (group === undefined) return undefined;
  const [item, ...rest] = group.items;
  group.items = rest;
  if (rest.length === 0) await readRest(ports, group, byMs);
  if (group.items.length === 0) return item;
  const next = lane.findIndex((other) => headOf(other) >= headOf(group));
  lane.splice(next < 0 ? lane.length : next, 0, group);
  return item;
}

async function readRest(ports: DueItemPorts, group: Group, byMs: number): Promise<void> {
  const { rest } = group;
  group.rest = undefined;
  if (rest === undefined) return;
  const { done, failed } = await apart([group], ({ shard }) => ports.due.due(shard, byMs, rest));
  for (const { result } of done) {
    group.items = result.due.filter((item) => item.group === group.name && item.dueAt <= byMs);
    const isWhole = group.items.length === result.due.length;
    if (isWhole && result.next !== undefined) group.rest = { kind: 'after', position: result.next };
  }
  for (const { item, error } of failed) logUnread(ports, item.shard, error);
}

function logUnread({ log }: Pick<DueItemPorts, 'log'>, shard: string, error: unknown): void {
  log.error('reconcile:read:failed', { error, why: `shard ${shard}` });
}

/**
 * An item that cannot be worked on must not stop the others, nor be the first of every run. Never throws.
 * @returns whether it has another time now
 */
export async function postponeFailed(ports: DueItemPorts, item: Due, error: unknown): Promise<boolean> {
  const facts = factsOf(item);
  ports.log.error('reconcile:item:failed', { ...facts, error });
  const { done, failed } = await apart([item], (one) => ports.due.postponeFailed(one, ports.clock.nowMs()));
  for (const { result } of done)
    if (result?.isSetAside === true)
      ports.log.error('reconcile:item:set_aside', { ...facts, error, count: result.count }, [
        one(ItemsSetAside),
      ]);
  // It stays due, and the next run finds it again.
  for (const one of failed) ports.log.error('reconcile:postpone:failed', { ...facts, error: one.error });
  return failed.length === 0;
}

function factsOf(item: Due) {
  switch (item.kind) {
    case 'job':
      return { jobId: item.jobId };
    case 'roll':
      return { tenantId: item.roll.tenantId };
    case 'gate':
      return { tenantId: item.tenantId };
    case 'delivery':
      return { tenantId: item.delivery.tenantId, endpointId: item.delivery.endpointId };
    case 'schedule':
      return { tenantId: item.schedule.tenantId, scheduleId: item.schedule.scheduleId };
    case 'operation':
      return { operationId: item.operationId };
    case 'group':
      return { tenantId: item.jobGroup.tenantId, groupId: item.jobGroup.groupId };
    case 'unknown':
      return {};
  }
}
