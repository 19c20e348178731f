/** Reading the `due` index: which jobs the sweep must look at. A hint only: the record itself is read again before acting. */
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';

export interface DueIndex {
  /** Ids of the jobs of one shard that are due by then, the longest overdue first, a page at a time. */
  dueJobs(shard: string, byMs: number, after?: DuePosition): Promise<DuePage>;
}

export interface DuePage {
  readonly jobIds: readonly string[];
  /** Absent on the last page. */
  readonly next?: DuePosition;
}

/** Where the next page starts; only `dueJobs` looks inside. */
export type DuePosition = Readonly<Record<string, unknown>>;

const PAGE = 100;
const Keys = z.object({ pk: z.string().startsWith('JOB#'), sk: z.literal('JOB') });

export function dueIndex(db: DynamoDBDocumentClient, tableName: string): DueIndex {
  return {
    async dueJobs(shard, byMs, after) {
      const { Items = [], LastEvaluatedKey } = await db.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :shard AND dueAt <= :by',
          ExpressionAttributeValues: { ':shard': shard, ':by': byMs },
          ExclusiveStartKey: after,
          Limit: PAGE,
        }),
      );
      const jobIds = Items.map((item) => Keys.parse(item).pk.slice('JOB#'.length));
      return { jobIds, ...(LastEvaluatedKey === undefined ? {} : { next: LastEvaluatedKey }) };
    },
  };
}
