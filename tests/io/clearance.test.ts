/** What jobs have left goes before their records do, from the real table and bucket, whatever dies on the way. */
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type ClearancePorts, clearing } from '../../application/repair/clearance.ts';
import { PERIOD_MS } from '../../domain/job/clearance.ts';
import { tenantObjects } from '../../io/aws/tenant-objects.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { clearanceStore } from '../../io/table/operation/clearance.ts';
import type { Table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const BUCKET = 'headgate-clearance';
const DAYS = { succeeded: 90, failed: 180, cancelled: 90, expired: 90 };
/** The bucket says when an object came by the real clock. */
const CAME_AT = Date.now();
let cloud: Awaited<ReturnType<typeof setUp>>;
let items: Table;
beforeEach(async () => {
  cloud = await setUp();
  items = await createJobsTable(cloud.dynamodb);
  await cloud.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const tenantId of ['acme', 'globex']) await tenantStore(items).put({ tenantId, status: 'active' });
});
afterEach(() => cloud.close());

const idOf = (name: string) => `job_${name.repeat(26).slice(0, 26)}`;
const folderOf = (tenantId: string, name: string) => `tenants/${tenantId}/results/${idOf(name)}/`;
const put = (Key: string) => cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));

async function jobOf(tenantId: string, name: string, change: object = {}): Promise<void> {
  const stream = { attempt: 1, runId: 'a-run', endedAt: CAME_AT, logStream: `${name}/default/1` };
  await jobStore(items).create({
    ...aJob(),
    jobId: idOf(name),
    tenantId,
    createdAt: CAME_AT,
    state: 'succeeded',
    settled: true,
    dueAt: undefined,
    endedAttempts: [stream],
    expiresAt: Math.ceil((CAME_AT + 90 * DAY_MS) / 1000),
    ...change,
  });
  await put(`${folderOf(tenantId, name)}a-run-1/result.json`);
}

async function furnish(): Promise<void> {
  for (const name of ['a', 'b', 'c']) await jobOf('acme', name);
  await jobOf('globex', 'd');
  await jobOf('globex', 'e', { state: 'failed', expiresAt: Math.ceil((CAME_AT + 180 * DAY_MS) / 1000) });
  await jobOf('globex', 'f', { settled: false, expiresAt: undefined, dueAt: CAME_AT });
  await jobOf('globex', 'g', {
    endedAttempts: [{ attempt: 1, runId: 'lambda:run', endedAt: CAME_AT, logStream: 's' }],
  });
  await put(`${folderOf('acme', 'h')}a-run-1/of-a-record-that-is-gone.json`);
  await put('tenants/acme/inputs/n.csv');
}

const objects = async () =>
  ((await cloud.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? []).map(({ Key }) => Key);

/** @param dies called after each call of a port; throws when the process is to die there */
function opened(dies: (call: string) => void = () => undefined) {
  const removed: string[] = [];
  const events: string[] = [];
  const time = { nowMs: CAME_AT };
  const dying = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const call: unknown = Reflect.get(target, name);
        if (typeof call !== 'function') return call;
        return async (...given: unknown[]) => {
          const answer: unknown = await call.apply(target, given);
          dies(String(name));
          return answer;
        };
      },
    });
  const ports: ClearancePorts = {
    clearance: dying(clearanceStore(items)),
    tenants: dying(tenantStore(items)),
    // So that a tenant has several pages.
    lists: dying({ page: (range, _, after) => jobLists(items).page(range, 2, after) }),
    jobs: dying(jobStore(items)),
    workerLogs: dying({ remove: async (stream: string) => void removed.push(stream) }),
    tenantObjects: dying(tenantObjects(cloud.s3, BUCKET)),
    retentionDays: DAYS,
    clock: { nowMs: () => time.nowMs },
    log: { info: (event) => void events.push(event), error: () => undefined },
  };
  return { ports, removed, events, time, clear: clearing(ports) };
}

const days = (count: number) => CAME_AT + count * DAY_MS;
const kept = [
  'tenants/acme/inputs/n.csv',
  ...['e', 'f'].map((name) => `${folderOf('globex', name)}a-run-1/result.json`),
];

test('nothing goes while no record is about to', async () => {
  await furnish();
  const { clear, removed, time } = opened();
  const before = await objects();
  time.nowMs = days(79);
  await clear(days(79) + 1);
  expect([removed, await objects()]).toEqual([[], before]);
});

test('logs and objects go by the final state, and what is not over, not settled, or sent by the tenant stays', async () => {
  await furnish();
  const { clear, removed, time } = opened();
  time.nowMs = days(85);
  await clear(Number.MAX_SAFE_INTEGER);
  expect(removed.toSorted()).toEqual(['a', 'b', 'c', 'd'].map((name) => `${name}/default/1`));
  expect((await objects()).toSorted()).toEqual(kept.toSorted());
});

test('the days of a failed job are its own', async () => {
  await furnish();
  const { clear, removed, time } = opened();
  time.nowMs = days(175);
  await clear(Number.MAX_SAFE_INTEGER);
  expect(removed).toContain('e/default/1');
  expect(await objects()).not.toContain(kept.find((key) => key.includes(idOf('e'))));
});

test('a walk begins a week after the one before, and no earlier', async () => {
  const { clear, ports, time } = opened();
  for (const [atMs, beganAt] of [
    [days(85), days(85)],
    [days(85) + PERIOD_MS - 1, days(85)],
    [days(85) + PERIOD_MS, days(85) + PERIOD_MS],
  ] as const) {
    time.nowMs = atMs;
    await clear(Number.MAX_SAFE_INTEGER);
    expect(await ports.clearance.get()).toMatchObject({ step: 'over', beganAt });
  }
});

test('a process that has no time left leaves the rest to the next one', async () => {
  await furnish();
  const { clear, ports, time, removed } = opened();
  time.nowMs = days(85);
  let looks = 0;
  // The time is over at each second look.
  const short = clearing({ ...ports, clock: { nowMs: () => (++looks % 4 === 0 ? days(86) : days(85)) } });
  for (let runs = 0; runs < 40; runs++) await short(days(85) + 1);
  await clear(Number.MAX_SAFE_INTEGER);
  expect(new Set(removed).size).toBe(4);
  expect((await objects()).toSorted()).toEqual(kept.toSorted());
});

test('a process may die after any call, and the next one goes on', async () => {
  await furnish();
  let calls = 0;
  let deaths = 0;
  const { clear, removed, time } = opened(() => {
    // One call later each time.
    if (++calls > deaths) {
      calls = 0;
      deaths++;
      throw new Error('dies');
    }
  });
  time.nowMs = days(85);
  let isOver = false;
  while (!isOver)
    await clear(Number.MAX_SAFE_INTEGER).then(
      () => (isOver = true),
      (error: Error) => expect(error.message).toBe('dies'),
    );
  expect(deaths).toBeGreaterThanOrEqual(8);
  expect([...new Set(removed)].toSorted()).toEqual(['a', 'b', 'c', 'd'].map((name) => `${name}/default/1`));
  expect((await objects()).toSorted()).toEqual(kept.toSorted());
});

test('of two processes the slower one stops', async () => {
  await furnish();
  const [one, other] = [opened(), opened()];
  for (const { time } of [one, other]) time.nowMs = days(85);
  await Promise.all([one.clear(Number.MAX_SAFE_INTEGER), other.clear(Number.MAX_SAFE_INTEGER)]);
  expect(await one.ports.clearance.get()).toMatchObject({ step: 'over' });
  expect((await objects()).toSorted()).toEqual(kept.toSorted());
});
