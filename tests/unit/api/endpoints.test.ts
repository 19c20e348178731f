/** Endpoints and deliveries over both doors. */
import { describe, expect, it, test } from '@jest/globals';
import type { Delivery } from '../../../domain/webhook/delivery.ts';
import { deliveryIdOf } from '../../../domain/webhook/delivery-id.ts';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { type Asking, doors } from '../../support/doors.ts';
import { JOB_ID, NOW } from '../../support/jobs.ts';

const url = 'https://hooks.example.com/headgate';
const list = '/v1/endpoints?tenant=acme';
const post = (body?: object, key?: string): Asking => ({
  method: 'POST',
  ...(body === undefined ? {} : { body }),
  ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
});

async function withEndpoint() {
  const opened = doors();
  const made = await opened.operate(list, post({ url, headers: { 'X-Canary': 'canary' } }));
  const { id } = made.body.endpoint;
  const at = (verb = '') => `/v1/endpoints/${id}${verb}?tenant=acme`;
  return { ...opened, made, id: String(id), at };
}

const deliveryOf = (endpointId: string, minute: number, change: Partial<Delivery> = {}): Delivery => ({
  tenantId: 'acme',
  endpointId,
  at: new Date(NOW - minute * 60_000).toISOString(),
  webhookId: `msg_${'abcdefgh'.charAt(minute % 8).repeat(26)}`,
  jobId: JOB_ID,
  eventType: 'job.succeeded',
  body: '{"type":"job.succeeded"}',
  status: 'delivered',
  tries: 1,
  last: { at: NOW, ms: 12, answer: 'http_200' },
  ...change,
});

describe('an operator', () => {
  it('adds an endpoint, sees its secret once, and never the values of its headers', async () => {
    const { operate, made, at } = await withEndpoint();
    expect(made).toMatchObject({
      status: 201,
      body: { endpoint: { url, payload: 'standard', headers: ['X-Canary'] } },
    });
    expect(made.body.secrets).toEqual([expect.stringMatching(/^whsec_/)]);
    const [one, all] = [await operate(at()), await operate(list)];
    expect(one.body).toEqual(made.body.endpoint);
    expect(all.body).toEqual({ items: [one.body] });
    for (const answer of [one, all]) expect(answer.text).not.toMatch(/whsec_|canary"/);
  });

  it('finds the endpoint of a request whose answer was lost, without its secret', async () => {
    const { operate } = doors();
    const first = await operate(list, post({ url }, 'set-up-1'));
    const again = await operate(list, post({ url }, 'set-up-1'));
    expect(again).toMatchObject({ status: 200, body: { endpoint: first.body.endpoint, secrets: [] } });
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect((await operate(list)).body.items).toHaveLength(1);
    expect((await operate(list, post({ url }, 'a b'))).body.code).toBe('parameter_invalid');
  });

  it('changes what is given, and leaves the rest', async () => {
    const { operate, at, made } = await withEndpoint();
    const moved = await operate(at(), { method: 'PATCH', body: { url: `${url}/2`, description: 'orders' } });
    expect(moved.body).toEqual({ ...made.body.endpoint, url: `${url}/2`, description: 'orders' });
    const bare = await operate(at(), { method: 'PATCH', body: { headers: {}, description: '' } });
    expect(bare.body).toEqual({ ...made.body.endpoint, url: `${url}/2`, headers: [] });
  });

  it('disables and enables it, rotates and revokes its secret, and removes it', async () => {
    const { operate, at } = await withEndpoint();
    expect(await operate(at('/disable'), post({ reason: 'audit' }))).toMatchObject({
      status: 200,
      body: { disabled: { reason: 'audit', at: new Date(NOW).toISOString() } },
    });
    expect((await operate(at('/ping'), post())).body.code).toBe('endpoint_disabled');
    expect((await operate(at('/enable'), post())).body).not.toHaveProperty('disabled');
    const rotated = await operate(at('/rotate'), post());
    expect(rotated.body.endpoint.signatures).toHaveLength(2);
    expect(await operate(at('/rotate'), post())).toMatchObject({
      status: 409,
      body: { code: 'rotation_pending' },
    });
    expect((await operate(at('/revoke'), post())).body.signatures).toHaveLength(1);
    expect(await operate(at(), { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    expect((await operate(at())).status).toBe(404);
  });

  it('pings it, and is told where the answer will be', async () => {
    const { operate, at, sent, id } = await withEndpoint();
    const pinged = await operate(at('/ping'), post());
    expect(pinged.status).toBe(202);
    expect(pinged.body.deliveryId).toMatch(new RegExp(`^${id}\\.${NOW}\\.msg_`));
    expect(sent.events.taken).toMatchObject([{ type: 'endpoint.ping', data: { endpointId: id } }]);
  });

  test.each<[string, object, string]>([
    ['plain HTTP', { url: 'http://hooks.example.com/' }, 'url_scheme'],
    ['an address inside', { url: 'https://127.0.0.1/' }, 'host_ip_literal'],
    ['an unknown event', { url, events: ['job.everything'] }, 'event_unknown'],
    ['no event', { url, events: [] }, 'event_unknown'],
    ['a header of HTTP', { url, headers: { Host: 'canary' } }, 'header_forbidden'],
    ['a secret without a prefix', { url, secret: 'canary' }, 'secret_format'],
    ['a field that is misspelt', { url, event: ['job.failed'] }, 'field_unknown'],
    ['no URL', {}, 'field_missing'],
  ])('cannot add an endpoint with %s', async (_, body, code) => {
    const answer = await doors().operate(list, post(body));
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(answer.text).not.toContain('canary"');
  });

  it('names the tenant', async () => {
    const { operate, id } = await withEndpoint();
    expect((await operate('/v1/endpoints')).body.code).toBe('parameter_invalid');
    expect((await operate('/v1/endpoints', post({ url }))).body.code).toBe('parameter_invalid');
    expect((await operate(`/v1/endpoints/${id}`)).status).toBe(404);
    expect((await operate(`/v1/endpoints/${id}?tenant=globex`)).status).toBe(404);
  });
});

describe('deliveries', () => {
  async function withDeliveries(count: number) {
    const opened = await withEndpoint();
    const rows = Array.from({ length: count }, (_, minute) =>
      deliveryOf(opened.id, minute, minute === 1 ? { status: 'exhausted', eventType: 'job.failed' } : {}),
    );
    for (const row of rows) await opened.ports.deliveries.record(undefined, row);
    return { ...opened, rows };
  }

  it('are listed newest first, a page at a time', async () => {
    const { operate, at, rows } = await withDeliveries(5);
    const ids: string[] = [];
    let more = '';
    do {
      const { body } = await operate(`${at('/deliveries')}&limit=2${more}`);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      more = body.next === undefined ? '' : `&cursor=${body.next}`;
    } while (more !== '');
    expect(ids).toEqual(rows.map(deliveryIdOf));
  });

  it('are filtered by status, event, job and time', async () => {
    const { operate, at, rows } = await withDeliveries(4);
    const asked = async (filter: string) =>
      (await operate(`${at('/deliveries')}&${filter}`)).body.items.map(({ id }: { id: string }) => id);
    const [newest = '', failed = '', ...older] = rows.map(deliveryIdOf);
    expect(await asked('status=exhausted')).toEqual([failed]);
    expect(await asked('event=job.failed')).toEqual([failed]);
    expect(await asked(`job=${JOB_ID}&limit=1`)).toEqual([newest]);
    expect(await asked('job=job_x')).toEqual([]);
    expect(await asked(`until=${encodeURIComponent(String(rows[2]?.at))}`)).toEqual(older);
  });

  it('are read with their answers and their body', async () => {
    const { operate, rows, id } = await withDeliveries(1);
    const [row = deliveryOf(id, 0)] = rows;
    expect(await operate(`/v1/deliveries/${deliveryIdOf(row)}?tenant=acme`)).toMatchObject({
      status: 200,
      body: { body: row.body, answers: [{ answer: 'http_200', ms: 12 }], jobId: JOB_ID },
    });
  });

  it('are sent again by a replay, once however often it is asked for', async () => {
    const { operate, rows, id, sent } = await withDeliveries(1);
    const path = `/v1/deliveries/${deliveryIdOf(rows[0] ?? deliveryOf(id, 0))}/replay?tenant=acme`;
    expect(await operate(path, post())).toMatchObject({
      status: 202,
      body: { status: 'pending', replays: 1 },
    });
    expect(await operate(path, post())).toMatchObject({
      status: 202,
      body: { status: 'pending', replays: 1 },
    });
    expect(sent.deliver.taken).toHaveLength(1);
  });

  it('are not sent again to an endpoint that is disabled or gone', async () => {
    const { operate, rows, id, at, sent } = await withDeliveries(1);
    const path = `/v1/deliveries/${deliveryIdOf(rows[0] ?? deliveryOf(id, 0))}/replay?tenant=acme`;
    await operate(at('/disable'), post({ reason: 'audit' }));
    expect((await operate(path, post())).body.code).toBe('endpoint_disabled');
    await operate(at(), { method: 'DELETE' });
    expect((await operate(path, post())).status).toBe(404);
    expect(sent.deliver.taken).toEqual([]);
  });

  it('have no place outside of the range for a forged cursor', async () => {
    const { operate, at } = await withDeliveries(3);
    const { body } = await operate(`${at('/deliveries')}&limit=1`);
    const forged = (change: object) =>
      btoa(JSON.stringify({ ...JSON.parse(atob(body.next)), ...change })).replaceAll('=', '');
    const asked = (cursor: string) => operate(`${at('/deliveries')}&limit=1&cursor=${cursor}`);
    expect((await asked(forged({ at: Date.parse('2030-01-01T00:00:00Z') }))).body.code).toBe(
      'cursor_invalid',
    );
    expect((await asked(forged({ at: Date.parse('2001-01-01T00:00:00Z') }))).body.items).toEqual([]);
    expect((await asked(forged({ at: 9e15 }))).body.code).toBe('cursor_invalid');
    expect((await asked(forged({ f: 1 }))).body.code).toBe('cursor_invalid');
    expect((await asked('x')).body.code).toBe('cursor_invalid');
  });
});

describe('a tenant', () => {
  it('reads its endpoints and deliveries with the scope for it, and changes none', async () => {
    const { api, keys, id, ports } = await withEndpoint();
    const row = deliveryOf(id, 0);
    await ports.deliveries.record(undefined, row);
    const owned = ownedKey();
    await keys.register(owned.key);
    const as = (claims: object) => ({ headers: bearer(tokenOf(owned, claims)) });
    const mine = as({ scope: 'endpoints:read' });
    const read = [
      '/v1/endpoints',
      `/v1/endpoints/${id}`,
      `/v1/endpoints/${id}/deliveries`,
      `/v1/deliveries/${deliveryIdOf(row)}`,
    ];
    for (const path of read) {
      expect((await api(path, mine)).status).toBe(200);
      expect((await api(path, as({ scope: 'jobs:read' }))).status).toBe(403);
      // A narrowed token would see the webhooks of all jobs.
      expect((await api(path, as({ scope: 'endpoints:read', job: JOB_ID }))).status).toBe(403);
    }
    const theirs = as({ scope: 'endpoints:read', sub: 'globex' });
    expect((await api('/v1/endpoints', theirs)).body).toEqual({ items: [] });
    const absent = await api(`/v1/endpoints/whe_none`, theirs);
    for (const path of read.slice(1)) {
      const foreign = await api(path, theirs);
      expect(foreign.text.replace(/req_\w+/, '')).toBe(absent.text.replace(/req_\w+/, ''));
    }
    expect((await api(`/v1/endpoints/${id}`, { ...mine, method: 'DELETE' })).status).toBe(404);
  });
});
