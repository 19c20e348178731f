/** Schedules over the door for operators. */
import { describe, expect, it, test } from '@jest/globals';
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

it('the door for tenants has no schedules', async () => {
  expect(await doors().api('/v1/schedules?tenant=acme')).toMatchObject({ status: 404 });
});
