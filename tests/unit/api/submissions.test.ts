/** Several requests in one call, and a request that is only to be judged. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { parseBatch } from '../../../domain/request/batch.ts';
import { parseSubmission } from '../../../domain/request/request.ts';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { type Asking, doors } from '../../support/doors.ts';
import { aRequest, types } from '../../support/jobs.ts';

const { tenantId: _, ...alone } = aRequest();
const request = (key: string, more: object = {}) => ({ ...alone, idempotencyKey: key, ...more });
const post = (body: unknown): Asking => ({ method: 'POST', body });
const batch = (...jobs: unknown[]): Asking => post({ jobs });
const BATCH = '/v1/jobs:batch?tenant=acme';
const CHECK = '/v1/jobs:check?tenant=acme';

describe('a batch', () => {
  it('answers for each request as if it had come alone, in their order', async () => {
    const { operate } = doors();
    await operate('/v1/jobs?tenant=acme', post(request('known')));
    const { status, body } = await operate(
      BATCH,
      batch(
        request('new'),
        request('known'),
        request('known', { input: { title: 'another' } }),
        request('typo', { prioritty: 'high' }),
        alone,
        7,
        request('of-another', { tenantId: 'globex' }),
      ),
    );
    expect(status).toBe(200);
    expect(
      body.results.map((one: { status: number; problem?: { code: string } }) => [
        one.status,
        one.problem?.code,
      ]),
    ).toEqual([
      [201, undefined],
      [200, undefined],
      [422, 'idempotency_conflict'],
      [400, 'field_unknown'],
      [400, 'idempotency_key_missing'],
      [400, 'body_not_object'],
      [400, 'field_forbidden'],
    ]);
    expect(body.results[3].problem.errors[0].pointer).toBe('/prioritty');
    expect(await operate(`/v1/jobs/${body.results[0].id}`)).toMatchObject({
      body: { idempotencyKey: 'new' },
    });
  });

  it('that is sent again after a lost answer finds the same jobs', async () => {
    const { operate } = doors();
    const keys = Array.from({ length: 100 }, (_, i) => `k-${i}`);
    const asking = batch(...keys.map((key) => request(key)));
    const idsOf = ({ body }: { body: { results: { id: string; status: number }[] } }) =>
      body.results.map(({ id }) => id);
    const first = await operate(BATCH, asking);
    const again = await operate(BATCH, asking);
    expect(new Set(idsOf(first)).size).toBe(100);
    expect(idsOf(again)).toEqual(idsOf(first));
    expect(new Set(again.body.results.map(({ status }: { status: number }) => status))).toEqual(
      new Set([200]),
    );
  });

  it('with one key twice is one job, whichever of the two made it', async () => {
    const { operate, sent } = doors();
    const { body } = await operate(BATCH, batch(request('same'), request('same')));
    expect(body.results.map(({ status }: { status: number }) => status).toSorted()).toEqual([200, 201]);
    expect(new Set(body.results.map(({ id }: { id: string }) => id)).size).toBe(1);
    expect(sent.submit.taken).toHaveLength(1);
  });

  it('reads its tenant once, and its jobs share rolls, as those of a batch of messages do', async () => {
    const { operate, ports } = doors();
    const calls = { tenants: 0, gates: 0, rolls: 0, jobs: 0 };
    const counted = <A extends unknown[], R>(name: keyof typeof calls, work: (...given: A) => R) => {
      return (...given: A) => {
        calls[name] += 1;
        return work(...given);
      };
    };
    ports.tenants.load = counted('tenants', ports.tenants.load);
    ports.gates.load = counted('gates', ports.gates.load);
    ports.rolls.put = counted('rolls', ports.rolls.put);
    ports.jobs.create = counted('jobs', ports.jobs.create);
    await operate(BATCH, batch(...Array.from({ length: 50 }, (_, i) => request(`k-${i}`))));
    // A roll has up to 25 jobs.
    expect(calls).toEqual({ tenants: 1, gates: 1, rolls: 2, jobs: 50 });
  });

  it('keeps a request whose record could not be written from the others, and says that it may be sent again', async () => {
    const { operate, ports } = doors();
    const { create } = ports.jobs;
    ports.jobs.create = async (job) => {
      if (job.idempotencyKey === 'lost') throw Object.assign(new Error('throttled'), { $metadata: {} });
      return create(job);
    };
    const { status, body } = await operate(BATCH, batch(request('a'), request('lost'), request('b')));
    expect([status, ...body.results.map((one: { status: number }) => one.status)]).toEqual([
      200, 201, 503, 201,
    ]);
    expect(body.results[1].problem).toMatchObject({ code: 'try_again', retryable: true });
  });

  test.each<[string, unknown, number, string]>([
    ['without requests', { jobs: [] }, 400, 'field_invalid'],
    ['with more than 100', { jobs: Array.from({ length: 101 }, () => ({})) }, 400, 'field_invalid'],
    ['without a list', {}, 400, 'field_missing'],
    ['with another list', { jobs: {} }, 400, 'field_type'],
    ['with another field', { jobs: [{}], atomic: true }, 400, 'field_unknown'],
    ['that is a list itself', [{}], 400, 'body_not_object'],
    ['that is no JSON', '{"jobs":[', 400, 'body_not_json'],
    ['with a key twice', '{"jobs":[{"input":{"a":1,"a":2}}]}', 400, 'json_duplicate_key'],
    ['that is too large', { jobs: [{ input: { title: 'x'.repeat(5_000_000) } }] }, 413, 'body_too_large'],
  ])('%s is refused as a whole', async (_, body, status, code) => {
    expect(await doors().operate(BATCH, post(body))).toMatchObject({ status, body: { code } });
  });

  it('has in it, and refuses alone, a request that is too large by itself', async () => {
    const { operate } = doors();
    const large = request('large', { input: { title: 'x'.repeat(300_000) } });
    const { body } = await operate(BATCH, batch(large, request('small')));
    expect(body.results).toMatchObject([{ status: 413 }, { status: 201 }]);
  });

  it('is what each of its requests is alone: the law of one admission', () => {
    const fields = fc.record(
      {
        jobType: fc.constantFrom('report.render', 'no type', 7),
        idempotencyKey: fc.oneof(fc.string(), fc.constant('k')),
        input: fc.oneof(fc.jsonValue(), fc.object()),
        tenantId: fc.constant('x'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 5 }), (jobs) => {
        const text = JSON.stringify({ jobs });
        const parsed = parseBatch(text, 'acme');
        // A fault of the JSON itself is one of the whole.
        if (parsed.kind === 'refused') return;
        expect(parsed.requests).toEqual(
          jobs.map((one) => parseSubmission(JSON.stringify(one), { tenantId: 'acme' })),
        );
      }),
    );
  });

  it('of a token for one job is refused, and one of a token for a tag is judged request by request', async () => {
    const { api, keys } = doors();
    const owned = ownedKey();
    await keys.register(owned.key);
    const asked = (claims: object) =>
      api('/v1/jobs:batch', {
        ...batch(request('a'), request('b', { tags: { plan: 'free' } })),
        headers: bearer(tokenOf(owned, claims)),
      });
    expect(await asked({ once: true, type: [alone.jobType] })).toMatchObject({
      status: 403,
      body: { code: 'scope_missing' },
    });
    const { body } = await asked({ tag: { name: 'plan', value: 'free' } });
    expect(body.results).toMatchObject([{ status: 403 }, { status: 201 }]);
  });
});

describe('a check', () => {
  it('says what would become of a request, and records nothing', async () => {
    const { operate, ports, sent } = doors();
    const { status, body } = await operate(CHECK, post(request('new')));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: 'accepted',
      state: 'waiting',
      priority: 'normal',
      text: 'It would be accepted, and go to AWS Batch at once.',
      wait: { waitsFor: 'turn' },
    });
    expect(await ports.jobs.get(body.id)).toBeUndefined();
    expect([sent.submit.taken, sent.events.taken]).toEqual([[], []]);
    const made = await operate('/v1/jobs?tenant=acme', post(request('new')));
    expect(made.body.id).toBe(body.id);
    expect((await operate(CHECK, post(request('new')))).body).toMatchObject({
      verdict: 'known',
      id: body.id,
      state: 'waiting',
    });
  });

  it('says what the job would wait for', async () => {
    const { operate } = doors({ tenants: [{ tenantId: 'acme', status: 'active' }] });
    await operate('/v1/tenants/acme/pause', post({ reason: 'unpaid' }));
    expect((await operate(CHECK, post(request('new')))).body).toMatchObject({
      verdict: 'accepted',
      wait: { waitsFor: 'slot', obstacle: 'paused', ahead: 0 },
    });
    const later = request('later', { delaySeconds: 3600 });
    expect((await operate(CHECK, post(later))).body).toMatchObject({
      state: 'scheduled',
      wait: { waitsFor: 'time' },
    });
    const after = request('after', { dependsOn: [{ idempotencyKey: 'other' }] });
    expect((await operate(CHECK, post(after))).body).toMatchObject({
      state: 'blocked',
      wait: { waitsFor: 'jobs', left: 1 },
    });
  });

  test.each<[string, unknown]>([
    ['of an unknown job type', request('k', { jobType: 'no.such' })],
    ['with an unknown field', request('k', { prioritty: 'high' })],
    ['without a key', alone],
    ['that depends on itself', request('k', { dependsOn: [{ idempotencyKey: 'k' }] })],
    ['with another body under a known key', request('known', { input: { title: 'another' } })],
    ['for a group that is sealed', request('k', { group: 'done' })],
    ['that is no JSON', '{'],
  ])('has for a request %s the refusal that it would meet', async (_, body) => {
    const { operate } = doors();
    await operate('/v1/jobs?tenant=acme', post(request('known')));
    await operate('/v1/groups/done/seal?tenant=acme', post({}));
    const checked = await operate(CHECK, post(body));
    const refused = await operate('/v1/jobs?tenant=acme', post(body));
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(checked.status).toBe(200);
    expect(checked.body.verdict).toBe('refused');
    const { instance: __, ...problem } = checked.body.problem;
    const { instance: ___, ...met } = refused.body;
    // Only the id of the job, which the sentence of a conflict names, is left out of a check.
    const bare = ({ code, status, errors }: typeof met) => ({
      code,
      status,
      pointers: errors.map(({ pointer }: { pointer: string }) => pointer),
    });
    expect(bare(problem)).toEqual(bare(met));
  });
});

test('the request of these tests is one of the registry of the tests', () => {
  expect(types.has(alone.jobType)).toBe(true);
});
