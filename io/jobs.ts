/**
 * The jobs in the table. Three calls: record once, read, and change on the condition that nobody changed it since.
 *
 * Every change is decided by `domain/` as a whole next record; this file writes the difference. So there is one write
 * with one condition, and it is safe to run twice because the second finds another version.
 */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { dueShard } from '../domain/identity.ts';
import { JobRecord } from '../domain/job.ts';
import type { Chance } from './clock.ts';

export interface JobStore {
  /** Records a job unless its id is taken; then the record that holds the id is the answer. */
  create(job: JobRecord): Promise<{ kind: 'created' } | { kind: 'exists'; job: JobRecord }>;
  /** Consistent reads, in calls of up to 100. An id without a record is absent from the map. */
  load(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobRecord>>;
  get(jobId: string): Promise<JobRecord | undefined>;
  /** Puts `next` in place of `seen`. `lost` means somebody else changed the record: read again and decide again. */
  replace(seen: JobRecord, next: JobRecord): Promise<'written' | 'lost'>;
}

const MAX_BATCH_GET = 100;

export function jobStore(db: DynamoDBDocumentClient, tableName: string, chance: Chance): JobStore {
  const get = async (jobId: string) => {
    const { Item } = await db.send(
      new GetCommand({ TableName: tableName, Key: jobKey(jobId), ConsistentRead: true }),
    );
    return Item;
  };

  return {
    async create(job) {
      const by = chance.token();
      const Item = { ...jobKey(job.jobId), ...attributesOf(job), by };
      try {
        // Twice: the second put finds the record and answers with it.
        await db.send(
          new PutCommand({ TableName: tableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
        return { kind: 'created' };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      const stored = await get(job.jobId);
      if (stored === undefined) throw new Error('The record that held this job id is gone');
      return stored['by'] === by ? { kind: 'created' } : { kind: 'exists', job: JobRecord.parse(stored) };
    },

    async load(jobIds) {
      const found = new Map<string, JobRecord>();
      let keys = [...new Set(jobIds)].map(jobKey);
      while (keys.length > 0) {
        const request = { Keys: keys.splice(0, MAX_BATCH_GET), ConsistentRead: true };
        const answer = await db.send(new BatchGetCommand({ RequestItems: { [tableName]: request } }));
        for (const item of answer.Responses?.[tableName] ?? []) {
          const job = JobRecord.parse(item);
          found.set(job.jobId, job);
        }
        // DynamoDB answers 16 MB at most and hands back what did not fit.
        const left = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
        keys = [...keys, ...left.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }))];
      }
      return found;
    },

    async get(jobId) {
      const item = await get(jobId);
      return item === undefined ? undefined : JobRecord.parse(item);
    },

    async replace(seen, next) {
      const by = chance.token();
      const update = difference({ ...attributesOf(seen), by: undefined }, { ...attributesOf(next), by });
      try {
        await db.send(
          new UpdateCommand({
            TableName: tableName,
            Key: jobKey(seen.jobId),
            ...update.expression,
            // Twice: the first raises the version, so the second cannot pass.
            ConditionExpression: '#version = :seenVersion',
            ExpressionAttributeNames: { ...update.names, '#version': 'version' },
            ExpressionAttributeValues: { ...update.values, ':seenVersion': seen.version },
          }),
        );
        return 'written';
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      // The SDK repeats a write whose answer was lost, and then the repetition loses against ourselves: `by` tells.
      const stored = await get(seen.jobId);
      return stored?.['by'] === by ? 'written' : 'lost';
    },
  };
}

export function jobKey(jobId: string): { pk: string; sk: string } {
  return { pk: `JOB#${jobId}`, sk: 'JOB' };
}

type Attributes = Readonly<Record<string, unknown>>;

/** The index `due` is sparse: its shard attribute exists exactly while the job has a `dueAt`. */
function attributesOf(job: JobRecord): Attributes {
  return { ...job, dueShard: job.dueAt === undefined ? undefined : dueShard(job.jobId) };
}

/** An update expression that turns one set of attributes into the other, naming only what differs. */
export function difference(seen: Attributes, next: Attributes) {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const set: string[] = [];
  const remove: string[] = [];
  for (const name of new Set([...Object.keys(seen), ...Object.keys(next)])) {
    if (JSON.stringify(seen[name]) === JSON.stringify(next[name])) continue;
    names[`#${name}`] = name;
    if (next[name] === undefined) {
      remove.push(`#${name}`);
    } else {
      values[`:${name}`] = next[name];
      set.push(`#${name} = :${name}`);
    }
  }
  const parts = [
    set.length > 0 ? `SET ${set.join(', ')}` : '',
    remove.length > 0 ? `REMOVE ${remove.join(', ')}` : '',
  ];
  return { expression: { UpdateExpression: parts.filter((part) => part !== '').join(' ') }, names, values };
}
