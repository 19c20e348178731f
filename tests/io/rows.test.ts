/** Rows of another version, and rows that were damaged: what is not known stays, and one that cannot be read is alone. */

import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { changed } from '../../domain/job/job.ts';
import { typeTagOf } from '../../domain/job/job-type.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { systemClock } from '../../io/process/clock.ts';
import { deliveryStore } from '../../io/table/deliveries.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { gateStore } from '../../io/table/gates.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { rateLimiter } from '../../io/table/rate-limiter.ts';
import { RowUnreadable } from '../../io/table/rows.ts';
import type { Table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { waitingStore } from '../../io/table/waiting.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob, JOB_ID, NOW } from '../support/jobs.ts';
import { createJobsTable, TABLE } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let db: DynamoDBDocumentClient;
let items: Table;
beforeEach(async () => {
  cloud = await setUp();
  db = DynamoDBDocumentClient.from(cloud.dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  items = await createJobsTable(cloud.dynamodb);
});
afterEach(() => cloud.close());

type Key = { readonly pk: string; readonly sk: string };
const stored = async (Key: Key) => (await db.send(new GetCommand({ TableName: TABLE, Key }))).Item;
const byHand = (Item: object) => db.send(new PutCommand({ TableName: TABLE, Item: { ...Item } }));
/** As another version, or a person, has left it. */
const hasBeen = (Key: Key, name: string, value: unknown) =>
  db.send(
    new UpdateCommand({
      TableName: TABLE,
      Key,
      UpdateExpression: 'SET #n = :v',
      ExpressionAttributeNames: { '#n': name },
      ExpressionAttributeValues: { ':v': value },
    }),
  );
const keyOf = (tenantId: string, sk: string): Key => ({ pk: `TENANT#${tenantId}`, sk });
const endpoint = (endpointId: string) => ({
  tenantId: 'acme',
  endpointId,
  url: 'https://acme.example/',
  events: ['job.succeeded'],
  keys: [{ scheme: 'v1' as const, sealed: 'sealed' }],
});
const delivery: Delivery = {
  tenantId: 'acme',
  endpointId: 'whe_a',
  at: new Date(NOW).toISOString(),
  webhookId: `msg_${'a'.repeat(26)}`,
  eventType: 'job.succeeded',
  body: '{}',
  status: 'pending',
  tries: 0,
};

describe('what a newer version has written beside what this one knows', () => {
  test('stays when an operator changes the tenant (F57)', async () => {
    const tenants = tenantStore(items);
    await tenants.put({ tenantId: 'acme', status: 'active' });
    await hasBeen(keyOf('acme', 'TENANT'), 'carbonBudget', { grams: 12 });
    await tenants.put({ tenantId: 'acme', status: 'suspended', waitingQuota: 7 });
    expect(await stored(keyOf('acme', 'TENANT'))).toMatchObject({
      carbonBudget: { grams: 12 },
      status: 'suspended',
    });
    await tenants.put({ tenantId: 'acme', status: 'active' });
    expect(await stored(keyOf('acme', 'TENANT'))).not.toHaveProperty('waitingQuota');
  });

  test('stays when an endpoint is disabled, also inside of its keys (F57)', async () => {
    const endpoints = endpointRegister(items);
    await endpoints.put(endpoint('whe_a'));
    const key = keyOf('acme', 'ENDPOINT#whe_a');
    await hasBeen(key, 'region', 'eu');
    await hasBeen(key, 'keys', [{ scheme: 'v1', sealed: 'sealed', strength: 512 }]);
    await endpoints.change({ tenantId: 'acme', endpointId: 'whe_a' }, (seen) => ({
      ...seen,
      disabled: { reason: 'gone', atMs: NOW },
      keys: seen.keys.map((each) => ({ ...each, untilMs: NOW })),
    }));
    expect(await stored(key)).toMatchObject({
      region: 'eu',
      keys: [{ scheme: 'v1', sealed: 'sealed', strength: 512, untilMs: NOW }],
      disabled: { reason: 'gone' },
    });
  });

  test('stays in the attempts of a job when another one ends (F57)', async () => {
    const jobs = jobStore(items);
    await jobs.create(aJob({ endedAttempts: [{ attempt: 1, endedAt: NOW }] }));
    await hasBeen({ pk: `JOB#${JOB_ID}`, sk: 'JOB' }, 'endedAttempts', [
      { attempt: 1, endedAt: NOW, cost: { cents: 3 } },
    ]);
    const read = (await jobs.get(JOB_ID))!;
    const ended = changed(
      read,
      { endedAttempts: [...read.endedAttempts, { attempt: 2, endedAt: NOW }] },
      NOW,
    );
    expect(await jobs.replace(read, ended)).toBe('written');
    expect((await stored({ pk: `JOB#${JOB_ID}`, sk: 'JOB' }))?.['endedAttempts']).toEqual([
      { attempt: 1, endedAt: NOW, cost: { cents: 3 } },
      { attempt: 2, endedAt: NOW },
    ]);
  });

  test('a cap and a weight above what this version lets an operator set are read as they are (F90)', async () => {
    const [gates, tenants] = [gateStore(items), tenantStore(items)];
    await gates.set('acme', undefined, { cap: 10 }, NOW);
    await hasBeen(keyOf('acme', 'GATE'), 'cap', 5000);
    await tenants.put({ tenantId: 'acme', status: 'active', weight: 16 });
    expect((await gates.load(['acme'])).get('acme')).toMatchObject({ cap: 5000 });
    expect((await tenants.load(['acme'])).get('acme')).toMatchObject({ weight: 16 });
  });
});

describe('a row that this version cannot read', () => {
  test.each([
    ['a job', () => jobStore(items), { pk: `JOB#${JOB_ID}`, sk: 'JOB' }, JOB_ID],
    ['a tenant', () => tenantStore(items), keyOf('acme', 'TENANT'), 'acme'],
    ['a gate', () => gateStore(items), keyOf('acme', 'GATE'), 'acme'],
  ])(
    '%s: those around it are read, and it throws where it is needed, with its key (F90)',
    async (_what, store, key, id) => {
      await byHand({ ...key, state: 'hibernating', version: 'seven' });
      await gateStore(items).set('globex', undefined, { cap: 1 }, NOW);
      await tenantStore(items).put({ tenantId: 'globex', status: 'active' });
      const other = aJob({ jobId: `job_${'b'.repeat(26)}` });
      await jobStore(items).create(other);

      const read = await store().load([id, 'globex', other.jobId]);
      expect([...read.values()]).toHaveLength(1);
      expect(() => read.get(id)).toThrow(RowUnreadable);
      expect(() => read.get(id)).toThrow(
        new RegExp(
          `^The row ${key.pk} ${key.sk} cannot be read by this version: it does not expect this value of \\w+$`,
        ),
      );
      expect(read.get('another')).toBeUndefined();
    },
  );

  test('a gate with a holder that is too short is that gate alone (F90)', async () => {
    await byHand({
      ...keyOf('acme', 'GATE'),
      tenantId: 'acme',
      version: 1,
      members: new Set([new Uint8Array([1])]),
    });
    await gateStore(items).set('globex', undefined, { cap: 1 }, NOW);
    const read = await gateStore(items).load(['acme', 'globex']);
    expect(read.get('globex')).toMatchObject({ cap: 1 });
    expect(() => read.get('acme')).toThrow(RowUnreadable);
  });

  test('a row of a waiting list is passed over, and the list goes on behind it (F90)', async () => {
    const waiting = waitingStore(items);
    const row = (n: number) => ({
      tenantId: 'acme',
      jobId: `job_${String.fromCharCode(97 + n).repeat(26)}`,
      attempt: 1,
      jobType: 'report.render',
      priority: 'normal' as const,
      since: NOW + n,
    });
    await waiting.put([row(0), row(1), row(2)], NOW);
    const [first] = (await items.query({ condition: 'pk = :pk', values: { ':pk': 'WAITS#acme' } })).items;
    await hasBeen({ pk: 'WAITS#acme', sk: String(first?.['sk']) }, 'attempt', 'one');
    const { items: found, unreadable } = await waiting.ready('acme', typeTagOf('report.render'), 2);
    expect(found).toEqual([row(1), row(2)]);
    expect(unreadable).toEqual([expect.any(RowUnreadable)]);
  });

  test('a delivery does not hide the others of its endpoint from an operator (F90)', async () => {
    const deliveries = deliveryStore(items);
    const later = { ...delivery, at: new Date(NOW + 1).toISOString() };
    for (const row of [delivery, later]) await deliveries.record(undefined, row);
    await hasBeen(
      { pk: `DELIVERIES#acme#whe_a#${delivery.at.slice(0, 10)}`, sk: `${delivery.at}#${delivery.webhookId}` },
      'status',
      'parked',
    );
    const complaints: RowUnreadable[] = [];
    const found: Delivery[] = [];
    for await (const row of deliveries.between(delivery, NOW, NOW + 1, (error) => complaints.push(error)))
      found.push(row);
    expect(found).toEqual([later]);
    expect(complaints.map(({ message }) => message)).toEqual([expect.stringContaining('status')]);
  });

  test('the health of an endpoint begins anew, and is written over (F90)', async () => {
    const endpoints = endpointRegister(items);
    await endpoints.put(endpoint('whe_a'));
    const key = keyOf('acme', 'ENDPOINT#whe_a#STANDING');
    await byHand({ ...key, tenantId: 'acme', endpointId: 'whe_a', slowUntil: 'soon' });
    expect(await endpoints.list('acme')).toEqual([{ endpoint: expect.anything(), health: undefined }]);
    const name = { tenantId: 'acme', endpointId: 'whe_a' };
    await endpoints.changeHealth(name, (seen) => ({ ...seen, failingSince: NOW }));
    expect(await stored(key)).toMatchObject({ failingSince: NOW });
    expect(await stored(key)).not.toHaveProperty('slowUntil');
  });

  test('the rate limit begins anew instead of stopping every submission (F90)', async () => {
    await byHand({ pk: 'PACE', sk: 'BATCH', tatMs: 'later', shares: {}, version: 3 });
    const limits = { callsPerSecond: 10, maxWaitMs: 1000, clock: systemClock };
    expect(await rateLimiter(items, limits).reserve({ tenantId: 'acme', weight: 1 })).toMatchObject({
      kind: 'at',
    });
    expect(await stored({ pk: 'PACE', sk: 'BATCH' })).toMatchObject({
      tatMs: expect.any(Number),
      version: 1,
    });
    expect(await rateLimiter(items, limits).reserve({ tenantId: 'acme', weight: 1 })).toMatchObject({
      kind: 'at',
    });
  });
});

describe('of writes that are asked for at one moment', () => {
  test('one that cannot be put into words fails alone (F91)', async () => {
    const jobs = jobStore(items);
    const good = aJob({ jobId: `job_${'b'.repeat(26)}` });
    const bad = aJob({ metadata: { ratio: Number.NaN } });
    const outcomes = await Promise.allSettled([jobs.create(bad), jobs.create(good)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await jobs.get(good.jobId)).toEqual(good);
  });
});
