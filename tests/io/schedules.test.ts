/** Many schedules of one minute: each is one job, and what that costs. */
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { inTurns } from '../../application/repair/due-items.ts';
import { fireDueSchedules } from '../../application/schedule/fire.ts';
import type { Schedule } from '../../domain/schedule/schedule.ts';
import type { Outgoing } from '../../io/aws/queues.ts';
import { systemRandom } from '../../io/process/random.ts';
import { dueIndex } from '../../io/table/due.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { scheduleStore } from '../../io/table/schedules.ts';
import { table } from '../../io/table/table.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { NOW } from '../support/jobs.ts';
import { createJobsTable, TABLE } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  cloud = await setUp();
  await createJobsTable(cloud.dynamodb);
});
afterEach(() => cloud.close());

const MINUTE_MS = 60_000;
const COUNT = 300;
const TENANTS = 10;

const nightly = (n: number): Schedule => ({
  tenantId: `tenant-${n % TENANTS}`,
  scheduleId: `nightly-${n}`,
  cron: '1 9 * * *',
  timeZone: 'UTC',
  job: { jobType: 'report.render', input: {} },
  overlap: 'allow',
  catchUp: 'latest',
  catchUpSeconds: 86_400,
  jitterSeconds: 0,
  version: 1,
  decidedUntil: NOW,
  nextAt: NOW + MINUTE_MS,
  dueAt: NOW + MINUTE_MS,
  recent: [],
  createdAt: NOW,
  changedAt: NOW,
});

test('three hundred schedules of one minute are one job and one write each, and few calls', async () => {
  const calls: string[] = [];
  cloud.dynamodb.middlewareStack.add(
    (next, { commandName = '' }) =>
      (given) => {
        calls.push(commandName.replace('Command', ''));
        return next(given);
      },
    { step: 'initialize' },
  );
  const db = DynamoDBDocumentClient.from(cloud.dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const items = table(db, TABLE, systemRandom);
  const sent: Outgoing[] = [];
  const ports = {
    due: dueIndex(items),
    schedules: scheduleStore(items),
    jobs: jobStore(items),
    frontQueue: { send: async (messages: readonly Outgoing[]) => void sent.push(...messages) },
    clock: { nowMs: () => NOW + 10_000 },
    log: { info: () => undefined, error: () => undefined },
  };
  await Promise.all(Array.from({ length: COUNT }, (_, n) => ports.schedules.create(nightly(n))));
  const byMs = NOW + 10_000 + MINUTE_MS;
  const run = async () => {
    const counts = [];
    for await (const batch of inTurns(ports, { byMs, surveyUntilMs: byMs })) {
      const due = batch.flatMap((item) => (item.kind === 'schedule' ? [item] : []));
      counts.push((await fireDueSchedules(ports, due, byMs)).count);
    }
    return counts;
  };

  calls.length = 0;
  expect(await run()).toEqual([100, 100, 100]);
  const keys = sent.map(({ body }) => JSON.parse(body).idempotencyKey);
  expect(new Set(keys).size).toBe(COUNT);
  expect(sent).toHaveLength(COUNT);
  // A hundred items in one read, and twenty-five in one call of writes.
  expect(calls.filter((call) => call === 'BatchGetItem')).toHaveLength(COUNT / 100);
  expect(calls.filter((call) => call === 'BatchExecuteStatement')).toHaveLength(COUNT / 25);
  expect(calls.filter((call) => ['PutItem', 'UpdateItem'].includes(call))).toEqual([]);
  expect(await run()).toEqual([]);
});

test('one that an earlier version has put beside its tenant is found, changed and put off where it is', async () => {
  const db = DynamoDBDocumentClient.from(cloud.dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const items = table(db, TABLE, systemRandom);
  const schedules = scheduleStore(items);
  const name = { tenantId: 'acme', scheduleId: 'nightly' };
  const here = { pk: 'SCHEDULES#acme', sk: 'SCHEDULE#nightly' };
  const there = { pk: 'TENANT#acme', sk: 'SCHEDULE#nightly' };
  const former = { ...nightly(0), ...name };
  await schedules.create(former);
  const { pk: _, sk: __, ...row } = (await items.get(here)) ?? {};
  await items.removeAll([here]);
  await items.put(there, row);

  expect(await schedules.get(name)).toEqual(former);
  expect(await schedules.list('acme')).toEqual([former]);
  const next = { ...former, version: 2, cron: '2 9 * * *' };
  expect(await schedules.replace(former, next)).toBe('written');
  expect(await schedules.replace(former, next)).toBe('lost');
  expect(await schedules.get(name)).toEqual(next);
  expect(await items.get(here)).toBeUndefined();
  const { shards, due, postponeFailed } = dueIndex(items);
  const pages = await Promise.all(shards.map((shard) => due(shard, NOW + 2 * MINUTE_MS)));
  const [found, ...more] = pages.flatMap((page) => page.due);
  expect([found, more]).toMatchObject([{ kind: 'schedule', schedule: name, key: there }, []]);
  expect(found && (await postponeFailed(found, NOW + 2 * MINUTE_MS))).toMatchObject({ count: 1 });
});
