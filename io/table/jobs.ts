/**
 * The jobs in the table: record once, read, and change on the condition that the record is unchanged.
 *
 * Each change is decided by `domain/` as a whole next record, and this store writes the difference. So there is one
 * write with one condition, and a repeat of it finds another version.
 */
import type { JobRecord } from '../../domain/job/job.ts';
import { Tombstone } from '../../domain/job/tombstone.ts';
import { attributesOf, recordOf } from './job-attributes.ts';
import { idInKey, readRow, readRows } from './rows.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface JobStore {
  /** Records a job unless its id is taken; then the item with that id is the answer. */
  create(job: JobRecord): Promise<Created>;
  /** Records a job in place of the tombstone with its id. `lost`: another handler did. */
  createOver(tombstone: Tombstone, job: JobRecord): Promise<'written' | 'lost'>;
  /** Leaves a tombstone unless there is a job or a tombstone. */
  leaveTombstone(tombstone: Tombstone): Promise<'written' | 'lost'>;
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

export function jobStore(items: Table): JobStore {
  return {
    async create(job) {
      // Idempotent: a repeat finds the item.
      const stored = await items.insert(jobKey(job.jobId), attributesOf(job));
      if (stored === undefined) return { kind: 'created' };
      if (isTombstone(stored)) return { kind: 'tombstone', tombstone: readRow(Tombstone, stored) };
      return { kind: 'exists', job: recordOf(stored) };
    },

    createOver(tombstone, job) {
      // Idempotent: a repeat finds a job in place of the tombstone.
      const change = { from: attributesOfTombstone(tombstone), to: attributesOf(job) };
      return items.change(jobKey(job.jobId), change, { untilMs: tombstone.untilMs });
    },

    async leaveTombstone(tombstone) {
      // Idempotent: a repeat finds the item.
      const stored = await items.insert(jobKey(tombstone.jobId), attributesOfTombstone(tombstone));
      return stored === undefined ? 'written' : 'lost';
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
      const change = { from: attributesOf(seen), to: attributesOf(next) };
      return items.change(jobKey(seen.jobId), change, { version: seen.version });
    },
  };
}

function jobOf(item: Attributes): JobRecord | undefined {
  return isTombstone(item) ? undefined : recordOf(item);
}

const isTombstone = (item: Attributes): boolean => item['tombstone'] === true;

function jobKey(jobId: string): Key {
  return { pk: `JOB#${jobId}`, sk: 'JOB' };
}

function attributesOfTombstone(tombstone: Tombstone): Attributes {
  return { ...tombstone, expiresAt: Math.ceil(tombstone.untilMs / 1000) };
}
