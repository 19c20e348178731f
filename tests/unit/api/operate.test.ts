/** The door for operators. */
import { describe, expect, it, test } from '@jest/globals';
import type { JobChange, JobState } from '../../../domain/job/job.ts';
import { type Asking, doors } from '../../support/doors.ts';
import { aRequest, jobIn } from '../../support/jobs.ts';

const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const post = (body?: unknown): Asking => ({ method: 'POST', ...(body === undefined ? {} : { body }) });
const { tenantId: _, ...submission } = { ...aRequest(), idempotencyKey: 'report-42' };

async function withJob(state: JobState, change: JobChange = {}) {
  const opened = doors();
  const job = jobIn(state, { jobId: idOf('a'), ...change });
  await opened.ports.jobs.create(job);
  await opened.caughtUp();
  return { ...opened, job };
}

describe('the door for operators', () => {
  test.each<[string, object]>([
    ['without a signature', { event: { requestContext: { domainName: 'x' } } }],
    [
      'that an invocation made up',
      { event: { requestContext: { authorizer: { iam: { userArn: 'arn:x' } } } } },
    ],
  ])('is closed to a request %s', async (_, platform) => {
    const answer = await doors().operate('/v1/tenants', {}, platform);
    expect(answer).toMatchObject({ status: 401, body: { code: 'credential_missing' } });
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer error="credential_missing"');
  });

  it('says to anyone that it is there, and gives its document', async () => {
    const { operate } = doors();
    expect(await operate('/v1/health', {}, { event: {} })).toMatchObject({
      status: 200,
      body: { status: 'ok', door: 'operate', audience: 'headgate:test' },
    });
    expect((await operate('/v1/openapi.json', {}, { event: {} })).body.openapi).toBe('3.1.0');
  });

  it('has nothing at other addresses, nor for other methods (M59)', async () => {
    for (const path of ['/', '/v1', '/v2/jobs', '/v1/jobs/x/y'])
      expect(await doors().operate(path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE2'])
      expect((await doors().operate('/v1/jobs', { method })).body).toMatchObject({ code: 'not_found' });
  });
});

it('a job that waits for others names each by its id, also one that was named by its key', async () => {
  const { operate } = doors();
  const other = await operate('/v1/jobs?tenant=acme', post(submission));
  const dependsOn = [{ idempotencyKey: 'report-42' }, { jobId: idOf('z'), condition: 'finished' }];
  const waiting = await operate(
    '/v1/jobs?tenant=acme',
    post({ ...submission, idempotencyKey: 'sum', dependsOn }),
  );
  expect((await operate(`/v1/jobs/${waiting.body.id}`)).body.dependsOn).toEqual([
    { idempotencyKey: 'report-42', jobId: other.body.id },
    { jobId: idOf('z'), condition: 'finished' },
  ]);
});

describe('a submission', () => {
  it('makes a job once, and finds it again with the same key (M60)', async () => {
    const { operate } = doors();
    const first = await operate('/v1/jobs?tenant=acme', post(submission));
    const again = await operate('/v1/jobs?tenant=acme', post(submission));
    expect(first).toMatchObject({ status: 201, body: { state: 'waiting' } });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect(await operate(`/v1/jobs/${first.body.id}`)).toMatchObject({
      status: 200,
      body: { tenantId: 'acme' },
    });
  });

  it('has its key in a header with or without quotes', async () => {
    const { operate } = doors();
    const { idempotencyKey: __, ...keyless } = submission;
    const keyed = (key: string) => ({ ...post(keyless), headers: { 'Idempotency-Key': key } });
    const first = await operate('/v1/jobs?tenant=acme', keyed('"k-1"'));
    expect(first.status).toBe(201);
    expect(await operate('/v1/jobs?tenant=acme', keyed('k-1'))).toMatchObject({
      status: 200,
      body: first.body,
    });
  });

  it('belongs to the trace of its sender, and the answer names its own span in it', async () => {
    const { operate } = doors();
    const traceparent = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`;
    const asked = { ...post(submission), headers: { traceparent } };
    const first = await operate('/v1/jobs?tenant=acme', asked);
    expect(first.status).toBe(201);
    const told = first.headers.get('traceparent') ?? '';
    expect(told).toMatch(new RegExp(`^00-${'a1'.repeat(16)}-[0-9a-f]{16}-01$`));
    expect(told).not.toBe(traceparent);
    // The same request in another trace is the same job.
    const other = { ...post(submission), headers: { traceparent: traceparent.replace('a1', 'c3') } };
    const again = await operate('/v1/jobs?tenant=acme', other);
    expect({ status: again.status, told: again.headers.get('traceparent') }).toEqual({ status: 200, told });
    const broken = { ...post({ ...submission, idempotencyKey: 'k-2' }), headers: { traceparent: 'ff' } };
    const untraced = await operate('/v1/jobs?tenant=acme', broken);
    expect({ status: untraced.status, told: untraced.headers.get('traceparent') }).toEqual({
      status: 201,
      told: null,
    });
  });

  test.each<[string, string, Asking, number, string]>([
    ['without a tenant', '/v1/jobs', post(submission), 400, 'parameter_invalid'],
    ['for two tenants', '/v1/jobs?tenant=a&tenant=b', post(submission), 400, 'parameter_invalid'],
    [
      'with an unknown parameter (M61)',
      '/v1/jobs?tenant=a&token=x',
      post(submission),
      400,
      'parameter_invalid',
    ],
    [
      'that names a tenant',
      '/v1/jobs?tenant=a',
      post({ ...submission, tenantId: 'a' }),
      400,
      'field_forbidden',
    ],
    ['that is no JSON (M55)', '/v1/jobs?tenant=a', post('{'), 400, 'body_not_json'],
    ['that is a list (M55)', '/v1/jobs?tenant=a', post([]), 400, 'body_not_object'],
    [
      'of another type (M54)',
      '/v1/jobs?tenant=a',
      { method: 'POST', body: '{}', headers: { 'Content-Type': 'text/plain' } },
      415,
      'content_type',
    ],
    [
      'that is too large (M55)',
      '/v1/jobs?tenant=a',
      post({ ...submission, input: { title: 'x'.repeat(300_000) } }),
      413,
      'body_too_large',
    ],
    [
      'of an unknown job type',
      '/v1/jobs?tenant=a',
      post({ ...submission, jobType: 'no.such' }),
      400,
      'job_type_unknown',
    ],
  ])('%s is refused', async (_, path, asking, status, code) => {
    const answer = await doors().operate(path, asking);
    expect(answer).toMatchObject({ status, body: { code, status, retryable: false } });
    expect(answer.body.instance).toMatch(/^req_/);
  });

  it('with the key of another body is a conflict (M60)', async () => {
    const { operate } = doors();
    await operate('/v1/jobs?tenant=acme', post(submission));
    const other = await operate('/v1/jobs?tenant=acme', post({ ...submission, input: { title: 'x' } }));
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_conflict' } });
  });

  it('is answered by 503 when the table does not answer, and the same request then succeeds (M65)', async () => {
    const { operate, ports } = doors();
    const { create } = ports.jobs;
    let calls = 0;
    ports.jobs.create = async (job) => {
      const created = await create(job);
      if (++calls === 1) throw Object.assign(new Error('lost'), { $metadata: {} });
      return created;
    };
    const lost = await operate('/v1/jobs?tenant=acme', post(submission));
    expect(lost).toMatchObject({
      status: 503,
      body: { code: 'try_again', retryable: true, retryAfterSeconds: 1 },
    });
    expect(lost.headers.get('Retry-After')).toBe('1');
    expect((await operate('/v1/jobs?tenant=acme', post(submission))).status).toBe(200);
  });
});

describe('a job', () => {
  it('is read again only when it has changed', async () => {
    const { operate, job } = await withJob('running');
    const first = await operate(`/v1/jobs/${job.jobId}`);
    const tag = first.headers.get('ETag') ?? '';
    const known = { headers: { 'If-None-Match': tag } };
    expect(await operate(`/v1/jobs/${job.jobId}`, known)).toMatchObject({ status: 304, text: '' });
    await operate(`/v1/jobs/${job.jobId}/cancel`, post());
    expect(await operate(`/v1/jobs/${job.jobId}`, known)).toMatchObject({
      status: 200,
      body: { state: 'cancelling' },
    });
  });

  test.each(['', '/why', '/timeline'])('of another tenant is not found at %j', async (rest) => {
    const { operate, job } = await withJob('running');
    expect((await operate(`/v1/jobs/${job.jobId}${rest}?tenant=acme`)).status).toBe(200);
    const foreign = await operate(`/v1/jobs/${job.jobId}${rest}?tenant=globex`);
    const absent = await operate(`/v1/jobs/${idOf('z')}${rest}?tenant=globex`);
    const withoutId = (text: string) => text.replace(/req_\w+/, '');
    expect(foreign.status).toBe(404);
    expect(withoutId(foreign.text)).toBe(withoutId(absent.text));
  });

  it('is cancelled: over at once, or while its container ends', async () => {
    const waiting = await withJob('waiting');
    expect(await waiting.operate(`/v1/jobs/${waiting.job.jobId}/cancel`, post())).toMatchObject({
      status: 200,
      body: { state: 'cancelled' },
    });
    const running = await withJob('running');
    expect(await running.operate(`/v1/jobs/${running.job.jobId}/cancel`, post())).toMatchObject({
      status: 202,
      body: { state: 'cancelling' },
    });
  });

  it('that failed is run again, or discarded', async () => {
    const { operate, ports, caughtUp } = doors();
    const made = await operate('/v1/jobs?tenant=acme', post(submission));
    const job = await ports.jobs.get(made.body.id);
    if (job === undefined) throw new Error('it was made');
    await ports.jobs.replace(job, { ...job, state: 'failed', version: 2 });
    await caughtUp();
    const path = `/v1/jobs/${job.jobId}`;
    const first = await operate(`${path}/redrive`, post());
    expect(first).toMatchObject({ status: 201, body: { parent: job.jobId } });
    expect(await operate(`${path}/redrive`, post())).toMatchObject({
      status: 200,
      body: { id: first.body.id },
    });
    const late = await operate(`${path}/discard`, post({ reason: 'not wanted' }));
    expect(late).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    expect(await operate(`${path}/discard`, post({}))).toMatchObject({
      status: 400,
      body: { code: 'field_missing' },
    });
  });
});

describe('a list', () => {
  it('shows one tenant, by tags and states, a page at a time, and takes no cursor of another filter (M57)', async () => {
    const { operate, ports, caughtUp } = doors();
    for (const letter of ['a', 'b', 'c'])
      await ports.jobs.create(
        jobIn('running', { jobId: idOf(letter), tags: { plan: letter === 'c' ? 'x' : 'free' } }),
      );
    await caughtUp();
    const first = await operate('/v1/jobs?tenant=acme&tag.plan=free&limit=1');
    expect(first.body.items).toHaveLength(1);
    const second = await operate(`/v1/jobs?tenant=acme&tag.plan=free&limit=1&cursor=${first.body.next}`);
    const ids = [first, second].map(({ body }) => body.items[0].id);
    expect(ids.toSorted()).toEqual([idOf('a'), idOf('b')]);
    expect(await operate(`/v1/jobs?tenant=acme&cursor=${first.body.next}`)).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid' },
    });
  });

  test.each([
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=x', '/limit'],
    ['state=dead', '/state'],
    ['since=yesterday', '/since'],
    ['plan=free', '/plan'],
    ['a/b~c=1', '/a~1b~0c'],
    ['tag.=x', '/tag.'],
    ['tag.a=1&tag.a=2', '/tag.a'],
  ])('is refused with %s, and names the parameter (M56, M61)', async (query, pointer) => {
    const answer = await doors().operate(`/v1/jobs?tenant=acme&${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'parameter_invalid', errors: [{ pointer }] } });
  });
});

describe('a tenant', () => {
  const put = (body: object, headers = {}) => ({ method: 'PUT', body, headers });

  it('is set, read and set again only by a reader of its last settings', async () => {
    const { operate } = doors();
    const path = '/v1/tenants/acme';
    expect((await operate(path)).status).toBe(404);
    const made = await operate(path, put({ status: 'active', caps: { cap: 3 } }));
    expect(made).toMatchObject({ status: 200, body: { settings: { status: 'active', caps: { cap: 3 } } } });
    const tag = (await operate(path)).headers.get('ETag') ?? '';
    const next = put({ status: 'active', caps: { cap: 5 } }, { 'If-Match': tag });
    expect(await operate(path, next)).toMatchObject({
      status: 200,
      body: { settings: { caps: { cap: 5 } } },
    });
    expect(await operate(path, next)).toMatchObject({ status: 412, body: { code: 'version_changed' } });
    expect((await operate('/v1/tenants')).body.items).toEqual([{ tenantId: 'acme', status: 'active' }]);
  });

  it('is paused and resumed', async () => {
    const { operate } = doors({ tenants: [{ tenantId: 'acme', status: 'active' }] });
    const paused = await operate('/v1/tenants/acme/pause', post({ reason: 'unpaid' }));
    expect(paused).toMatchObject({ status: 200, body: { paused: { reason: 'unpaid' } } });
    expect((await operate('/v1/tenants/acme/resume', post())).body.paused).toBeUndefined();
    expect((await operate('/v1/tenants/initrode/pause', post({ reason: 'x' }))).status).toBe(404);
  });

  test.each([
    [{}, 'field_invalid'],
    [{ status: 'asleep' }, 'field_invalid'],
    [{ status: 'active', cap: 3 }, 'field_unknown'],
    [{ status: 'active', caps: { cap: 0 } }, 'field_invalid'],
  ])('is not set to %j', async (body, code) => {
    expect(await doors().operate('/v1/tenants/acme', put(body))).toMatchObject({
      status: 400,
      body: { code },
    });
  });

  it.each(['ACME', '..', 'a%2Fb', 'a%00'])('has no name like %s', async (name) => {
    expect((await doors().operate(`/v1/tenants/${name}`)).status).toBe(404);
  });
});
