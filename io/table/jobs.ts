/**
 * The jobs in the table: record once, read, and change on the condition that nobody changed it since.
 *
 * Every change is decided by `domain/` as a whole next record, and this writes the difference. So there is one write with
 * one condition, safe to run twice because the second finds another version.
 */
import { dueShard } from '../../domain/job/identity.ts';
import { JobRecord } from '../../domain/job/job.ts';
import { Tombstone } from '../../domain/job/tombstone.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface JobStore {
  /** Records a job unless its id is taken; then what holds the id is the answer. */
  create(job: JobRecord): Promise<Created>;
  /** Records a job in place of the tombstone that held its id. `lost`: somebody else did. */
  createOver(tombstone: Tombstone, job: JobRecord): Promise<'written' | 'lost'>;
  /** Leaves a tombstone unless there is a job or a tombstone. */
  leaveTombstone(tombstone: Tombstone): Promise<'written' | 'lost'>;
  /** Consistent reads, in calls of up to 100. An id without a record, or with one we cannot read, is absent from the map. */
  load(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobRecord>>;
  get(jobId: string): Promise<JobRecord | undefined>;
  /** Puts `next` in place of `seen`. `lost` means somebody else changed the record: read again and decide again. */
  replace(seen: JobRecord, next: JobRecord): Promise<'written' | 'lost'>;
}

export type Created =
  | { readonly kind: 'created' }
  | { readonly kind: 'exists'; readonly job: JobRecord }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone };

export function jobStore(items: Table): JobStore {
  return {
    async create(job) {
      // Twice: the second finds the first.
      const stored = await items.insert(jobKey(job.jobId), attributesOf(job));
      if (stored === undefined) return { kind: 'created' };
      if (isTombstone(stored)) return { kind: 'tombstone', tombstone: Tombstone.parse(stored) };
      return { kind: 'exists', job: JobRecord.parse(stored) };
    },

    createOver(tombstone, job) {
      // Twice: the second finds a job where the tombstone was.
      const change = { from: attributesOfTombstone(tombstone), to: attributesOf(job) };
      return items.change(jobKey(job.jobId), change, { untilMs: tombstone.untilMs });
    },

    async leaveTombstone(tombstone) {
      // Twice: the second finds the first.
      const stored = await items.insert(jobKey(tombstone.jobId), attributesOfTombstone(tombstone));
      return stored === undefined ? 'written' : 'lost';
    },

    async load(jobIds) {
      const stored = await items.getAll(jobIds.map(jobKey));
      const jobs = stored.flatMap((item) => readable(item) ?? []);
      return new Map(jobs.map((job) => [job.jobId, job]));
    },

    async get(jobId) {
      const item = await items.get(jobKey(jobId));
      return item === undefined || isTombstone(item) ? undefined : JobRecord.parse(item);
    },

    replace(seen, next) {
      // Twice: the first raises the version, so the second cannot pass.
      const change = { from: attributesOf(seen), to: attributesOf(next) };
      return items.change(jobKey(seen.jobId), change, { version: seen.version });
    },
  };
}

/** One record that a newer version wrote must not stop those around it. Read by itself, it throws. */
function readable(item: Attributes): JobRecord | undefined {
  return isTombstone(item) ? undefined : JobRecord.safeParse(item).data;
}

const isTombstone = (item: Attributes): boolean => item['tombstone'] === true;

function jobKey(jobId: string): Key {
  return { pk: `JOB#${jobId}`, sk: 'JOB' };
}

/** The index `due` is sparse: its shard attribute exists exactly while the job has a `dueAt`. */
function attributesOf(job: JobRecord): Attributes {
  return { ...job, dueShard: job.dueAt === undefined ? undefined : dueShard(job.jobId) };
}

function attributesOfTombstone(tombstone: Tombstone): Attributes {
  return { ...tombstone, expiresAt: Math.ceil(tombstone.untilMs / 1000) };
}
