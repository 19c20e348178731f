/**
 * The jobs in the table: record once, read, and change on the condition that the record is unchanged.
 *
 * Each change is decided by `domain/` as a whole next record, and this store writes the difference. So there is one
 * write with one condition, and a repeat of it finds another version.
 */
import * as z from 'zod';
import type { JobRecord } from '../../domain/job/job.ts';
import { isWhole, joined, split, type WholeJob } from '../../domain/job/parts.ts';
import { otherPartsUntil, partsUntilOf } from '../../domain/job/retention.ts';
import { endOf, StoredTombstone, type Tombstone, tombstoneOf } from '../../domain/job/tombstone.ts';
import { attributesOf, changeOf, recordOf } from './job-attributes.ts';
import { attributesOfParts, partsOf } from './job-parts.ts';
import { idInKey, RowUnreadable, readRow, readRows } from './rows.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface JobStore {
  /** Records a job unless its id is taken; then the item with that id is the answer. */
  create(job: WholeJob): Promise<Created>;
  /** Records a job in place of the tombstone that held its id. `lost`: another process was faster. */
  createOver(tombstone: Tombstone, job: WholeJob): Promise<'written' | 'lost'>;
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
  /** The record with its parts, which are read if they are in an item of their own. @throws RowUnreadable */
  whole(job: JobRecord): Promise<WholeJob>;
  /**
   * Puts `next` in place of `seen`, and before it the time of its parts, if that is another one. `lost`: the record was changed
   * meanwhile; read again and decide again.
   */
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
      const record = await writeParts(items, job);
      // Idempotent: a repeat finds the item.
      const stored = await items.insert(jobKey(job.jobId), attributesOf(record));
      if (stored === undefined) return { kind: 'created' };
      if (isTombstone(stored)) return { kind: 'tombstone', tombstone: tombstoneIn(stored) };
      return { kind: 'exists', job: recordOf(stored) };
    },

    async createOver(tombstone, job) {
      const record = await writeParts(items, job);
      // Idempotent: a repeat finds a job where the tombstone was.
      const change = { from: asStored(tombstone), to: attributesOf(record) };
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

    async whole(job) {
      if (isWhole(job)) return job;
      const key = partsKey(job);
      const item = await items.get(key);
      if (item === undefined) throw new RowUnreadable(`${key.pk} ${key.sk}`, 'parts');
      return joined(job, partsOf(item));
    },

    async replace(seen, next) {
      const { partsUntil } = next;
      // Before the record, which is read to find its parts: after it no step would come back. Idempotent: a repeat writes the same time.
      if (partsUntil !== undefined && partsUntil !== seen.partsUntil)
        await setPartsUntil(items, next, partsUntil);
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

/**
 * The parts are written before the record, so a record never marks parts that are not there. Their key has the hash of the
 * request: a repeat writes the same to the same place, and a message with another body under the same key writes elsewhere.
 * After a crash, parts without a record are left; when the message comes again they are its parts.
 *
 * @returns the record to be written
 */
async function writeParts(items: Table, job: WholeJob): Promise<JobRecord> {
  const { record, parts } = split(job);
  if (parts === undefined) return record;
  const partsUntil = partsUntilOf(job);
  // Idempotent: a repeat finds the item, which has the same content.
  const there = await items.insert(partsKey(job), {
    ...attributesOfParts(parts),
    // Not in the index of its jobs, which takes only what has `createdAt`, too.
    tenantId: job.tenantId,
    expiresAt: partsUntil,
  });
  if (there === undefined) return { ...record, partsUntil };
  const marked = { ...record, partsUntil: readRow(Expiring, there).expiresAt };
  // Those of a job that is gone may be about to follow it.
  const later = otherPartsUntil(marked);
  if (later === undefined) return marked;
  if (await setPartsUntil(items, job, later)) return { ...marked, partsUntil: later };
  return writeParts(items, job);
}

const Expiring = z.object({ expiresAt: z.int() });

/** Idempotent: a repeat writes the same time. @returns false: there are none */
const setPartsUntil = (items: Table, job: Pick<JobRecord, 'jobId' | 'fingerprint'>, until: number) =>
  items.update(partsKey(job), {
    update: 'SET expiresAt = :at',
    condition: 'attribute_exists(pk)',
    values: { ':at': until },
  });

export function partsKey({ jobId, fingerprint }: Pick<JobRecord, 'jobId' | 'fingerprint'>): Key {
  return { pk: jobKey(jobId).pk, sk: `PARTS#${fingerprint}` };
}

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
