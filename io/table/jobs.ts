/**
 * The jobs in the table: record once, read, and change on the condition that the record is unchanged.
 *
 * Each change is decided by `domain/` as a whole next record, and this store writes the difference. So there is one
 * write with one condition, and a repeat of it finds another version.
 */
import type { JobRecord } from '../../domain/job/job.ts';
import { endOf, StoredTombstone, type Tombstone, tombstoneOf } from '../../domain/job/tombstone.ts';
import { attributesOf, changeOf, recordOf } from './job-attributes.ts';
import { idInKey, readRow, readRows } from './rows.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface JobStore {
  /** Records a job unless its id is taken; then the item with that id is the answer. */
  create(job: JobRecord): Promise<Created>;
  /** Records a job in place of the tombstone that held its id. `lost`: another process was faster. */
  createOver(tombstone: Tombstone, job: JobRecord): Promise<'written' | 'lost'>;
  /** Puts a tombstone in place of the one that was seen, or where there was nothing. `lost`: the id is held otherwise by now. */
  leaveTombstone(seen: Tombstone | undefined, next: Tombstone): Promise<'written' | 'lost'>;
  /** What holds the id: a job, or the tombstone of cancels that came before it. @throws RowUnreadable */
  stored(jobId: string): Promise<Stored>;
  /**
   * Consistent reads, in calls of up to 100. An id without a record is absent from the map; for one whose record cannot be
   * read, `get` of the map throws RowUnreadable.
   */
  load(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobRecord>>;
  /** @throws RowUnreadable */
  get(jobId: string): Promise<JobRecord | undefined>;
  /** Puts `next` in place of `seen`. `lost`: the record was changed meanwhile; read again and decide again. */
  replace(seen: JobRecord, next: JobRecord): Promise<'written' | 'lost'>;
}

export type Created =
  | { readonly kind: 'created' }
  | { readonly kind: 'exists'; readonly job: JobRecord }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone };

export type Stored =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'job'; readonly job: JobRecord }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone };

export function jobStore(items: Table): JobStore {
  return {
    async create(job) {
      // Idempotent: a repeat finds the item.
      const stored = await items.insert(jobKey(job.jobId), attributesOf(job));
      if (stored === undefined) return { kind: 'created' };
      if (isTombstone(stored)) return { kind: 'tombstone', tombstone: tombstoneIn(stored) };
      return { kind: 'exists', job: recordOf(stored) };
    },

    createOver(tombstone, job) {
      // Idempotent: a repeat finds a job where the tombstone was.
      const change = { from: asStored(tombstone), to: attributesOf(job) };
      return items.change(jobKey(job.jobId), change, asSeen(tombstone));
    },

    async leaveTombstone(seen, next) {
      const key = jobKey(next.jobId);
      // Idempotent: a repeat finds another revision than it has seen.
      if (seen !== undefined)
        return items.change(key, { from: asStored(seen), to: attributesOfTombstone(next) }, asSeen(seen));
      return (await items.insert(key, attributesOfTombstone(next))) === undefined ? 'written' : 'lost';
    },

    async stored(jobId) {
      const item = await items.get(jobKey(jobId));
      if (item === undefined) return { kind: 'nothing' };
      return isTombstone(item)
        ? { kind: 'tombstone', tombstone: tombstoneIn(item) }
        : { kind: 'job', job: recordOf(item) };
    },

    async load(jobIds) {
      return readRows(await items.getAll(jobIds.map(jobKey)), idInKey, jobOf);
    },

    async get(jobId) {
      const item = await items.get(jobKey(jobId));
      return item && jobOf(item);
    },

    replace(seen, next) {
      // Idempotent: the first write raises the version, so a repeat is refused.
      return items.change(jobKey(seen.jobId), changeOf(seen, next), { version: seen.version });
    },
  };
}

function jobOf(item: Attributes): JobRecord | undefined {
  return isTombstone(item) ? undefined : recordOf(item);
}

const tombstoneIn = (item: Attributes): Tombstone => tombstoneOf(readRow(StoredTombstone, item));

const isTombstone = (item: Attributes): boolean => item['tombstone'] === true;

export function jobKey(jobId: string): Key {
  return { pk: `JOB#${jobId}`, sk: 'JOB' };
}

function attributesOfTombstone(tombstone: Tombstone): Attributes {
  return { ...tombstone, expiresAt: Math.ceil(endOf(tombstone) / 1000) };
}

/** With the attributes that an older tombstone has, so that its replacement removes them. */
function asStored(tombstone: Tombstone): Attributes {
  return { tenantId: '', untilMs: 0, ...attributesOfTombstone(tombstone) };
}

/** An older tombstone has no revision, and was written once: its time names it as well. */
function asSeen(tombstone: Tombstone): Attributes {
  return tombstone.revision === 0 ? { untilMs: endOf(tombstone) } : { revision: tombstone.revision };
}
