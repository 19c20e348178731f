/** What the table must bear: records of another version of Headgate, and the largest ones. */
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fingerprintOf } from '../../application/job/identity.ts';
import { changed } from '../../domain/job/job.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { lasting, partsUntilOf } from '../../domain/job/retention.ts';
import { MAX_ATTEMPTS } from '../../domain/job/retry.ts';
import { newJob } from '../../domain/request/admission.ts';
import { parseRequest } from '../../domain/request/request.ts';
import { type JobStore, jobStore } from '../../io/table/jobs.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob, FIRST, JOB_ID, jobIn, NOW } from '../support/jobs.ts';
import { createJobsTable, TABLE } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let db: DynamoDBDocumentClient;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  db = DynamoDBDocumentClient.from(cloud.dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
});
afterEach(() => cloud.close());

const Key = { pk: `JOB#${JOB_ID}`, sk: 'JOB' };
const stored = async () => (await db.send(new GetCommand({ TableName: TABLE, Key }))).Item;
/** As a newer version would have left it. */
async function hasBeen(name: string, value: unknown): Promise<void> {
  const update = { UpdateExpression: 'SET #n = :v', ExpressionAttributeNames: { '#n': name } };
  const ExpressionAttributeValues = { ':v': value };
  await db.send(new UpdateCommand({ TableName: TABLE, Key, ...update, ExpressionAttributeValues }));
}

test('a record is stored under the names of its fields, and read as it was written', async () => {
  const claim = { runId: FIRST, try: 1 };
  const reportedFailure = { code: 'exit_code', message: 'The handler failed.' };
  const job: WholeJob = { ...aJob(), runId: FIRST, claim, hasSlot: true, reportedFailure };
  await jobs.create(job);
  expect(await stored()).toMatchObject({ runId: FIRST, claim, hasSlot: true, reportedFailure });
  expect(await jobs.get(JOB_ID)).toEqual(job);
});

test('the failure of a job is stored once, and read for the job and for its last attempt', async () => {
  const failure = { class: 'app_error', code: 'exit_code', message: 'The container ended badly.' } as const;
  const first = { attempt: 1, endedAt: NOW, failure: { ...failure, code: 'try_later' } };
  const running = jobIn('running', { endedAttempts: [first] });
  await jobs.create(running);
  const endedAttempts = [first, { attempt: 2, endedAt: NOW + 1, failure, logStream: 'log' }];
  const failed = changed(running, { state: 'failed', failure, endedAttempts }, NOW + 1);
  expect(await jobs.replace(running, failed)).toBe('written');
  expect(await stored()).toMatchObject({ failure, endedAttempts: [first, { attempt: 2, failsJob: true }] });
  expect(JSON.stringify((await stored())?.['endedAttempts'])).not.toContain('exit_code');
  const read = await jobs.get(JOB_ID);
  expect(read).toEqual(failed);
  const settled = changed(read ?? failed, { settled: true }, NOW + 2);
  expect(await jobs.replace(read ?? failed, settled)).toBe('written');
  expect(await jobs.get(JOB_ID)).toEqual(settled);
});

describe('the parts of a large request', () => {
  const large = aJob({ input: { text: 'x'.repeat(3000) } });
  const PartsKey = { pk: Key.pk, sk: `PARTS#${large.fingerprint}` };
  const parts = async () => (await db.send(new GetCommand({ TableName: TABLE, Key: PartsKey }))).Item;
  const read = async () => (await jobs.get(JOB_ID)) ?? large;
  const until = partsUntilOf(large);

  test('have their time from the start, and another one only when their record goes at another', async () => {
    await jobs.create(large);
    expect((await parts())?.['expiresAt']).toBe(until);
    const succeeded = changed(
      await read(),
      { state: 'succeeded', settled: true, expiresAt: until - 60 },
      NOW,
    );
    expect(await jobs.replace(await read(), lasting(succeeded))).toBe('written');
    expect((await parts())?.['expiresAt']).toBe(until);
    const kept = changed(await read(), { expiresAt: until + 60 }, NOW);
    expect(await jobs.replace(await read(), lasting(kept))).toBe('written');
    expect((await parts())?.['expiresAt']).toBe(until + 60);
    expect(await read()).toMatchObject({ expiresAt: until + 60, partsUntil: until + 60 });
  });

  test('of a job that still waits are kept for longer', async () => {
    await jobs.create(large);
    const waiting = changed(await read(), { dueAt: until * 1000 }, NOW);
    await jobs.replace(await read(), lasting(waiting));
    expect((await parts())?.['expiresAt']).toBeGreaterThan(until);
    expect((await read()).partsUntil).toBe((await parts())?.['expiresAt']);
  });

  test('that a record which is gone has left serve the next job of that request, and stay as long as it needs them', async () => {
    await jobs.create(large);
    await db.send(new DeleteCommand({ TableName: TABLE, Key }));
    const later = { ...large, createdAt: (until - 60) * 1000, dueAt: (until - 60) * 1000 };
    await jobs.create(later);
    expect(await jobs.whole(await read())).toMatchObject({ input: large.input });
    expect((await parts())?.['expiresAt']).toBeGreaterThan(until);
    expect((await read()).partsUntil).toBe((await parts())?.['expiresAt']);
  });
});

describe('a record that a newer version has written', () => {
  const job = aJob();
  const started = changed(job, { state: 'submitting', callOpen: true, calls: 1 }, NOW + 1);

  test('keeps the fields that this one does not know, through its changes (F57)', async () => {
    await jobs.create(job);
    await hasBeen('carbonBudget', { grams: 12 });
    const read = await jobs.get(JOB_ID);
    expect(read).toEqual(job);
    expect(await jobs.replace(job, started)).toBe('written');
    expect(await stored()).toMatchObject({ carbonBudget: { grams: 12 }, state: 'submitting', version: 2 });
  });

  test('in a state that this one does not know is left as it is (F57)', async () => {
    await jobs.create(job);
    await hasBeen('state', 'hibernating');
    await hasBeen('version', 7);
    const before = await stored();
    await expect(jobs.get(JOB_ID)).rejects.toThrow();
    await expect(jobs.create(job)).rejects.toThrow();
    expect([...(await jobs.load([JOB_ID])).values()]).toEqual([]);
    expect(await jobs.replace(job, started)).toBe('lost');
    expect(await stored()).toEqual(before);
  });
});

describe('the largest request that is accepted', () => {
  /** JSON is at its smallest, compared with an item, where it is all short numbers. */
  const bodyOf = (numbers: number) =>
    `{"specVersion":"1","tenantId":"acme","jobType":"anything.goes","input":{"n":[1${',1'.repeat(numbers - 1)}]}}`;

  function accepted(body: string): WholeJob | undefined {
    const parsed = parseRequest(body);
    if (parsed.kind !== 'submit') return undefined;
    const { request } = parsed;
    const identity = { jobId: JOB_ID, idempotencyKey: 'k', fingerprint: fingerprintOf(request) };
    return newJob(request, identity, NOW);
  }

  function largest(): WholeJob {
    let [fits, tooMany] = [1, 140_000];
    while (tooMany - fits > 200) {
      const middle = Math.floor((fits + tooMany) / 2);
      if (accepted(bodyOf(middle)) === undefined) tooMany = middle;
      else fits = middle;
    }
    const job = accepted(bodyOf(fits));
    if (job === undefined) throw new Error('Not even one number is accepted');
    return job;
  }

  test('has room on its record for the largest inline result and the longest history (F44)', async () => {
    const job = largest();
    expect((await jobs.create(job)).kind).toBe('created');
    const text = 'x'.repeat(255);
    const failure = {
      class: 'app_error',
      code: 'exit_code',
      message: text,
      reason: text,
      logStream: text,
    } as const;
    const attempt = { attempt: 1, runId: FIRST, startedAt: NOW, endedAt: NOW, failure, logStream: text };
    const { state, order, claim, runId } = jobIn('succeeded');
    const result = { inline: JSON.parse(`[1${',1'.repeat(16_383)}]`) };
    const endedAttempts = Array.from({ length: MAX_ATTEMPTS }, (_, i) => ({ ...attempt, attempt: i + 1 }));
    const over = changed(job, { state, order, claim, runId, result, endedAttempts }, NOW + 1);
    expect(await jobs.replace(job, over)).toBe('written');
    expect(await jobs.whole((await jobs.get(JOB_ID)) ?? job)).toEqual({
      ...over,
      partsUntil: partsUntilOf(job),
    });
  }, 60_000);
});
