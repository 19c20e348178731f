/** Schedules over the doors. */
import { describe, expect, it, test } from '@jest/globals';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { type Asking, doors } from '../../support/doors.ts';
import { NOW } from '../../support/jobs.ts';

const path = '/v1/schedules/nightly?tenant=acme';
const hourly = { cron: '0 * * * *', job: { jobType: 'report.render', input: { title: 'Sales' } } };
const put = (change: object = {}): Asking => ({ method: 'PUT', body: { ...hourly, ...change } });
const post = (body?: object): Asking => ({ method: 'POST', ...(body === undefined ? {} : { body }) });
const iso = (ms: number) => new Date(ms).toISOString();
const HOUR = 3_600_000;

describe('an operator', () => {
  it('makes, reads, lists and changes a schedule', async () => {
    const { operate } = doors();
    const made = await operate(path, put());
    expect(made).toMatchObject({
      status: 201,
      body: { scheduleId: 'nightly', tenantId: 'acme', timeZone: 'UTC', overlap: 'allow', recent: [] },
    });
    expect(made.body.next).toEqual([1, 2, 3, 4, 5].map((hour) => iso(NOW + hour * HOUR)));
    expect(await operate(path, put())).toMatchObject({ status: 200, body: made.body });
    expect(await operate(path)).toMatchObject({ status: 200, body: made.body });
    expect((await operate('/v1/schedules?tenant=acme')).body).toEqual({ items: [made.body] });
    expect(await operate(path, put({ overlap: 'skip' }))).toMatchObject({
      status: 200,
      body: { overlap: 'skip' },
    });
  });

  it('pauses, resumes and ends it', async () => {
    const { operate } = doors();
    await operate(path, put());
    const rest = '/v1/schedules/nightly/pause?tenant=acme';
    expect(await operate(rest, post({ reason: 'audit' }))).toMatchObject({
      status: 200,
      body: { next: [], paused: { reason: 'audit', at: iso(NOW) } },
    });
    const resumed = await operate('/v1/schedules/nightly/resume?tenant=acme', post());
    expect(resumed.body.next).toHaveLength(5);
    expect(await operate(path, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    expect(await operate(path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('runs it by hand, once for one key', async () => {
    const { operate, sent } = doors();
    await operate(path, put());
    const run = (key: string) =>
      operate('/v1/schedules/nightly/run?tenant=acme', { ...post(), headers: { 'Idempotency-Key': key } });
    const first = await run('now-1');
    expect(first.status).toBe(202);
    expect((await run('now-1')).body).toEqual(first.body);
    expect((await run('now-2')).body).not.toEqual(first.body);
    expect(sent.front.taken).toHaveLength(3);
    expect(await run('a b')).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } });
  });

  test.each<[string, Asking, number, string, string]>([
    ['/v1/schedules/nightly', put(), 400, 'parameter_invalid', '/tenant'],
    ['/v1/schedules/a%23b?tenant=acme', put(), 400, 'field_invalid', '/scheduleId'],
    [path, put({ cron: '0 0 30 2 *' }), 400, 'cron_never', '/cron'],
    [path, put({ timeZone: 'Mars' }), 400, 'time_zone_unknown', '/timeZone'],
    [path, put({ job: { jobType: 'no.such', input: {} } }), 400, 'job_type_unknown', '/job/jobType'],
    ['/v1/schedules/none/run?tenant=acme', post(), 404, 'not_found', ''],
    ['/v1/schedules/none/pause?tenant=acme', post({ reason: 'x' }), 404, 'not_found', ''],
  ])('is refused %s %j', async (at, asking, status, code, pointer) => {
    const answer = await doors().operate(at, asking);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.errors[0]?.pointer ?? '').toBe(pointer);
  });
});

describe('a tenant', () => {
  async function opened() {
    const door = doors();
    const owned = ownedKey();
    await door.keys.register(owned.key);
    const as =
      (claims: object = {}) =>
      async (at: string, asking: Asking = {}) =>
        door.api(`/v1/schedules${at}`, {
          ...asking,
          headers: { ...bearer(tokenOf(owned, claims)), ...asking.headers },
        });
    return { ...door, as, acme: as(), globex: as({ sub: 'globex', jti: 'token-2' }) };
  }

  it('makes, reads, changes, runs, pauses, resumes and ends its own', async () => {
    const { acme, globex, operate, sent } = await opened();
    const made = await acme('/nightly', put());
    expect(made).toMatchObject({ status: 201, body: { tenantId: 'acme', scheduleId: 'nightly' } });
    expect((await operate(path)).body).toEqual(made.body);
    expect((await acme('')).body).toEqual({ items: [made.body] });
    expect((await globex('')).body).toEqual({ items: [] });
    expect((await acme('/nightly', put({ overlap: 'skip' }))).body.overlap).toBe('skip');
    const ran = await acme('/nightly/run', { method: 'POST', headers: { 'Idempotency-Key': 'now-1' } });
    expect(ran).toMatchObject({ status: 202, body: { jobId: expect.stringMatching(/^job_/) } });
    expect(JSON.parse(sent.front.taken.at(-1)?.body ?? '')).toMatchObject({
      tenantId: 'acme',
      idempotencyKey: 'schedule:nightly:run:now-1',
    });
    expect((await acme('/nightly/pause', post({ reason: 'holidays' }))).body).toMatchObject({
      paused: { by: 'tenant', reason: 'holidays' },
    });
    expect((await acme('/nightly/resume', post())).body.paused).toBeUndefined();
    expect((await acme('/nightly', { method: 'DELETE' })).status).toBe(204);
    expect((await acme('/nightly')).status).toBe(404);
  });

  it.each<[string, string, Asking]>([
    ['is read', '', {}],
    ['is paused', '/pause', post({ reason: 'x' })],
    ['is resumed', '/resume', post()],
    ['runs', '/run', post()],
    ['is ended', '', { method: 'DELETE' }],
  ])("is answered by the same bytes when another's %s and when there is none", async (_, rest, asking) => {
    const { acme, globex } = await opened();
    await globex('/theirs', put());
    const bytes = async (id: string) => {
      const { status, text } = await acme(`/${id}${rest}`, asking);
      return [status, text.replace(/req_\w+/, '')];
    };
    const absent = await bytes('none');
    expect(absent[0]).toBe(404);
    expect(await bytes('theirs')).toEqual(absent);
    expect(await bytes('a%23b')).toEqual(absent);
    expect((await globex('/theirs')).status).toBe(200);
  });

  it('that makes one of the name of another’s has its own', async () => {
    const { acme, globex } = await opened();
    await globex('/nightly', put());
    expect(await acme('/nightly', put({ cron: '5 * * * *' }))).toMatchObject({ status: 201 });
    expect((await globex('/nightly')).body.cron).toBe('0 * * * *');
  });

  it('may have a hundred, whatever others have', async () => {
    const { acme, globex, operate } = await opened();
    for (let n = 0; n < 100; n++)
      expect((await operate(`/v1/schedules/s-${n}?tenant=acme`, put())).status).toBe(201);
    expect(await acme('/more', put())).toMatchObject({ status: 409, body: { code: 'schedules_quota' } });
    expect((await globex('/more', put())).status).toBe(201);
    await acme('/s-0', { method: 'DELETE' });
    expect((await acme('/more', put())).status).toBe(201);
  });

  it('cannot end what an operator has paused, and is not told why', async () => {
    const { acme, operate } = await opened();
    await acme('/nightly', put());
    await acme('/nightly/pause', post({ reason: 'holidays' }));
    await operate('/v1/schedules/nightly/pause?tenant=acme', post({ reason: 'has not paid' }));
    expect((await acme('/nightly')).body.paused).toEqual({ by: 'operator', at: iso(NOW) });
    expect((await operate(path)).body.paused).toMatchObject({ by: 'operator', reason: 'has not paid' });
    expect((await acme('/nightly/pause', post({ reason: 'mine' }))).body.paused.by).toBe('operator');
    const conflict = { status: 409, body: { code: 'state_conflict' } };
    expect(await acme('/nightly/resume', post())).toMatchObject(conflict);
    expect(await acme('/nightly', { method: 'DELETE' })).toMatchObject(conflict);
    expect((await acme('/nightly', put({ overlap: 'skip' }))).body).toMatchObject({
      overlap: 'skip',
      paused: { by: 'operator' },
      next: [],
    });
    expect((await operate('/v1/schedules/nightly/resume?tenant=acme', post())).status).toBe(200);
    expect((await acme('/nightly', { method: 'DELETE' })).status).toBe(204);
  });

  it('makes none with a token, which it outlives, unless the key allows that; the key itself does', async () => {
    const { api, keys } = doors();
    const made = ownedKey({ bearer: true, tenants: ['acme'] });
    const { tokensMaySetUp: _, ...key } = made.key;
    await keys.register(key);
    const sentWith = (credential: string) =>
      api('/v1/schedules/nightly', { ...put(), headers: bearer(credential) });
    expect(await sentWith(tokenOf(made))).toMatchObject({
      status: 401,
      body: { code: 'token_invalid', detail: expect.stringContaining('tokensMaySetUp') },
    });
    expect((await sentWith(made.text)).status).toBe(201);
  });

  it('opens none with a narrowed token', async () => {
    const { acme, as } = await opened();
    await acme('/nightly', put());
    for (const narrow of [
      { tag: { name: 'plan', value: 'free' } },
      { type: ['report.render'] },
      { job: `job_${'a'.repeat(26)}` },
    ])
      for (const [at, asking] of [
        ['', {}],
        ['/nightly', {}],
        ['/other', put()],
      ] as const)
        expect(await as(narrow)(at, asking)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
  });
});
