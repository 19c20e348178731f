/** The doors of the API on the embedded cloud, as a program that is not ours calls them. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it, jest } from '@jest/globals';
import { headgate } from '../../client/index.ts';
import { type LaptopDoor, laptopDoor, pastedLines, registerLaptopKey } from '../../demo/door.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { openFlow } from './flow.ts';

jest.setTimeout(120_000);

const PAGE = 'https://app.example';

let stack: Stack;
let csv: string;
let operate: string;
let door: LaptopDoor;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ stack, csv } = await openFlow(opened, { parameters: { PageOrigins: PAGE } }));
  await stack.addTenant('globex');
  operate = String(stack.cloud.outputs['OperateUrl']);
  door = await laptopDoor(undefined);
  await registerLaptopKey(stack.clients, stack.cloud.outputs, door);
});

const signature = {
  Authorization:
    'AWS4-HMAC-SHA256 Credential=operator/20260105/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every kind
async function asked(path: string, init: RequestInit = {}): Promise<{ status: number; body: any }> {
  const response = await fetch(`${operate}${path}`, { ...init, headers: { ...signature, ...init.headers } });
  return { status: response.status, body: await response.json() };
}

it('a job is submitted, waited for, explained and found in the list', async () => {
  const body = JSON.stringify({ jobType: 'csv.summarise', idempotencyKey: 'door-1', input: { csv } });
  const submit = { method: 'POST', body, headers: { 'Content-Type': 'application/json' } };
  const made = await asked('v1/jobs?tenant=acme', submit);
  expect(made).toMatchObject({ status: 201, body: { state: 'waiting' } });
  const done = await until('the end of the job', async () => {
    const { body: job } = await asked(`v1/jobs/${made.body.id}`);
    return job.finishedAt === undefined ? undefined : job;
  });
  expect(done).toMatchObject({ state: 'succeeded', tenantId: 'acme', result: { inline: expect.anything() } });
  const [why, timeline, list, again] = await Promise.all([
    asked(`v1/jobs/${made.body.id}/why`),
    asked(`v1/jobs/${made.body.id}/timeline`),
    asked('v1/jobs?tenant=acme&state=succeeded'),
    asked('v1/jobs?tenant=acme', submit),
  ]);
  expect(why.body).toMatchObject({ waitsFor: 'none' });
  expect(timeline.body.items.map(({ kind }: { kind: string }) => kind)).toEqual(
    expect.arrayContaining(['accepted', 'attempt.started', 'attempt.ended', 'state.succeeded']),
  );
  expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([made.body.id]);
  expect(again).toMatchObject({ status: 200, body: { id: made.body.id, state: 'succeeded' } });
});

it('a job that is cancelled while it waits is over, and its tenant is told by its webhook', async () => {
  const body = JSON.stringify({
    jobType: 'csv.summarise',
    idempotencyKey: 'door-2',
    input: { csv },
    delaySeconds: 3600,
  });
  const made = await asked('v1/jobs?tenant=acme', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  });
  const cancelled = await asked(`v1/jobs/${made.body.id}/cancel`, { method: 'POST' });
  expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  await stack.webhookFor(made.body.id);
});

it('an operation cancels all jobs of a tenant that wait, and says when it is over', async () => {
  const json = { 'Content-Type': 'application/json' };
  const waiting = ['bulk-1', 'bulk-2', 'bulk-3'].map((idempotencyKey) =>
    asked('v1/jobs?tenant=globex', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({
        jobType: 'demo.sleep',
        idempotencyKey,
        input: { seconds: 1 },
        delaySeconds: 3600,
      }),
    }),
  );
  const ids = (await Promise.all(waiting)).map(({ body }) => body.id);
  const started = await asked('v1/operations', {
    method: 'POST',
    headers: { ...json, 'Idempotency-Key': 'bulk' },
    body: JSON.stringify({ kind: 'cancel', filter: { tenant: 'globex', type: 'demo.sleep' } }),
  });
  expect(started).toMatchObject({ status: 202, body: { state: 'running' } });
  const over = await until('the end of the operation', async () => {
    const { body } = await asked(`v1/operations/${started.body.id}`);
    return body.state === 'running' ? undefined : body;
  });
  expect(over).toMatchObject({ state: 'finished', done: 3, refused: 0 });
  const states = ids.map(async (id) => (await asked(`v1/jobs/${id}`)).body.state);
  expect(await Promise.all(states)).toEqual(['cancelled', 'cancelled', 'cancelled']);
});

it('a request without a signature does not reach the function', async () => {
  const response = await fetch(`${operate}v1/tenants`);
  expect(response.status).toBe(403);
});

const sdk = (tenant: string) =>
  headgate({ url: String(stack.cloud.outputs['ApiUrl']), key: door.key, tenant });

it('the client submits with tokens that it mints itself, waits, and reaches no other tenant', async () => {
  const job = await sdk('acme').jobs.submit('csv.summarise', { input: { csv }, idempotencyKey: 'sdk-1' });
  const done = await sdk('acme').jobs.wait(job.id, { timeoutSeconds: 60 });
  expect(done).toMatchObject({ state: 'succeeded', tenantId: 'acme' });
  await expect(sdk('globex').jobs.get(job.id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
});

it('the browser of a page whose origin the stage names is told that it may call', async () => {
  const url = `${String(stack.cloud.outputs['ApiUrl'])}v1/jobs`;
  const asking = { Origin: PAGE, 'Access-Control-Request-Method': 'GET' };
  const { status, headers } = await fetch(url, { method: 'OPTIONS', headers: asking });
  expect([status, headers.get('Access-Control-Allow-Origin')]).toEqual([204, PAGE]);
});

it('the lines of the greeting work when they are pasted, and work again', async () => {
  const lines = pastedLines(stack.cloud.outputs, door, { tenantId: 'acme', csv });
  const pasted = async () => {
    const { stdout } = await promisify(execFile)('sh', ['-ec', lines.join('\necho\n')]);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
  const [first, list, waitedFor] = await pasted();
  expect(waitedFor).toMatchObject({ state: 'succeeded' });
  expect(list.items.map(({ id }: { id: string }) => id)).toContain(first.id);
  expect((await pasted())[0].id).toBe(first.id);
});

it('of a thousand requests at once each is answered: by the list, or by when to ask again', async () => {
  const url = `${String(stack.cloud.outputs['ApiUrl'])}v1/jobs?limit=1`;
  const headers = { Authorization: `Bearer ${door.key}`, 'Headgate-Tenant': 'acme' };
  const statuses = new Map<number, number>();
  let left = 1000;
  const waits = Array.from({ length: 100 }, async () => {
    while (left-- > 0) {
      const { status } = await fetch(url, { headers });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  await Promise.all(waits);
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 429)).toEqual([]);
});
