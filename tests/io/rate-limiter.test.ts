import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { pacedBatch } from '../../application/batch/paced-batch.ts';
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { PacingClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { type RateLimiter, rateLimiter } from '../../io/table/rate-limiter.ts';
import { table as tableOver } from '../../io/table/table.ts';
import type { ApiRequest } from '../../local/aws.ts';
import { openTables } from '../../local/dynamodb/tables.ts';
import { startGateway } from '../../local/gateway.ts';
import { NOW } from '../support/jobs.ts';

jest.setTimeout(60_000);

const TABLE = 'jobs';
const CALLS_PER_SECOND = 40;
const BATCH = 10;

/** A real table behind a real connection, which keeps account of what reaches it and can lose answers. */
async function startTable() {
  const tables = openTables();
  const reached: string[] = [];
  let answersToLose = 0;
  const handle = async (request: ApiRequest) => {
    reached.push(request.headers['x-amz-target']?.split('.')[1] ?? '');
    const response = await tables.handle(request);
    const lost = answersToLose > 0;
    answersToLose -= lost ? 1 : 0;
    return { ...response, lost };
  };
  const gateway = await startGateway({
    port: 0,
    services: { dynamodb: { protocol: 'json', handle } },
    report: (line) => reached.push(line),
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: gateway.endpoint, region: 'us-east-1', credentials });
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  const db = DynamoDBDocumentClient.from(client);
  return {
    rateLimiter: (clock: PacingClock, maxWaitMs = 2000): RateLimiter =>
      rateLimiter(tableOver(db, TABLE, systemRandom), { callsPerSecond: CALLS_PER_SECOND, maxWaitMs, clock }),
    /** The calls since the account was last taken, those whose condition failed included. */
    account: () => reached.splice(0),
    loseAnswers: (count: number) => {
      answersToLose = count;
    },
    forget: () => db.send(new DeleteCommand({ TableName: TABLE, Key: { pk: 'PACE', sk: 'BATCH' } })),
    close: async () => {
      client.destroy();
      await gateway.close();
      tables.close();
    },
  };
}

let table: Awaited<ReturnType<typeof startTable>>;
beforeEach(async () => {
  table = await startTable();
  table.account();
});
afterEach(() => table.close());

/**
 * Time stops while any task works. When all wait it jumps to the first appointment, and as far beyond as timers are
 * late, so that several go on at once.
 */
function turningClock(workers = 1, lateMs = () => 0) {
  let nowMs = NOW;
  let working = workers;
  const waiting = new Map<() => void, number>();
  const rest = () => {
    working -= 1;
    if (working > 0 || waiting.size === 0) return;
    nowMs = Math.max(nowMs, Math.min(...waiting.values()) + lateMs());
    for (const [go, atMs] of waiting) {
      if (atMs > nowMs) continue;
      waiting.delete(go);
      working += 1;
      go();
    }
  };
  const waitUntil = (atMs: number) =>
    new Promise<void>((go) => {
      waiting.set(go, atMs);
      rest();
    });
  return { nowMs: () => nowMs, waitUntil, leave: rest };
}

const ask = { tenantId: 'acme', weight: 1 };

/** When each of the calls may go, after now. */
async function turnsOf(limiter: RateLimiter, calls: number): Promise<readonly (number | 'full')[]> {
  const reservations = await Promise.all(Array.from({ length: calls }, () => limiter.reserve(ask)));
  return reservations.map((reservation) => (reservation.kind === 'at' ? reservation.atMs - NOW : 'full'));
}

describe('a Lambda alone', () => {
  test('makes one write for a batch of calls: the first ever, the next, and one long after', async () => {
    const clock = turningClock();
    const limiter = table.rateLimiter(clock);
    expect(await turnsOf(limiter, 4)).toEqual([0, 25, 50, 75]);
    expect(table.account()).toEqual(['BatchGetItem', 'PutItem']);
    expect(await turnsOf(limiter, 2)).toEqual([100, 125]);
    expect(table.account()).toEqual(['UpdateItem']);
    await clock.waitUntil(NOW + 90_000);
    expect(await turnsOf(limiter, 1)).toEqual([90_000]);
    expect(table.account()).toEqual(['UpdateItem']);
  });
});

describe('five Lambdas that each make a call now and then', () => {
  test('lose one write each, to learn of the others, and none after that', async () => {
    const clock = turningClock();
    const limiters = Array.from({ length: 5 }, () => table.rateLimiter(clock));
    const writes: number[] = [];
    for (let call = 0; call < 40; call++) {
      await clock.waitUntil(NOW + call * 50);
      const [limiter] = limiters.slice(call % 5);
      await limiter?.reserve(ask);
      writes.push(table.account().filter((action) => action !== 'BatchGetItem').length);
    }
    expect(writes.filter((count) => count > 1)).toHaveLength(5);
    expect(writes.slice(10)).toEqual(Array(30).fill(1));
  });

  test('read no more when one of them goes on alone', async () => {
    const clock = turningClock();
    const [first, second] = [table.rateLimiter(clock), table.rateLimiter(clock)];
    for (const limiter of [first, second, first, first, first]) {
      table.account();
      await limiter.reserve(ask);
    }
    expect(table.account()).toEqual(['UpdateItem']);
  });
});

describe('a full limiter', () => {
  test('costs nothing to be told of again', async () => {
    const clock = turningClock();
    const limiter = table.rateLimiter(clock, 100);
    await turnsOf(limiter, BATCH);
    await turnsOf(limiter, 1);
    table.account();
    expect(await turnsOf(limiter, 1)).toEqual(['full']);
    expect(table.account()).toEqual([]);
  });

  test('opens to all when an operator removes the item that a wrong clock left', async () => {
    const clock = turningClock();
    await turnsOf(table.rateLimiter({ ...clock, nowMs: () => NOW + 3_600_000 }), 1);
    const limiter = table.rateLimiter(clock);
    expect(await turnsOf(limiter, 1)).toEqual(['full']);
    await table.forget();
    expect(await turnsOf(table.rateLimiter(clock), 1)).toEqual([0]);
  });
});

test.each([
  ['the first', 0],
  ['one behind others', 1],
])(
  'reservations whose write lost its answer are the reservations that were written: %s',
  async (_, before) => {
    const limiter = table.rateLimiter(turningClock());
    if (before > 0) await turnsOf(limiter, before);
    table.loseAnswers(1);
    expect(await turnsOf(limiter, 2)).toEqual([25 * before, 25 * before + 25]);
    expect(await turnsOf(limiter, 1)).toEqual([25 * before + 50]);
  },
);

const BATCHES = 3;
const MAX_LATE_MS = 60;

/** Several Lambdas with a backlog: each takes reservations for a batch, makes its calls, and goes on with the next. */
async function backlog(lambdas: number, lateMs: () => number, { maxWaitMs = 2000, betweenMs = 0 }) {
  const clock = turningClock(lambdas, lateMs);
  const starts: number[] = [];
  const work = async () => {
    const limiter = table.rateLimiter(clock, maxWaitMs);
    for (let left = BATCHES * BATCH; left > 0; ) {
      const calls = Math.min(BATCH, left);
      const reservations = await Promise.all(Array.from({ length: calls }, () => limiter.reserve(ask)));
      const given = reservations.flatMap((reservation) =>
        reservation.kind === 'at' ? [reservation.atMs] : [],
      );
      left -= given.length;
      for (const atMs of given.toSorted((a, b) => a - b)) {
        await clock.waitUntil(atMs);
        starts.push(clock.nowMs());
      }
      const [refused] = reservations.filter((reservation) => reservation.kind === 'full');
      if (refused !== undefined) await clock.waitUntil(Math.max(refused.retryAtMs, clock.nowMs() + 10));
      await clock.waitUntil(clock.nowMs() + betweenMs);
    }
    clock.leave();
  };
  await Promise.all(Array.from({ length: lambdas }, work));
  return starts.toSorted((a, b) => a - b);
}

describe('several Lambdas', () => {
  test('do not make up for the time without calls', async () => {
    const clock = turningClock();
    const [one, other] = [table.rateLimiter(clock), table.rateLimiter(clock)];
    await turnsOf(one, 1);
    await turnsOf(other, 1);
    await turnsOf(one, 1);
    await clock.waitUntil(NOW + 90_000);
    expect(await turnsOf(one, 2)).toEqual([90_000, 90_025]);
  });

  test('never start more calls in a second than the limiter and one batch, and leave none of it unused', async () => {
    const lambdas = fc.integer({ min: 2, max: 5 });
    const late = fc.array(fc.nat(MAX_LATE_MS), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(lambdas, late, fc.constantFrom(100, 2000), async (lambdas, late, maxWaitMs) => {
        await table.forget();
        let waits = 0;
        const starts = await backlog(lambdas, () => late[waits++ % late.length] ?? 0, { maxWaitMs });
        for (const [i, startMs] of starts.entries()) {
          const next = starts[i + CALLS_PER_SECOND + BATCH] ?? Number.POSITIVE_INFINITY;
          expect(next - startMs).toBeGreaterThanOrEqual(1000);
        }
        expect(starts).toHaveLength(lambdas * BATCHES * BATCH);
        // All that is lost is what the timers were late, at most once for each batch that was given its reservations at once.
        if (maxWaitMs < 1000) return;
        const budgetMs = (starts.length / CALLS_PER_SECOND) * 1000;
        expect(Math.max(...starts) - NOW).toBeLessThanOrEqual(budgetMs + (BATCHES + 1) * MAX_LATE_MS);
      }),
      { numRuns: 4 },
    );
  });
});

describe('calls to AWS Batch at the shared rateLimiter', () => {
  /** Says what is called and when, and does nothing. */
  function recorder(clock: PacingClock) {
    const called: string[] = [];
    const note = (name: string) => called.push(`${name} at ${clock.nowMs() - NOW}`);
    const batch: BatchPort = {
      submit: async () => {
        note('submit');
        return { kind: 'accepted', runId: 'batch-job' };
      },
      listByName: async (jobQueue, name) => {
        note(`list ${jobQueue} ${name}`);
        return ['batch-job'];
      },
      describe: async (ids) => {
        note(`describe ${ids}`);
        return new Map();
      },
      terminate: async (id, reason) => {
        note(`terminate ${id} ${reason}`);
      },
    };
    return { batch, called };
  }
  const request: SubmitRequest = {
    jobName: 'job',
    jobQueue: 'queue',
    jobDefinition: 'definition',
    parameters: {},
    containerOverrides: { environment: [] },
    timeout: { attemptDurationSeconds: 60 },
    shareIdentifier: 'acme',
    schedulingPriorityOverride: 100,
    tags: {},
    propagateTags: true,
  };

  test('each look-up and each ending waits for its reservation', async () => {
    const clock = turningClock();
    const { batch, called } = recorder(clock);
    const paced = pacedBatch(batch, table.rateLimiter(clock), clock);
    expect(await paced.listByName('queue', 'name')).toEqual(['batch-job']);
    await paced.terminate('batch-job', 'because');
    expect(await paced.describe(['a', 'b'])).toEqual(new Map());
    expect(called).toEqual([
      'list queue name at 0',
      'terminate batch-job because at 25',
      'describe a,b at 50',
    ]);
  });

  test('a submission goes at once, since its reservation was taken for its tenant', async () => {
    const clock = turningClock();
    const { batch, called } = recorder(clock);
    const limiter = table.rateLimiter(clock);
    await turnsOf(limiter, BATCH);
    table.account();
    const outcome = await pacedBatch(batch, limiter, clock).submit(request);
    expect(outcome).toEqual({ kind: 'accepted', runId: 'batch-job' });
    expect({ called, writes: table.account() }).toEqual({ called: ['submit at 0'], writes: [] });
  });

  test('a full limiter is waited for once', async () => {
    const clock = turningClock();
    const { batch, called } = recorder(clock);
    await turnsOf(table.rateLimiter(clock), BATCH);
    await pacedBatch(batch, table.rateLimiter(clock, 100), clock).terminate('batch-job', 'because');
    expect(called).toEqual(['terminate batch-job because at 250']);
  });

  test('a limiter that others fill meanwhile is an error, and nothing is called', async () => {
    const clock = turningClock();
    const { batch, called } = recorder(clock);
    await turnsOf(table.rateLimiter(clock), BATCH);
    const overtaken = {
      ...clock,
      waitUntil: async (atMs: number) => {
        await clock.waitUntil(atMs);
        await turnsOf(table.rateLimiter(clock), BATCH);
      },
    };
    const paced = pacedBatch(batch, table.rateLimiter(clock, 100), overtaken);
    await expect(paced.terminate('batch-job', 'because')).rejects.toThrow(
      'The rate limit of AWS Batch calls is used up',
    );
    expect(called).toEqual([]);
  });

  test('no call waits for hours because a clock is wrong', async () => {
    const clock = turningClock();
    const { batch } = recorder(clock);
    await turnsOf(table.rateLimiter({ ...clock, nowMs: () => NOW + 3_600_000 }), 1);
    const paced = pacedBatch(batch, table.rateLimiter(clock), clock);
    await expect(paced.listByName('queue', 'name')).rejects.toThrow('used up');
    expect(clock.nowMs() - NOW).toBeLessThanOrEqual(10_000);
  });
});
