/**
 * Reading the index `dueInTurn`: the items that reconcile must look at. It is a hint: the item itself is read before
 * anything is done.
 *
 * Items that an earlier version has written are in the index `due`, without their tenants, until their next change.
 */
import * as z from 'zod';
import type { RollName } from '../../domain/due/roll.ts';
import type { GroupName } from '../../domain/group/group.ts';
import { DUE_SHARDS, dueShard } from '../../domain/job/identity.ts';
import type { ScheduleName } from '../../domain/schedule/schedule.ts';
import type { DeliveryName } from '../../domain/webhook/delivery.ts';
import { deliveryKey, parseDeliveryKey } from './deliveries.ts';
import { parseRollKey, rollKey, sliceIdOf } from './due/rolls.ts';
import { behind, dueAttributes, endOfMinute, groupOf, parseTurn } from './due/turns.ts';
import { groupKey, parseGroupKey } from './group/groups.ts';
import { operationKey, parseOperationKey } from './operation/operations.ts';
import { parseScheduleKey, scheduleKey } from './schedules.ts';
import type { Attributes, Key, Page, Position, Table } from './table.ts';

export interface DueIndex {
  /** Those of `SET_ASIDE` have the items that were set aside. */
  readonly shards: readonly string[];
  /** The items of one shard that are due by the end of that minute, in order of minute and group, a page at a time. */
  due(shard: string, byMs: number, from?: DueStart): Promise<DuePage>;
  /**
   * Moves an item that could not be worked on to a later time, which is further away with each failure in a row. After the
   * fifth it is set aside: it is due every hour, in a shard of its own.
   *
   * @returns how many times in a row it has failed; undefined when it was changed or moved meanwhile
   */
  postponeFailed(item: Due, nowMs: number): Promise<Failures | undefined>;
  /** Returns an item that was set aside, and could be worked on, to its own shard. */
  restore(item: Due): Promise<void>;
  /**
   * Takes an item out of the index that has no time any more. An earlier version leaves such items, because it does not know
   * of the index.
   */
  remove(item: Due): Promise<void>;
}

/** Where a page begins; absent: with the item that is due first. */
export type DueStart =
  | { readonly kind: 'after'; readonly position: Position }
  /** Behind all items of the group, however many there are. */
  | { readonly kind: 'behind'; readonly group: string };

export interface Failures {
  readonly count: number;
  readonly isSetAside: boolean;
}

/** An item of the index. Its `dueAt` is that of the index, which lags. */
export type Due = {
  readonly dueAt: number;
  readonly isSetAside: boolean;
  /** Items of one shard, minute, tenant and kind are one group. */
  readonly group: string;
  /** Absent where the index does not tell it. */
  readonly tenantId?: string;
} & Subject;

export type Subject =
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'roll'; readonly roll: RollName }
  | { readonly kind: 'delivery'; readonly delivery: DeliveryName }
  | { readonly kind: 'gate'; readonly tenantId: string }
  /** `key`: of a row that lies where an earlier version has put it. */
  | { readonly kind: 'schedule'; readonly schedule: ScheduleName; readonly key?: Key }
  | { readonly kind: 'operation'; readonly operationId: string }
  | { readonly kind: 'group'; readonly jobGroup: GroupName }
  /** Of a newer version, or of a key that was edited by hand. */
  | { readonly kind: 'unknown'; readonly key: Key };

export interface DuePage {
  readonly due: readonly Due[];
  /** Absent on the last page. */
  readonly next?: Position;
}

const ASIDE = 'aside';
/** A shard of the earlier index, and all of its items as one group. */
const EARLIER = 'earlier';
const isEarlier = (shard: string): boolean => shard.startsWith(EARLIER);

/** Items that failed again and again. An operator finds them here: `headgate reconcile --set-aside`. */
export const SET_ASIDE: readonly string[] = [ASIDE, `${EARLIER} ${ASIDE}`];

const OWN = Array.from({ length: DUE_SHARDS }, (_, shard) => String(shard));
const PAGE = 100;
const Item = z.object({ pk: z.string(), sk: z.string(), dueTurn: z.string() });
const EarlierItem = z.object({ pk: z.string(), sk: z.string(), dueAt: z.number() });

export function dueIndex(items: Table): DueIndex {
  return {
    shards: [...OWN, ...OWN.map((shard) => `${EARLIER} ${shard}`), ...SET_ASIDE],

    async due(shard, byMs, from) {
      if (isEarlier(shard)) return earlierDue(items, shard, byMs, from);
      const start = from?.kind === 'behind' ? behind(from.group) : FIRST;
      const page = await items.query({
        index: 'dueInTurn',
        condition: 'dueSlice = :slice AND dueTurn BETWEEN :start AND :end',
        values: { ':slice': shard, ':start': start, ':end': endOfMinute(byMs) },
        limit: PAGE,
        after: from?.kind === 'after' ? from.position : undefined,
      });
      return { ...nextOf(page), due: page.items.map((item) => dueOf(shard, Item.parse(item), byMs)) };
    },

    async postponeFailed(item, nowMs) {
      const key = keyOf(item);
      const stored = await items.get(key);
      const dueAt = stored?.['dueAt'];
      if (stored === undefined || typeof dueAt !== 'number' || dueAt > item.dueAt) return undefined;
      const failures = afterFailure(failuresOf(stored), nowMs);
      const laterMs = nowMs + waitAfter(failures.count);
      const tenantId = item.tenantId ?? String(stored['tenantId'] ?? '');
      const kind = item.kind === 'roll' ? 'job' : item.kind;
      const { dueSlice, dueTurn } = dueAttributes(idOf(item), { kind, tenantId, dueAt: laterMs });
      // Idempotent: a repeat finds another dueAt, and so does a handler that was faster.
      const held = await items.update(key, {
        update:
          'SET dueAt = :dueAt, dueSlice = :slice, dueTurn = :turn, dueFailures = :failures REMOVE dueShard',
        condition: 'dueAt = :seen',
        values: {
          ':dueAt': laterMs,
          ':slice': isSetAside(failures) ? ASIDE : dueSlice,
          ':turn': dueTurn,
          ':failures': failures,
          ':seen': dueAt,
        },
      });
      return held ? { count: failures.count, isSetAside: isSetAside(failures) } : undefined;
    },

    async restore(item) {
      // Idempotent: a repeat sets the same shard. An item that is settled has none.
      const shard = item.group === EARLIER ? 'dueShard' : 'dueSlice';
      await items.update(keyOf(item), {
        update: `SET ${shard} = :shard REMOVE dueFailures`,
        condition: `attribute_exists(${shard}) AND attribute_exists(dueFailures)`,
        values: { ':shard': dueShard(idOf(item)) },
      });
    },

    async remove(item) {
      // Idempotent: a repeat finds nothing to remove. An item that is due again by now has a time.
      await items.update(keyOf(item), {
        update: 'REMOVE dueSlice, dueTurn, dueShard',
        condition: 'attribute_exists(pk) AND attribute_not_exists(dueAt)',
      });
    },
  };
}

/** Before every turn: those begin with a digit. */
const FIRST = '#';

async function earlierDue(
  items: Table,
  shard: string,
  byMs: number,
  from: DueStart | undefined,
): Promise<DuePage> {
  // Behind the one group there is nothing.
  if (from?.kind === 'behind') return { due: [] };
  const page = await items.query({
    index: 'due',
    condition: 'dueShard = :shard AND dueAt <= :by',
    values: { ':shard': shard.slice(EARLIER.length + 1), ':by': byMs },
    limit: PAGE,
    after: from?.position,
  });
  const due = page.items.map((item): Due => {
    const { dueAt, ...key } = EarlierItem.parse(item);
    return { dueAt, isSetAside: SET_ASIDE.includes(shard), group: EARLIER, ...subjectOf(key) };
  });
  return { ...nextOf(page), due };
}

const nextOf = ({ next }: Page) => (next === undefined ? {} : { next });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SET_ASIDE_AFTER = 5;
/** A failure that is older has nothing to do with the next one: the longest wait, and the time until a run comes by. */
const FORGOTTEN_AFTER_MS = 2 * HOUR_MS;

const StoredFailures = z.object({ count: z.int().positive(), atMs: z.number() });
type StoredFailures = z.infer<typeof StoredFailures>;

const failuresOf = (item: Attributes) => StoredFailures.safeParse(item['dueFailures']).data;

function afterFailure(before: StoredFailures | undefined, nowMs: number): StoredFailures {
  const isRecent = before !== undefined && nowMs - before.atMs < FORGOTTEN_AFTER_MS;
  return { count: (isRecent ? before.count : 0) + 1, atMs: nowMs };
}

const isSetAside = ({ count }: StoredFailures): boolean => count >= SET_ASIDE_AFTER;

/** One minute, two, four, eight; then an hour. */
function waitAfter(count: number): number {
  return count >= SET_ASIDE_AFTER ? HOUR_MS : MINUTE_MS * 2 ** (count - 1);
}

/** An item whose turn cannot be read counts as due: its row says when it is. */
function dueOf(shard: string, { pk, sk, dueTurn }: z.infer<typeof Item>, byMs: number): Due {
  const isSetAside = shard === ASIDE;
  const turn = parseTurn(dueTurn);
  if (turn === undefined) return { dueAt: byMs, isSetAside, group: dueTurn, ...subjectOf({ pk, sk }) };
  const { dueAt, tenantId } = turn;
  return { dueAt, isSetAside, group: groupOf(turn), tenantId, ...subjectOf({ pk, sk }) };
}

function subjectOf(key: Key): Subject {
  const [kind, id = ''] = key.pk.split('#');
  if (kind === 'JOB' && key.sk === 'JOB') return { kind: 'job', jobId: id };
  if (kind === 'TENANT' && key.sk === 'GATE') return { kind: 'gate', tenantId: id };
  const roll = parseRollKey(key);
  if (roll !== undefined) return { kind: 'roll', roll };
  const operationId = parseOperationKey(key);
  if (operationId !== undefined) return { kind: 'operation', operationId };
  const schedule = parseScheduleKey(key);
  if (schedule !== undefined)
    return { kind: 'schedule', schedule, ...(key.pk === scheduleKey(schedule).pk ? {} : { key }) };
  const group = parseGroupKey(key);
  if (group !== undefined) return { kind: 'group', jobGroup: group };
  const delivery = parseDeliveryKey(key);
  return delivery === undefined ? { kind: 'unknown', key } : { kind: 'delivery', delivery };
}

/** The key of its row, for an operator. */
export function rowName(item: Due): string {
  const { pk, sk } = keyOf(item);
  return `${pk} ${sk}`;
}

function keyOf(item: Due): Key {
  switch (item.kind) {
    case 'job':
      return { pk: `JOB#${item.jobId}`, sk: 'JOB' };
    case 'roll':
      return rollKey(item.roll);
    case 'gate':
      return { pk: `TENANT#${item.tenantId}`, sk: 'GATE' };
    case 'delivery':
      return deliveryKey(item.delivery);
    case 'schedule':
      return item.key ?? scheduleKey(item.schedule);
    case 'operation':
      return operationKey(item.operationId);
    case 'group':
      return groupKey(item.jobGroup);
    case 'unknown':
      return item.key;
  }
}

/** What its shard is made of. */
function idOf(item: Due): string {
  switch (item.kind) {
    case 'job':
      return item.jobId;
    case 'roll':
      return sliceIdOf(item.roll);
    case 'gate':
      return item.tenantId;
    case 'delivery':
      return item.delivery.webhookId;
    case 'schedule':
      return `${item.schedule.tenantId} ${item.schedule.scheduleId}`;
    case 'operation':
      return item.operationId;
    case 'group':
      return `${item.jobGroup.tenantId} ${item.jobGroup.groupId}`;
    case 'unknown':
      return item.key.pk;
  }
}
