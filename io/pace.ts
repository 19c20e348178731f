/** The budget of AWS Batch calls that all Lambdas share, as one item in the table. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import {
  afterTake,
  full,
  granted,
  nothingSeen,
  type PaceLimits,
  type Reservation,
  type Take,
  takes,
} from '../domain/pacing.ts';
import type { BatchPort } from './batch.ts';
import type { Clock, PacingClock } from './clock.ts';

export type { Reservation };

export interface Pace {
  /** One reservation for all the calls that are about to be made: one write in the usual case, whatever their number. */
  reserve(calls: number): Promise<Reservation>;
}

const KEY = { pk: 'PACE', sk: 'BATCH' };
const PaceItem = z.object({ tatMs: z.number() });

export function pace(
  db: DynamoDBDocumentClient,
  tableName: string,
  { clock, ...limits }: PaceLimits & { readonly clock: Clock },
): Pace {
  let seen = nothingSeen;
  return {
    async reserve(calls) {
      const nowMs = clock.nowMs();
      const before = seen;
      for (const take of takes(limits, calls, nowMs, before)) {
        const tatMs = await write(db, tableName, take);
        if (tatMs === undefined) continue;
        seen = afterTake(before, take, tatMs);
        return granted(limits, take, tatMs);
      }
      seen = { tatMs: await read(db, tableName), shared: true };
      return full(limits, nowMs, seen.tatMs);
    },
  };
}

/** The tat it left, or undefined when the condition did not hold. */
async function write(db: DynamoDBDocumentClient, tableName: string, take: Take): Promise<number | undefined> {
  try {
    const { Attributes } = await db.send(
      new UpdateCommand({ TableName: tableName, Key: KEY, ...update(take), ReturnValues: 'UPDATED_NEW' }),
    );
    return PaceItem.parse(Attributes).tatMs;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

function update(take: Take) {
  switch (take.kind) {
    case 'behind':
      return {
        // Twice: the second finds the tat ahead and fails. The calls are then reserved once more by `ahead`, and the
        // first share of the budget passes unused.
        UpdateExpression: 'SET tatMs = :next',
        ConditionExpression: 'attribute_not_exists(tatMs) OR tatMs <= :now',
        ExpressionAttributeValues: { ':next': take.nowMs + take.costMs, ':now': take.nowMs },
      };
    case 'ahead':
      return {
        // Twice: two shares are taken and the answer names the second; the first passes unused.
        UpdateExpression: 'SET tatMs = tatMs + :cost',
        ConditionExpression: 'tatMs > :now AND tatMs <= :latest',
        ExpressionAttributeValues: { ':cost': take.costMs, ':now': take.nowMs, ':latest': take.latestMs },
      };
  }
}

async function read(db: DynamoDBDocumentClient, tableName: string): Promise<number> {
  const { Item } = await db.send(new GetCommand({ TableName: tableName, Key: KEY, ConsistentRead: true }));
  // An operator may remove the item, to end the wait for a tat that a wrong clock left far ahead.
  return Item === undefined ? 0 : PaceItem.parse(Item).tatMs;
}

/** Longer than this a full budget is not waited for: the caller's message does better in its queue. */
const MAX_PAUSE_MS = 5000;

/**
 * The same port at the shared pace: each look-up and each ending waits for its turn.
 *
 * `submit` passes at once, since its caller reserves for a whole batch of them.
 * @throws Error when the budget is full and still full after one pause
 */
export function pacedBatch(batch: BatchPort, pace: Pace, clock: PacingClock): BatchPort {
  const turn = async () => {
    let reservation = await pace.reserve(1);
    if (reservation.kind === 'full') {
      await clock.waitUntil(Math.min(reservation.retryAtMs, clock.nowMs() + MAX_PAUSE_MS));
      reservation = await pace.reserve(1);
    }
    if (reservation.kind === 'full') throw new Error('The pace of AWS Batch calls is full');
    await clock.waitUntil(reservation.atMs(0));
  };
  return {
    submit: (request) => batch.submit(request),
    // One turn, although a look-up may read on: a name that is ours has one page.
    async listByName(jobQueue, name) {
      await turn();
      return batch.listByName(jobQueue, name);
    },
    async describe(batchJobIds) {
      // A call takes a hundred ids; a sweep asks for no more at once.
      await turn();
      return batch.describe(batchJobIds);
    },
    async terminate(batchJobId, reason) {
      await turn();
      return batch.terminate(batchJobId, reason);
    },
  };
}
