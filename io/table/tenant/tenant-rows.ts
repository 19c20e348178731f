/**
 * All that the table has of one tenant. It is found by reading the whole table: rows lie under the ids of jobs, of what they wait
 * for, of removed endpoints and of days, and no list names all of those.
 */
import { isFinal, JobState } from '../../../domain/job/job.ts';
import { isSharedStream } from '../../../domain/reading/failure-row.ts';
import { requestOf } from '../../../domain/reading/log-place.ts';
import type { LoggedRun } from '../../aws/logs/worker-logs.ts';
import { partsKey } from '../jobs.ts';
import type { Attributes, Key, Page, Table } from '../table.ts';
import { nameKey, tenantKey } from '../tenants.ts';

export interface TenantRows {
  /** The next page of the table, read consistently. @param after the last key that was dealt with; absent: from the start */
  page(tenantId: string, after?: Key): Promise<TenantPage>;
  /** An absent row is not an error. What the row has of other tenants stays. */
  remove(tenantId: string, rows: readonly TenantRow[]): Promise<void>;
  /** The record of a tenant that this operation has erased, and its name in the list. */
  removeRecord(tenantId: string, erasedBy: string): Promise<void>;
  /** Its schedules, which would send jobs while others are waited for. */
  removeSchedules(tenantId: string): Promise<void>;
}

export interface TenantPage {
  /** Of this tenant, without its record and without the operations that erase it. */
  readonly rows: readonly TenantRow[];
  /** How many rows of any tenant were read. */
  readonly examined: number;
  /** Absent on the last page. */
  readonly next?: Key;
}

export interface TenantRow {
  readonly key: Key;
  /** Of what belongs to the row; there need not be such a row. */
  readonly more: readonly Key[];
  /** It is a tombstone that another tenant's cancel has left, too. */
  readonly isShared: boolean;
  /** Of a job that is not over, or whose end is not told yet: its row must stay. */
  readonly openJobId?: string;
  /** The logs of containers that worked for this job alone. */
  readonly logStreams: readonly string[];
  /** Its runs on Lambda, whose logs no record names. */
  readonly runs: readonly LoggedRun[];
}

export function tenantRows(items: Table): TenantRows {
  return {
    async page(tenantId, after) {
      const { items: found, next } = await items.scan(after);
      const mine = found.filter((item) => ownersOf(item).includes(tenantId) && !staysToTheEnd(item));
      const rows = mine.map(rowOf);
      return { rows, examined: found.length, ...(next === undefined ? {} : { next }) };
    },

    async remove(tenantId, rows) {
      const own = rows.filter(({ isShared }) => !isShared);
      // Idempotent: an absent row is no error.
      if (own.length > 0) await items.removeAll(own.flatMap(({ key, more }) => [...more, key]));
      // Idempotent: a repeat finds no cancel of the tenant. A writer that has read it before finds another revision.
      for (const { key } of rows.filter(({ isShared }) => isShared))
        await items.update(key, {
          update: 'REMOVE cancels.#tenant SET revision = revision + :one',
          condition: 'attribute_exists(cancels.#tenant)',
          names: { '#tenant': tenantId },
          values: { ':one': 1 },
        });
    },

    async removeRecord(tenantId, erasedBy) {
      // The name comes last: a crash in between leaves one without a tenant, and a repeat removes it. Idempotent: a repeat finds
      // nothing, and a tenant that was made anew has no such operation.
      await items.removeIf(tenantKey(tenantId), { erasedBy });
      if ((await items.get(tenantKey(tenantId))) === undefined) await items.removeAll([nameKey(tenantId)]);
    },

    async removeSchedules(tenantId) {
      // Earlier versions have put them beside the record of the tenant.
      for (const pk of [`SCHEDULES#${tenantId}`, `TENANT#${tenantId}`]) {
        let after: Page['next'];
        do {
          const page: Page = await items.query({
            condition: 'pk = :pk AND begins_with(sk, :prefix)',
            values: { ':pk': pk, ':prefix': 'SCHEDULE#' },
            after,
          });
          if (page.items.length > 0) await items.removeAll(page.items.map(keyOf));
          after = page.next;
        } while (after !== undefined);
      }
    },
  };
}

const keyOf = ({ pk, sk }: Attributes): Key => ({ pk: String(pk), sk: String(sk) });

/** Kinds of partitions whose second word is the tenant. */
const BY_TENANT: ReadonlySet<string> = new Set([
  'TENANT',
  'GROUP',
  'ROLL',
  'ROSTER',
  'SCHEDULES',
  'WAITS',
  'WAITING',
  'DELIVERIES',
]);

/** @returns none for a row of no tenant, and for a part of a request that an earlier version has stored */
export function ownersOf(item: Attributes): readonly string[] {
  const { pk, sk } = keyOf(item);
  const [kind = '', name = ''] = pk.split('#');
  if (BY_TENANT.has(kind)) return [name];
  if (kind === 'TENANTS' || kind === 'COSTS') return [sk];
  // What waits for another's job lies beside that job, under the name of its own tenant.
  if (sk.startsWith('EDGE#') || sk.startsWith('EDGES#')) return sk.split('#').slice(1, 2);
  const { cancels } = item;
  if (typeof cancels === 'object' && cancels !== null) return Object.keys(cancels);
  return [textIn(kind === 'OPERATIONS' ? item['work'] : item, 'tenantId') ?? []].flat();
}

/** The record keeps the tenant closed until all else is gone, and the operation says who has asked for that. */
function staysToTheEnd(item: Attributes): boolean {
  const { pk, sk } = keyOf(item);
  if (pk === 'TENANTS' || (pk.startsWith('TENANT#') && sk === 'TENANT')) return true;
  return pk === 'OPERATIONS' && textIn(item['work'], 'kind') === 'erase';
}

function rowOf(item: Attributes): TenantRow {
  const key = keyOf(item);
  const isShared = ownersOf(item).length > 1;
  if (!key.pk.startsWith('JOB#') || key.sk !== 'JOB')
    return { key, more: [], isShared, logStreams: [], runs: [] };
  // As it is stored: a record that this version cannot read goes, too.
  const state = JobState.safeParse(item['state']).data;
  const isOpen = state !== undefined && !(isFinal(state) && item['settled'] === true);
  const logStreams = attemptsIn(item).flatMap((attempt) => {
    const stream = textIn(attempt, 'logStream');
    return stream === undefined || isSharedStream(textIn(attempt, 'runId')) ? [] : [stream];
  });
  const runs = attemptsIn(item).flatMap((attempt) => runOf(attempt, numberIn(item, 'createdAt') ?? 0));
  // An earlier version has stored parts without the name of their tenant.
  const fingerprint = textIn(item, 'fingerprint');
  const more =
    fingerprint === undefined ? [] : [partsKey({ jobId: key.pk.slice('JOB#'.length), fingerprint })];
  return {
    key,
    more,
    isShared,
    logStreams,
    runs,
    ...(isOpen ? { openJobId: key.pk.slice('JOB#'.length) } : {}),
  };
}

const attemptsIn = ({ endedAttempts }: Attributes): readonly unknown[] =>
  Array.isArray(endedAttempts) ? endedAttempts : [];

/** A line is stored some moments after it was printed, and what follows the end of a run is Lambda's own. */
const AFTER_END_MS = 300_000;

function runOf(attempt: unknown, createdAt: number): LoggedRun[] {
  const [runId, startedAt, endedAt] = [
    textIn(attempt, 'runId'),
    numberIn(attempt, 'startedAt'),
    numberIn(attempt, 'endedAt'),
  ];
  const asked = requestOf({ runId, startedAt }, createdAt);
  if (asked?.kind !== 'request' || endedAt === undefined) return [];
  return [{ requestId: asked.requestId, fromMs: asked.fromMs, untilMs: endedAt + AFTER_END_MS }];
}

function numberIn(value: unknown, name: string): number | undefined {
  const found = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'number' ? found : undefined;
}

function textIn(value: unknown, name: string): string | undefined {
  const found = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}
