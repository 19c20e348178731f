/** Webhooks through the whole stack: what a tenant's server sees when it fails, hangs, redirects, or is gone. */
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { type EndpointRequest, register } from '../../application/webhook/endpoint-setup.ts';
import {
  type Arrival,
  answer,
  hang,
  inTurn,
  openReceiver,
  type Receiver,
  type TryOutcome,
  verifies,
} from '../../demo/receiver.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { sealing } from '../../io/aws/keys.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { type DeliveryLog, type DeliveryStore, deliveryStore } from '../../io/table/deliveries.ts';
import { table } from '../../io/table/table.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { runWebhooks } from './command.ts';
import { lookFromOutside, type Outside } from './outside.ts';

jest.setTimeout(180_000);

const MINUTE = 60_000;
const ENDS = ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired'];

let receiver: Receiver;
let stack: Stack;
let outside: Outside;
let deliveries: DeliveryStore & DeliveryLog;
const opened = closedAfterAll();
beforeAll(async () => {
  receiver = opened(await openReceiver());
  stack = opened(
    await startStack({
      functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: receiver.origin },
      parameters: { BatchCallsPerSecond: '1000' },
      submitJobsPerSecond: Number.POSITIVE_INFINITY,
    }),
  );
  outside = opened(lookFromOutside(stack));
  deliveries = deliveryStore(table(stack.clients.dynamo, stack.cloud.physicalId('JobsTable'), systemRandom));
});
afterEach(() => outside.schedule('run'));

const keys = () => sealing(stack.clients.kms, stack.cloud.physicalId('WebhookKey'));

/** A tenant of its own for each story, with one endpoint. @returns its secret */
async function tenant(tenantId: string, url: string, rest: Partial<EndpointRequest> = {}): Promise<string> {
  await stack.tenants.put({ tenantId, status: 'active' });
  const ports = { endpoints: stack.endpoints, keys: keys(), clock: systemClock, random: systemRandom };
  const asked = { tenantId, endpointId: 'whe_1', url, events: ENDS, ...rest };
  const registered = await register(ports, asked, [receiver.origin]);
  if (registered.kind === 'refused') throw new Error(registered.problem.message);
  return registered.shown[0] ?? '';
}

/** An event as the bus hands it to notify: no job stands behind it, which is nothing to a webhook that is not an end. */
async function tell(tenantId: string, key: string, type = 'job.accepted'): Promise<string> {
  await tellTogether([{ tenantId, key, type }]);
  return jobIdOf(tenantId, key);
}

/** In one call, so that one run of notify has them all. */
async function tellTogether(
  events: readonly { readonly tenantId: string; readonly key: string; readonly type?: string }[],
): Promise<void> {
  const at = new Date(stack.cloud.clock.now()).toISOString();
  const Entries = events.map(({ tenantId, key, type = 'job.accepted' }, i) => {
    const jobId = jobIdOf(tenantId, key);
    const facts = { jobType: 'demo.sleep', idempotencyKey: key, status: 'waiting', sequence: 1, attempt: 1 };
    const detail = { type, timestamp: at, data: { jobId, tenantId, ...facts, createdAt: at } };
    return {
      Id: String(i),
      MessageBody: JSON.stringify({ detail }),
      DelaySeconds: events.length > 1 ? 1 : 0,
    };
  });
  const QueueUrl = stack.cloud.physicalId('NotifyQueue');
  await stack.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

async function rowsOf(tenantId: string, endpointId = 'whe_1'): Promise<Delivery[]> {
  const rows: Delivery[] = [];
  const toMs = stack.cloud.clock.now();
  for await (const row of deliveries.between({ tenantId, endpointId }, toMs - 29 * 86_400_000, toMs))
    rows.push(row);
  return rows;
}

const rowIs = (tenantId: string, wanted: (row: Delivery) => boolean) =>
  until(`a delivery of ${tenantId}`, async () => (await rowsOf(tenantId)).find(wanted));
const arrivalsAt = (name: string): Arrival[] => receiver.arrivals.filter(({ path }) => path === `/${name}`);

/** The command has the true time, and the stack a clock that was turned. */
function lately(): string[] {
  const nowMs = stack.cloud.clock.now();
  const iso = (ms: number) => new Date(ms).toISOString();
  return ['--since', iso(nowMs - 20 * 86_400_000), '--until', iso(nowMs)];
}

/** Turns the clock until the endpoint has been tried so often. */
async function turnUntilTried(tenantId: string, tries: number, stepMs = 30 * MINUTE): Promise<Delivery> {
  return outside.turnUntil(`try ${tries} of ${tenantId}`, stepMs, async () =>
    (await rowsOf(tenantId)).find((row) => row.tries >= tries),
  );
}

it('a private address is never connected to, and the tenant is told no more than that', async () => {
  const inside = await openReceiver();
  await tenant('inward', receiver.behave('inward', answer(200)), { events: ['job.accepted'] });
  // As if the rules had been weaker when it was registered: the text is judged again at each try.
  await stack.endpoints.change({ tenantId: 'inward', endpointId: 'whe_1' }, (endpoint) => ({
    ...endpoint,
    url: inside.origin.replace('http', 'https'),
  }));
  await tell('inward', 'a');
  const row = await rowIs('inward', ({ tries }) => tries === 1);
  expect(row.last).toMatchObject({ answer: 'target_not_allowed' });
  expect(inside.arrivals).toEqual([]);
  await inside.close();
});

it('410 disables the endpoint at once: its others are told, and what comes later is held for a replay (F34)', async () => {
  const url = receiver.behave('gone', answer(410));
  await tenant('gone', url, { events: ['job.accepted'] });
  await tenant('gone', receiver.behave('watching', answer(200)), {
    endpointId: 'whe_2',
    events: ['endpoint.disabled'],
  });
  await tell('gone', 'a');
  await rowIs('gone', ({ status }) => status === 'abandoned');
  const payload = await until('endpoint.disabled', async () => arrivalsAt('watching')[0]);
  expect(JSON.parse(payload.body)).toMatchObject({
    type: 'endpoint.disabled',
    data: { endpointId: 'whe_1', reason: 'gone' },
  });
  await tell('gone', 'b');
  await rowIs('gone', ({ status }) => status === 'held');
  expect(arrivalsAt('gone')).toHaveLength(1);

  receiver.behave('gone', answer(200));
  expect(
    await runWebhooks(stack, 'replay', '--tenant', 'gone', ...lately(), '--endpoint', 'whe_1'),
  ).toMatchObject({
    code: 4,
    output: expect.stringContaining('endpoint_disabled'),
  });
  await runWebhooks(stack, 'enable', 'whe_1', '--tenant', 'gone');
  await runWebhooks(stack, 'replay', '--tenant', 'gone', ...lately(), '--endpoint', 'whe_1', '--yes');
  await until('both', async () =>
    (await rowsOf('gone')).every(({ status }) => status === 'delivered') ? true : undefined,
  );
});

it('a receiver that hangs is handed to the other lane, where it gets its fifteen seconds', async () => {
  await outside.schedule('rest');
  await tenant('hanging', receiver.behave('hanging', inTurn(hang, answer(200))), {
    events: ['job.accepted'],
  });
  await tell('hanging', 'a');
  await rowIs('hanging', ({ status }) => status === 'delivered');
  const [first, second] = arrivalsAt('hanging');
  expect(second?.webhookId).toBe(first?.webhookId);
  expect(second?.body).toBe(first?.body);
  // The try that was cut short was none of the tenant's.
  expect((await rowsOf('hanging'))[0]).toMatchObject({ tries: 1 });
  const [known] = await stack.endpoints.list('hanging');
  expect(known?.health?.slowUntil).toBeGreaterThan(stack.cloud.clock.now());
});

it('while every webhook of one tenant hangs, that of another arrives before any of them is given up (F31)', async () => {
  await outside.schedule('rest');
  const seen = { givenUp: 0, beforePrompt: Number.NaN };
  const stuck: TryOutcome = (_, response) => void response.once('close', () => seen.givenUp++);
  const prompt: TryOutcome = (nth, response) => {
    seen.beforePrompt = seen.givenUp;
    answer(200)(nth, response);
  };
  await tenant('stuck', receiver.behave('stuck', stuck), { events: ['job.accepted'] });
  await tenant('prompt', receiver.behave('prompt', prompt), { events: ['job.accepted'] });
  const nine = Array.from({ length: 9 }, (_, i) => ({ tenantId: 'stuck', key: `stuck-${i}` }));
  await tellTogether([...nine, { tenantId: 'prompt', key: 'a' }]);
  await rowIs('prompt', ({ status }) => status === 'delivered');
  expect(seen.beforePrompt).toBe(0);
  await until('one to be given up', async () => (seen.givenUp > 0 ? true : undefined));
  // And its own are not lost: once it answers, each arrives.
  receiver.behave('stuck', answer(200));
  await until('all of them', async () => {
    const rows = await rowsOf('stuck');
    return rows.length === 9 && rows.every(({ status }) => status === 'delivered') ? true : undefined;
  });
});

it('a delivery whose endpoint was removed meanwhile is abandoned, and nothing more is sent (M51)', async () => {
  await tenant('leaving', receiver.behave('leaving', answer(500)), { events: ['job.accepted'] });
  await tell('leaving', 'a');
  await rowIs('leaving', ({ tries }) => tries === 1);
  await runWebhooks(stack, 'remove', 'whe_1', '--tenant', 'leaving');
  const sent = arrivalsAt('leaving').length;
  const row = await outside.turnUntil('the row to be closed', MINUTE, async () =>
    (await rowsOf('leaving')).find(({ status }) => status !== 'pending'),
  );
  expect(row.status).toBe('abandoned');
  expect(row).not.toHaveProperty('dueAt');
  expect(arrivalsAt('leaving')).toHaveLength(sent);
});

it('with two secrets during a rotation a receiver verifies with either, and after a revocation with the new one alone (F38)', async () => {
  const first = await tenant('rotating', receiver.behave('rotating', answer(200)), {
    events: ['job.accepted'],
  });
  const { output } = await runWebhooks(stack, 'rotate', 'whe_1', '--tenant', 'rotating');
  const second = /whsec_\S+/.exec(output)?.[0] ?? '';
  expect(await runWebhooks(stack, 'rotate', 'whe_1', '--tenant', 'rotating')).toMatchObject({
    code: 4,
    output: expect.stringContaining('rotation_pending'),
  });
  await tell('rotating', 'a');
  const both = await until('a webhook', async () => arrivalsAt('rotating')[0]);
  expect(both.headers['webhook-signature']?.split(' ')).toHaveLength(2);
  await runWebhooks(stack, 'revoke', 'whe_1', '--tenant', 'rotating');
  await tell('rotating', 'b');
  const one = await until('a webhook', async () => arrivalsAt('rotating')[1]);
  expect(one.headers['webhook-signature']?.split(' ')).toHaveLength(1);
  expect([first, second].map((secret) => verifies(both, secret))).toEqual([true, true]);
  expect([first, second].map((secret) => verifies(one, secret))).toEqual([false, true]);
});

it('a ping reaches the endpoint whatever it asked for, and shows the whole exchange', async () => {
  await tenant('pinged', receiver.behave('pinged', answer(204)), { headers: { 'x-token': 'canary-token' } });
  const { code, output } = await runWebhooks(stack, 'ping', 'whe_1', '--tenant', 'pinged');
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/try 1 .*http_204/) });
  expect(arrivalsAt('pinged')[0]?.headers).toMatchObject({ 'x-token': 'canary-token' });
  const listed = await runWebhooks(stack, 'list', '--tenant', 'pinged', '--json');
  expect(listed.output).toContain('x-token');
  expect(listed.output).not.toContain('canary-token');
  expect(listed.output).not.toMatch(/whsec_|sealed/);

  await runWebhooks(stack, 'remove', 'whe_1', '--tenant', 'pinged');
  expect((await runWebhooks(stack, 'list', '--tenant', 'pinged')).output).toContain('0 of 20');
  expect(await runWebhooks(stack, 'remove', 'whe_1', '--tenant', 'pinged')).toMatchObject({
    code: 3,
    output: 'There is no endpoint whe_1.\n',
  });
});

it('CloudEvents come with the same headers and verify the same way', async () => {
  const url = receiver.behave('ce', answer(200));
  await tenant('ce', url, { events: ['job.accepted'], payload: 'cloudevents' });
  const jobId = await tell('ce', 'a');
  const { body, headers, webhookId } = await until('a webhook', async () => arrivalsAt('ce')[0]);
  expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(JSON.parse(body)).toMatchObject({
    specversion: '1.0',
    id: webhookId,
    source: '/headgate/tenants/ce',
    type: 'job.accepted',
    subject: jobId,
    data: { jobId, sequence: 1 },
  });
});

it('a message that cannot be a job is told to the tenant it names', async () => {
  await tenant('typo', receiver.behave('typo', answer(200)), { events: ['job.rejected'] });
  await stack.send({
    specVersion: '1',
    tenantId: 'typo',
    jobType: 'demo.sleep',
    prioirty: 'canary',
    input: {},
  });
  const { body } = await until('job.rejected', async () => arrivalsAt('typo')[0]);
  expect(JSON.parse(body)).toMatchObject({
    type: 'job.rejected',
    data: { tenantId: 'typo', jobType: 'demo.sleep', code: 'field_unknown', pointer: '/prioirty' },
  });
  expect(body).not.toContain('canary');
});

it('a redirect is a failure, and where it leads is never connected to (F35)', async () => {
  const inside = await openReceiver();
  const url = receiver.behave('moved', answer(302, { location: `${inside.origin}/latest/meta-data` }));
  await tenant('moved', url, { events: ['job.accepted'] });
  await tell('moved', 'a');
  const row = await turnUntilTried('moved', 2);
  expect(row.last).toMatchObject({
    answer: 'redirect_not_followed',
    headers: { 'location-host': inside.origin.slice('http://'.length) },
  });
  expect(inside.arrivals).toEqual([]);
  await inside.close();
});

it('a receiver that asks for a pause gets it', async () => {
  const url = receiver.behave('pausing', inTurn(answer(429, { 'retry-after': '600' }), answer(200)));
  await tenant('pausing', url, { events: ['job.accepted'] });
  await tell('pausing', 'a');
  const row = await rowIs('pausing', ({ tries }) => tries === 1);
  expect((row.nextTryAt ?? 0) - (row.last?.at ?? 0)).toBe(600_000);
  await turnUntilTried('pausing', 2);
  expect((await rowsOf('pausing'))[0]?.status).toBe('delivered');
});

it('a delivery whose message was lost is found by tick', async () => {
  await tenant('lost', receiver.behave('lost', inTurn(answer(500), answer(200))), {
    events: ['job.accepted'],
  });
  await tell('lost', 'a');
  const row = await rowIs('lost', ({ tries }) => tries === 1);
  // The message of the second try comes with the row untouched; only the index could bring it back after this.
  await deliveries.putOff(row, {
    ...row,
    nextTryAt: (row.nextTryAt ?? 0) + 3_600_000,
    dueAt: (row.dueAt ?? 0) + 3_600_000,
  });
  const delivered = await outside.turnUntil('the second try', 10 * MINUTE, async () =>
    (await rowsOf('lost')).find(({ status }) => status === 'delivered'),
  );
  expect(delivered.tries).toBe(2);
});

describe('a receiver that fails', () => {
  it('is tried ten times over three days, with the same id and the same bytes, and a replay brings it later (F33)', async () => {
    await tenant('failing', receiver.behave('failing', answer(500)), {
      events: ['job.accepted'],
    });
    await tell('failing', 'a');
    const row = await turnUntilTried('failing', 10, 24 * 60 * MINUTE);
    expect(row).toMatchObject({ status: 'exhausted', tries: 10, last: { answer: 'http_500' } });
    expect(row).not.toHaveProperty('dueAt');
    const arrived = arrivalsAt('failing');
    expect(new Set(arrived.map(({ webhookId, body }) => `${webhookId} ${body}`)).size).toBe(1);
    expect(new Set(arrived.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThanOrEqual(
      9,
    );
    expect((await deliveries.tries(row)).map(({ answer: said }) => said)).toEqual(Array(10).fill('http_500'));

    receiver.behave('failing', answer(200));
    await runWebhooks(stack, 'replay', row.webhookId, '--tenant', 'failing', ...lately());
    const delivered = await rowIs('failing', ({ status }) => status === 'delivered');
    expect(delivered).toMatchObject({ tries: 11, replays: 1 });
    const last = arrivalsAt('failing').at(-1);
    expect({ webhookId: last?.webhookId, body: last?.body }).toEqual({
      webhookId: row.webhookId,
      body: row.body,
    });
  });

  it('and recovers, is replayed what it missed: the same id, the same bytes', async () => {
    const url = receiver.behave('recovers', inTurn(answer(503), answer(503), answer(200)));
    await tenant('recovers', url, { events: ['job.accepted'] });
    await tell('recovers', 'a');
    await turnUntilTried('recovers', 3);
    const delivered = await rowIs('recovers', ({ status }) => status === 'delivered');
    const { code, output } = await runWebhooks(
      stack,
      'replay',
      delivered.webhookId,
      '--tenant',
      'recovers',
      ...lately(),
    );
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('1 of 1 replayed') });
    await rowIs('recovers', ({ replays, status }) => replays === 1 && status === 'delivered');
    const arrived = arrivalsAt('recovers');
    // A clock that is turned while a try is under way ends its lease, and another is made.
    expect(arrived.length).toBeGreaterThanOrEqual(4);
    expect(new Set(arrived.map(({ webhookId, body }) => `${webhookId} ${body}`)).size).toBe(1);
  });
});
