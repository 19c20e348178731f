/**
 * The schedules of tenants in the table: one item each, in a partition of their tenant that has nothing else. The door for tenants
 * writes there, and its role must not reach caps and endpoints, which are under `TENANT#…`.
 */
import { Schedule, ScheduleId, type ScheduleName } from '../../domain/schedule/schedule.ts';
import { dueAttributes } from './due/turns.ts';
import { type RowUnreadable, readEach, readRow } from './rows.ts';
import type { Attributes, Key, Page, Table } from './table.ts';

export interface ScheduleStore {
  /** One that was deleted a while ago may still be there. @throws RowUnreadable */
  get(name: ScheduleName): Promise<Schedule | undefined>;
  /** All of a tenant by their ids, without those that were deleted. Read consistently. */
  list(tenantId: string, onUnreadable?: (error: RowUnreadable) => void): Promise<readonly Schedule[]>;
  /** `lost`: there is one of this name. */
  create(schedule: Schedule): Promise<'written' | 'lost'>;
  /** Puts `next` in place of `seen`. `lost`: it was changed meanwhile; read again and decide again. */
  replace(seen: Schedule, next: Schedule): Promise<'written' | 'lost'>;
}

export function scheduleStore(items: Table): ScheduleStore {
  return {
    async get(name) {
      const item = (await items.get(scheduleKey(name))) ?? (await items.get(formerKey(name)));
      return item && scheduleOf(name.tenantId, item);
    },

    async list(tenantId, onUnreadable = raise) {
      const found = new Map<string, Schedule>();
      // What is in the partition of now has the last word.
      for (const pk of [`TENANT#${tenantId}`, partitionOf(tenantId)]) {
        let after: Page['next'];
        do {
          const page: Page = await items.query({
            condition: 'pk = :pk AND begins_with(sk, :prefix)',
            values: { ':pk': pk, ':prefix': PREFIX },
            after,
          });
          const { rows, unreadable } = readEach(page.items, (item) => scheduleOf(tenantId, item));
          for (const error of unreadable) onUnreadable(error);
          for (const schedule of rows) found.set(schedule.scheduleId, schedule);
          after = page.next;
        } while (after !== undefined);
      }
      return [...found.values()]
        .filter(({ deletedAt }) => deletedAt === undefined)
        .toSorted((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
    },

    async create(schedule) {
      // Idempotent: a repeat finds the item.
      const stored = await items.insert(scheduleKey(schedule), attributesOf(schedule));
      return stored === undefined ? 'written' : 'lost';
    },

    async replace(seen, next) {
      // With all attributes of the index that a failure of reconcile may have changed. Idempotent: the first write raises
      // the version, so a repeat is refused.
      const from = { ...attributesOf(seen), dueSlice: '', dueTurn: '', dueAt: '' };
      const to = attributesOf(next);
      const written = await items.change(scheduleKey(seen), { from, to }, { version: seen.version });
      if (written === 'written' || (await items.get(scheduleKey(seen))) !== undefined) return written;
      // One of an earlier version stays where it is. Idempotent for the same reason.
      return items.change(formerKey(seen), { from, to }, { version: seen.version });
    },
  };
}

function raise(error: RowUnreadable): never {
  throw error;
}

const PREFIX = 'SCHEDULE#';
/** Longer than any message of a deleted schedule may be under way. */
const KEPT_DELETED_MS = 86_400_000;

const partitionOf = (tenantId: string): string => `SCHEDULES#${tenantId}`;

export function scheduleKey({ tenantId, scheduleId }: ScheduleName): Key {
  return { pk: partitionOf(tenantId), sk: `${PREFIX}${scheduleId}` };
}

/** Where earlier versions have put it. */
const formerKey = ({ tenantId, scheduleId }: ScheduleName): Key => ({
  pk: `TENANT#${tenantId}`,
  sk: `${PREFIX}${scheduleId}`,
});

/** @returns undefined for any other item */
export function parseScheduleKey({ pk, sk }: Key): ScheduleName | undefined {
  const [kind, tenantId = ''] = pk.split('#');
  if ((kind !== 'SCHEDULES' && kind !== 'TENANT') || !sk.startsWith(PREFIX)) return undefined;
  const scheduleId = ScheduleId.safeParse(sk.slice(PREFIX.length)).data;
  return scheduleId === undefined ? undefined : { tenantId, scheduleId };
}

/**
 * The name is in the key alone: with the attribute `tenantId` beside `createdAt` the item would be in the index of a tenant's
 * jobs.
 */
function attributesOf({ tenantId, scheduleId, ...schedule }: Schedule): Attributes {
  const { dueAt, deletedAt } = schedule;
  return {
    ...schedule,
    ...dueAttributes(`${tenantId} ${scheduleId}`, { kind: 'schedule', tenantId, dueAt }),
    ...(deletedAt === undefined ? {} : { expiresAt: Math.ceil((deletedAt + KEPT_DELETED_MS) / 1000) }),
  };
}

function scheduleOf(tenantId: string, item: Attributes): Schedule {
  return readRow(Schedule, { ...item, tenantId, scheduleId: String(item['sk']).slice(PREFIX.length) });
}
