/** What the doors cost, and what they refuse before it costs anything. */
import { describe, expect, it, test } from '@jest/globals';
import { intake } from '../../../application/intake/intake.ts';
import { submitJob } from '../../../application/resources/submit-job.ts';
import type { Point } from '../../../domain/metrics/metric.ts';
import { parseSubmission } from '../../../domain/request/request.ts';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { doors } from '../../support/doors.ts';
import { aRequest } from '../../support/jobs.ts';
import { messageOf, useCases } from '../../support/use-cases.ts';

const { tenantId: _, ...alone } = aRequest();
const request = (key: string, more: object = {}) => ({ ...alone, idempotencyKey: key, ...more });
/** Above what stays in the record of a job. */
const large = { input: { source: 'x'.repeat(100_000) } };

/** Replaces each method of a store by one that notes its name. */
function watched<Store extends object>(name: string, store: Store, calls: string[]): void {
  for (const [method, work] of Object.entries(store))
    if (typeof work === 'function')
      Reflect.set(store, method, (...given: unknown[]) => {
        calls.push(`${name}.${method}`);
        return work(...given);
      });
}

const READS = /^\w+\.(get|load|list|stored|whole|count|has|tenants)$/;

describe('a submission', () => {
  it.each<[string, object]>([
    ['small', {}],
    ['with a large input', large],
    ['for later', { delaySeconds: 3600 }],
    ['that depends on another', { dependsOn: [{ idempotencyKey: 'other' }] }],
    ['for a group', { group: 'night' }],
  ])('%s writes no more over HTTP than by the queue', async (_, more) => {
    const costs = async (send: (ports: ReturnType<typeof useCases>['ports']) => Promise<unknown>) => {
      const { ports } = useCases({});
      const calls: string[] = [];
      const { jobs, groups, rolls, gates, waiting, tenants, dependants } = ports;
      const stores = { jobs, groups, rolls, gates, waiting, tenants, dependants };
      for (const [name, store] of Object.entries(stores)) watched(name, store, calls);
      await send(ports);
      return calls.filter((call) => !READS.test(call)).toSorted();
    };
    const body = request('k', more);
    const byQueue = await costs((ports) => intake(ports)([messageOf({ ...body, tenantId: 'acme' })]));
    const byDoor = await costs((ports) =>
      submitJob(ports)('req_1', parseSubmission(JSON.stringify(body), { tenantId: 'acme' })),
    );
    expect(byQueue).toContain('jobs.create');
    expect(byDoor).toEqual(byQueue);
  });
});

describe('a read', () => {
  async function opened(more: object = {}) {
    const door = doors();
    const { body } = await door.operate('/v1/jobs?tenant=acme', {
      method: 'POST',
      body: request('k', more),
    });
    const calls: string[] = [];
    for (const [name, store] of Object.entries({ jobs: door.ports.jobs, gates: door.ports.gates }))
      watched(name, store, calls);
    return { ...door, path: `/v1/jobs/${body.id}`, calls };
  }

  it('of a job is one read of its record', async () => {
    const { operate, path, calls } = await opened();
    expect((await operate(path)).body.input).toEqual(alone.input);
    // The record has all of it, so the second call reads nothing.
    expect(calls).toEqual(['jobs.get', 'jobs.whole']);
  });

  it('of a job with a large input reads that only for a reader who has another state of the job', async () => {
    const { operate, path, calls } = await opened(large);
    const first = await operate(path);
    expect(first.body.input).toEqual(large.input);
    calls.length = 0;
    const known = { headers: { 'If-None-Match': first.headers.get('ETag') ?? '' } };
    expect((await operate(path, known)).status).toBe(304);
    expect(calls).toEqual(['jobs.get']);
    await operate(`${path}/cancel`, { method: 'POST' });
    const changed = await operate(path, known);
    expect(changed).toMatchObject({ status: 200, body: { state: 'cancelled', input: large.input } });
  });
});

describe('a stranger', () => {
  it('costs the stack no body', async () => {
    const { api } = doors();
    // No credential, and a body that would be refused if it were read.
    const answer = await api('/v1/jobs', { method: 'POST', body: 'x'.repeat(1_000_000) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'credential_missing' } });
  });

  it('who makes keys up costs one read for each, and ten seconds later one more', async () => {
    const { api, keys, time } = doors();
    let reads = 0;
    const { get } = keys;
    keys.get = (id) => {
      reads += 1;
      return get(id);
    };
    const headers = bearer(tokenOf(ownedKey()));
    for (let i = 0; i < 5; i++) expect((await api('/v1/jobs', { headers })).status).toBe(401);
    expect(reads).toBe(1);
    time.nowMs += 10_001;
    await api('/v1/jobs', { headers });
    expect(reads).toBe(2);
  });

  it('who has no signature of a key has no tenant looked up', async () => {
    const { api, keys, ports } = doors();
    const owned = ownedKey();
    await keys.register(owned.key);
    let reads = 0;
    ports.revocations.tokensNotBefore = async () => {
      reads += 1;
      return undefined;
    };
    await api('/v1/jobs', { headers: bearer(tokenOf(owned, {}, { by: ownedKey() })) });
    expect(reads).toBe(0);
  });
});

describe('a caller with a token', () => {
  async function opened() {
    const door = doors();
    const owned = ownedKey();
    await door.keys.register(owned.key);
    const asked = (path: string, more: object = {}) =>
      door.api(path, { method: 'POST', headers: bearer(tokenOf(owned)), ...more });
    return { ...door, owned, asked };
  }

  test.each(['schedule:nightly:2026-11-30T02:00Z', 'schedule:'])(
    'cannot take the key %s, which is of an occurrence of a schedule',
    async (key) => {
      const { asked } = await opened();
      const one = await asked('/v1/jobs', { body: request(key) });
      expect(one).toMatchObject({ status: 400, body: { code: 'field_invalid' } });
      const many = await asked('/v1/jobs:batch', { body: { jobs: [request(key)] } });
      expect(many.body.results).toMatchObject([{ status: 400 }]);
    },
  );

  it('cannot leave the end of a job that is to come: a cancel by an id without a record writes nothing', async () => {
    const { asked, ports } = await opened();
    const calls: string[] = [];
    watched('jobs', ports.jobs, calls);
    expect((await asked(`/v1/jobs/job_${'z'.repeat(26)}/cancel`)).status).toBe(404);
    expect(calls).toEqual(['jobs.get']);
  });

  it('cannot say by headers that its request is the letter of a failed job', async () => {
    const { asked, operate, owned } = await opened();
    const letter = { deadLetterOf: `job_${'a'.repeat(26)}`, effectiveKey: 'stolen' };
    const made = await asked('/v1/jobs', {
      body: request('mine'),
      headers: { ...bearer(tokenOf(owned)), ...letter },
    });
    expect(made.status).toBe(201);
    const job = (await operate(`/v1/jobs/${made.body.id}`)).body;
    expect([job.idempotencyKey, job.parent]).toEqual(['mine', undefined]);
  });

  test.each(['token', 'key', 'access_token'])('cannot send it as the parameter %s', async (name) => {
    const { api, owned } = await opened();
    const answer = await api(`/v1/jobs?${name}=${tokenOf(owned)}`, { headers: bearer(tokenOf(owned)) });
    expect(answer).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } });
  });
});

test('a request without a credential that holds is counted, and so is one that its credential does not allow', async () => {
  const door = doors();
  const reader = ownedKey({ scopes: ['jobs:read'] });
  await door.keys.register(reader.key);
  const counted: string[] = [];
  const info = (_: string, __?: object, points: readonly Point[] = []) =>
    void counted.push(...points.map(({ metric, of = {} }) => [metric.name, ...Object.values(of)].join(' ')));
  Reflect.set(door.ports.log, 'info', info);
  const headers = bearer(tokenOf(reader, { scope: 'jobs:read' }));
  const asked = [
    await door.api('/v1/jobs', { headers }),
    await door.api('/v1/jobs'),
    await door.api('/v1/jobs', { method: 'POST', headers, body: request('k') }),
  ];
  expect(asked.map(({ status }) => status)).toEqual([200, 401, 403]);
  expect(counted).toEqual(['RequestsDenied credential', 'RequestsDenied forbidden']);
});
