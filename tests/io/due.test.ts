/** Items that an earlier version has written, and those that it has settled: a stage is upgraded with rows in it. */
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dueShard } from '../../domain/job/identity.ts';
import { changed } from '../../domain/job/job.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { holderOf } from '../../domain/tenant/holder.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { deliveryKey, deliveryStore } from '../../io/table/deliveries.ts';
import { type Due, dueIndex, SET_ASIDE } from '../../io/table/due.ts';
import { gateStore } from '../../io/table/gates.ts';
import { jobStore } from '../../io/table/jobs.ts';
import type { Key } from '../../io/table/table.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob, NOW } from '../support/jobs.ts';
import { createJobsTable, TABLE } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let items: Awaited<ReturnType<typeof createJobsTable>>;
beforeEach(async () => {
  cloud = await setUp();
  items = await createJobsTable(cloud.dynamodb);
});
afterEach(() => cloud.close());

const job: WholeJob = aJob({ dueAt: NOW });
const jobKey = { pk: `JOB#${job.jobId}`, sk: 'JOB' };
const delivery: Delivery = {
  tenantId: 'acme',
  endpointId: 'whe_main',
  at: new Date(NOW).toISOString(),
  webhookId: `msg_${'a'.repeat(26)}`,
  eventType: 'job.failed',
  body: '{}',
  status: 'pending',
  tries: 1,
  nextTryAt: NOW,
  dueAt: NOW,
};

const update = (Key: Key, UpdateExpression: string, values?: object) =>
  DynamoDBDocumentClient.from(cloud.dynamodb).send(
    new UpdateCommand({
      TableName: TABLE,
      Key,
      UpdateExpression,
      ...(values && { ExpressionAttributeValues: { ...values } }),
    }),
  );
/** As an earlier version would have written it. */
const asEarlier = (key: Key, id: string) =>
  update(key, 'SET dueShard = :shard REMOVE dueSlice, dueTurn', { ':shard': dueShard(id) });

async function listed(byMs: number): Promise<Due[]> {
  const index = dueIndex(items);
  const pages = await Promise.all(index.shards.map((shard) => index.due(shard, byMs)));
  return pages.flatMap(({ due }) => due);
}
const LATER = NOW + 3_600_000;

describe('an item of an earlier version', () => {
  test('is found, and is in its own shard with its tenant after its next change: a job', async () => {
    const jobs = jobStore(items);
    await jobs.create(job);
    await asEarlier(jobKey, job.jobId);
    expect(await listed(NOW)).toMatchObject([
      { kind: 'job', jobId: job.jobId, dueAt: NOW, group: 'earlier' },
    ]);
    await jobs.replace(job, changed(job, { dueAt: LATER }, NOW));
    expect(await listed(LATER)).toMatchObject([{ kind: 'job', tenantId: job.tenantId, dueAt: LATER }]);
  });

  test('is found, and is in its own shard with its tenant after its next change: a delivery', async () => {
    const deliveries = deliveryStore(items);
    await deliveries.record(undefined, delivery);
    await asEarlier(deliveryKey(delivery), delivery.webhookId);
    expect(await listed(NOW)).toMatchObject([{ kind: 'delivery', delivery: { tenantId: 'acme' } }]);
    await deliveries.putOff(delivery, { ...delivery, dueAt: LATER });
    expect(await listed(LATER)).toMatchObject([{ kind: 'delivery', tenantId: 'acme', dueAt: LATER }]);
  });

  test('is found, and is in its own shard with its tenant after its next change: a gate', async () => {
    const gates = gateStore(items);
    await gates.acquire('acme', undefined, [holderOf(job)], NOW);
    await asEarlier({ pk: 'TENANT#acme', sk: 'GATE' }, 'acme');
    expect(await listed(LATER)).toMatchObject([{ kind: 'gate', tenantId: 'acme', group: 'earlier' }]);
    await gates.postpone((await gates.load(['acme'])).get('acme')!, LATER);
    expect(await listed(LATER)).toMatchObject([{ kind: 'gate', tenantId: 'acme', dueAt: LATER }]);
  });

  test('leaves both indexes when it is settled', async () => {
    const jobs = jobStore(items);
    await jobs.create(job);
    await asEarlier(jobKey, job.jobId);
    await jobs.replace(job, changed(job, { dueAt: undefined }, NOW));
    expect(await listed(LATER)).toEqual([]);
  });

  test('that was set aside is found by an operator, and set aside in the new index when it fails again', async () => {
    await jobStore(items).create(job);
    await asEarlier(jobKey, job.jobId);
    await update(jobKey, 'SET dueShard = :aside, dueFailures = :failures', {
      ':aside': 'aside',
      ':failures': { count: 5, atMs: NOW },
    });
    const index = dueIndex(items);
    const [own = '', earlier = ''] = SET_ASIDE;
    const [item] = (await index.due(earlier, NOW)).due;
    expect(item).toMatchObject({ jobId: job.jobId, isSetAside: true });
    expect(await index.postponeFailed(item!, NOW)).toEqual({ count: 6, isSetAside: true });
    expect((await index.due(earlier, LATER)).due).toEqual([]);
    expect((await index.due(own, LATER)).due).toMatchObject([{ jobId: job.jobId, tenantId: job.tenantId }]);
  });
});

test('an item that an earlier version has settled is removed from the index that it does not know', async () => {
  await jobStore(items).create(job);
  await update(jobKey, 'REMOVE dueAt, dueShard');
  const [item] = await listed(NOW);
  expect(item).toMatchObject({ jobId: job.jobId });
  await dueIndex(items).remove(item!);
  await dueIndex(items).remove(item!);
  expect(await listed(NOW)).toEqual([]);
});

test('an item whose turn cannot be read is due, and stops no other', async () => {
  const jobs = jobStore(items);
  await jobs.create(job);
  await update(jobKey, 'SET dueTurn = :turn', { ':turn': '0' });
  await update({ pk: 'JOB#other', sk: 'JOB' }, 'SET dueSlice = :slice, dueTurn = :turn', {
    ':slice': dueShard(job.jobId),
    ':turn': '01',
  });
  expect((await listed(NOW)).map(({ group }) => group)).toEqual(['0', '01']);
  await jobs.replace(job, changed(job, { dueAt: LATER }, NOW));
  expect(await listed(LATER)).toContainEqual(expect.objectContaining({ jobId: job.jobId, dueAt: LATER }));
});
