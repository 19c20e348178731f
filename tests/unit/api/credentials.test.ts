/** The door for tenants: each operation against each wrong caller, and what a right one may do. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { operationIds, operationOf, tenantOperationIds } from '../../../api/contract/contract.ts';
import { mint, readKey } from '../../../client/token.ts';
import type { JobChange } from '../../../domain/job/job.ts';
import { bearer, hmacWith, type Owned, ownedKey, tokenOf } from '../../support/credentials.ts';
import { type Asking, AUDIENCE, doors } from '../../support/doors.ts';
import { aRequest, jobIn, NOW } from '../../support/jobs.ts';

const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const { tenantId: _, ...submission } = { ...aRequest(), idempotencyKey: 'report-42' };
const SECONDS = NOW / 1000;

/** A door with a key, one job of acme and one of globex. */
async function opened(change: Partial<Owned['key']> = {}) {
  const door = doors();
  const owned = ownedKey(change);
  await door.keys.register(owned.key);
  const job = (letter: string, more: JobChange = {}) =>
    jobIn('running', { jobId: idOf(letter), logStream: 'work/default/1', ...more });
  for (const each of [job('a', { tags: { plan: 'free' } }), job('b'), job('c', { tenantId: 'globex' })])
    await door.ports.jobs.create(each);
  await door.caughtUp();
  return { ...door, owned };
}

const guarded = operationIds.filter((id) => operationOf(id).access.kind !== 'public');
/** A request that the operation would answer to its rightful caller. */
function requestOf(id: (typeof guarded)[number], jobId = idOf('a')): [path: string, asking: Asking] {
  const { path, method, body } = operationOf(id);
  const filled = path
    .replace('{jobId}', jobId)
    .replace('{attempt}', '1')
    .replace('{tenantId}', 'acme')
    .replace('{scheduleId}', 'nightly')
    .replace('{endpointId}', 'whe_none')
    .replace('{deliveryId}', 'whe_none.1.msg_none')
    .replace('{keyId}', 'a'.repeat(16));
  return [filled, { method: method.toUpperCase(), ...(body === undefined ? {} : { body: submission }) }];
}
const forTenants = tenantOperationIds.filter((id) => operationOf(id).access.kind !== 'public');
const ofJob = forTenants.filter((id) => operationOf(id).path.includes('{jobId}'));

type Wrong = readonly [why: string, code: string, credential: (owned: Owned) => string | undefined];
const wrongCallers: readonly Wrong[] = [
  ['without a credential', 'credential_missing', () => undefined],
  ['with a key that must not leave its owner', 'credential_unknown', ({ text }) => text],
  ['with a token of a key that is not registered', 'credential_unknown', () => tokenOf(ownedKey())],
  [
    'with a token without a signature',
    'token_invalid',
    (owned) => tokenOf(owned, {}, { header: { alg: 'none' }, signature: () => '' }),
  ],
  [
    'with a token that the public key has signed as a secret',
    'token_invalid',
    (owned) =>
      tokenOf(
        owned,
        {},
        { header: { alg: 'HS256' }, signature: hmacWith(Buffer.from(owned.key.publicKey, 'base64url')) },
      ),
  ],
  [
    'with a token that another key has signed',
    'token_invalid',
    (owned) => tokenOf(owned, {}, { by: ownedKey() }),
  ],
  [
    'with a token of another type',
    'token_invalid',
    (owned) => tokenOf(owned, {}, { header: { typ: 'hg-task' } }),
  ],
  [
    'with a token that brings its own key',
    'token_invalid',
    (owned) => tokenOf(owned, {}, { header: { jwk: {} } }),
  ],
  [
    'with a token whose key is no text',
    'token_invalid',
    (owned) => tokenOf(owned, {}, { header: { kid: {} } }),
  ],
  ['with a token of another issuer', 'token_invalid', (owned) => tokenOf(owned, { iss: 'b'.repeat(16) })],
  ['with a token for another stack', 'token_invalid', (owned) => tokenOf(owned, { aud: 'headgate:other' })],
  ['with a token for several stacks', 'token_invalid', (owned) => tokenOf(owned, { aud: [AUDIENCE, 'x'] })],
  [
    'with an expired token',
    'token_expired',
    (owned) => tokenOf(owned, { iat: SECONDS - 400, exp: SECONDS - 31 }),
  ],
  [
    'with a token from the future',
    'token_invalid',
    (owned) => tokenOf(owned, { iat: SECONDS + 3600, exp: SECONDS + 3900 }),
  ],
  ['with a token that lasts too long', 'token_invalid', (owned) => tokenOf(owned, { exp: SECONDS + 3601 })],
  ['with a token without an end', 'token_invalid', (owned) => tokenOf(owned, { exp: undefined })],
  ['with a token without a beginning', 'token_invalid', (owned) => tokenOf(owned, { iat: undefined })],
  ['with a token without an id', 'token_invalid', (owned) => tokenOf(owned, { jti: undefined })],
  [
    'with a token whose narrowing is misspelt',
    'token_invalid',
    (owned) => tokenOf(owned, { jobId: idOf('a') }),
  ],
  [
    'with a token for a scope that the key has not',
    'token_invalid',
    (owned) => tokenOf(owned, { scope: 'jobs:read operate' }),
  ],
  ['with a token for no tenant', 'token_invalid', (owned) => tokenOf(owned, { sub: '*' })],
  ['with a token for one use and any job type', 'token_invalid', (owned) => tokenOf(owned, { once: true })],
  ['with text that is no token', 'token_invalid', () => 'a.b'],
];

describe.each(forTenants)('%s', (id) => {
  test.each(wrongCallers)('is closed to a caller %s (M52)', async (_, code, credential) => {
    const { api, owned } = await opened();
    const given = credential(owned);
    const [path, asking] = requestOf(id);
    const answer = await api(path, { ...asking, headers: given === undefined ? {} : bearer(given) });
    expect(answer).toMatchObject({ status: 401, body: { code } });
    expect(answer.headers.get('WWW-Authenticate')).toBe(`Bearer error="${code}"`);
  });

  it('needs its scope', async () => {
    const { api, owned } = await opened();
    const { access } = operationOf(id);
    const needed = access.kind === 'tenant' ? access.scope : '';
    const scope = owned.key.scopes.filter((each) => each !== needed).join(' ');
    const [path, asking] = requestOf(id);
    const answer = await api(path, { ...asking, headers: bearer(tokenOf(owned, { scope })) });
    expect(answer).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
  });

  it('takes no tenant from the query or a header beside a token', async () => {
    const { api, owned } = await opened();
    const [path, asking] = requestOf(id);
    const headers = bearer(tokenOf(owned));
    const byQuery = await api(`${path}?tenant=acme`, { ...asking, headers });
    const byHeader = await api(path, { ...asking, headers: { ...headers, 'Headgate-Tenant': 'acme' } });
    for (const answer of [byQuery, byHeader])
      expect(answer).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } });
  });

  it('takes no parameter twice (M61)', async () => {
    const { api, owned } = await opened();
    const [path, asking] = requestOf(id);
    const answer = await api(`${path}?limit=1&limit=1`, { ...asking, headers: bearer(tokenOf(owned)) });
    expect(answer).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } });
  });

  it('is closed when the keys cannot be read', async () => {
    const { api, owned, keys } = await opened();
    keys.get = () => Promise.reject(Object.assign(new Error('throttled'), { $metadata: {} }));
    const [path, asking] = requestOf(id);
    const answer = await api(path, { ...asking, headers: bearer(tokenOf(owned)) });
    expect(answer).toMatchObject({ status: 503, body: { code: 'try_again' } });
  });
});

const withoutRequestId = (text: string) => text.replace(/req_\w+/, '');

test.each(ofJob)(
  '%s answers by the same bytes for a foreign job, an absent one, and one outside of the narrowing (M53)',
  async (id) => {
    const { api, owned } = await opened();
    const asked = async (jobId: string, claims = {}) => {
      const [path, asking] = requestOf(id, jobId);
      const { status, text } = await api(path, { ...asking, headers: bearer(tokenOf(owned, claims)) });
      return [status, withoutRequestId(text)];
    };
    const absent = await asked(idOf('z'));
    expect(absent[0]).toBe(404);
    expect(await asked(idOf('c'))).toEqual(absent);
    expect(await asked(idOf('b'), { job: idOf('a') })).toEqual(absent);
    expect(await asked(idOf('b'), { tag: { name: 'plan', value: 'free' } })).toEqual(absent);
    expect((await asked(idOf('a'), { tag: { name: 'plan', value: 'free' } }))[0]).toBeLessThan(300);
  },
);

it('whatever stands for an id in a path, another tenant learns nothing from it (M53, M58)', async () => {
  const { api, owned } = await opened();
  const headers = bearer(tokenOf(owned));
  const absent = withoutRequestId((await api(`/v1/jobs/${idOf('z')}`, { headers })).text);
  const strange = fc.oneof(
    fc.constantFrom(
      idOf('c'),
      `${idOf('c')}/why`,
      `${idOf('c')}\0`,
      `../jobs/${idOf('c')}`,
      `JOB#${idOf('c')}`,
    ),
    fc.string({ minLength: 1 }).filter((text) => !/^\.{1,2}$/.test(text)),
  );
  await fc.assert(
    fc.asyncProperty(strange, async (id) => {
      const { status, text } = await api(`/v1/jobs/${encodeURIComponent(id.toWellFormed())}`, { headers });
      expect([status, withoutRequestId(text)]).toEqual([404, absent]);
    }),
    { numRuns: 60 },
  );
});

test.each(operationIds.filter((id) => operationOf(id).access.kind === 'operator'))(
  'operators have %s, and the door for tenants does not',
  async (id) => {
    const { api, owned } = await opened();
    const { path, method } = operationOf(id);
    const filled = path
      .replace('{jobId}', idOf('a'))
      .replace('{tenantId}', 'acme')
      .replace('{endpointId}', 'whe_none')
      .replace('{deliveryId}', 'whe_none.1.msg_none')
      .replace('{keyId}', owned.key.keyId);
    const response = await api(`${filled}`, {
      method: method.toUpperCase(),
      headers: bearer(tokenOf(owned)),
    });
    expect(response.status).toBe(404);
  },
);

describe('a token', () => {
  it('that the client mints opens its tenant, and no other', async () => {
    const { api, owned } = await opened();
    const token = await mint(readKey(owned.text), AUDIENCE, { tenant: 'acme', scopes: ['jobs:read'] }, NOW);
    const list = await api('/v1/jobs', { headers: bearer(token) });
    expect(list.body.items.map(({ id }: { id: string }) => id).toSorted()).toEqual([idOf('a'), idOf('b')]);
    expect(list.headers.get('RateLimit')).toBe('"credential";r=99');
  });

  it('narrowed to a tag is shown, and may start, jobs with that tag alone', async () => {
    const { api, owned } = await opened();
    const headers = bearer(tokenOf(owned, { tag: { name: 'plan', value: 'free' } }));
    expect((await api('/v1/jobs', { headers })).body.items).toMatchObject([{ id: idOf('a') }]);
    const without = await api('/v1/jobs', { method: 'POST', headers, body: submission });
    expect(without).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    const within = { ...submission, tags: { plan: 'free' } };
    expect((await api('/v1/jobs', { method: 'POST', headers, body: within })).status).toBe(201);
  });

  it('for one use starts one job of its types, under its own id', async () => {
    const { api, owned } = await opened();
    const headers = bearer(
      tokenOf(owned, { once: true, type: [submission.jobType], scope: 'jobs:create', jti: 'once-1' }),
    );
    const post = (body: object) => api('/v1/jobs', { method: 'POST', headers, body });
    expect((await post(submission)).status).toBe(403);
    expect((await post({ ...submission, idempotencyKey: 'once-1', jobType: 'anything.goes' })).status).toBe(
      403,
    );
    const first = await post({ ...submission, idempotencyKey: 'once-1' });
    expect(first.status).toBe(201);
    expect(Object.keys(first.body).toSorted()).toEqual(['id', 'state']);
    expect((await post({ ...submission, idempotencyKey: 'once-1' })).status).toBe(200);
  });

  it('of a key that is disabled is refused within a minute', async () => {
    const { api, owned, keys, time } = await opened();
    const headers = bearer(tokenOf(owned));
    expect((await api('/v1/jobs', { headers })).status).toBe(200);
    await keys.disable(owned.key.keyId, NOW);
    time.nowMs += 59_000;
    expect((await api('/v1/jobs', { headers })).status).toBe(200);
    time.nowMs += 2000;
    expect(await api('/v1/jobs', { headers })).toMatchObject({
      status: 401,
      body: { code: 'credential_unknown' },
    });
  });

  it('of a new key is taken soon, although the key was asked for before it was there', async () => {
    const { api, keys, time } = await opened();
    const late = ownedKey();
    const headers = bearer(tokenOf(late));
    expect((await api('/v1/jobs', { headers })).status).toBe(401);
    await keys.register(late.key);
    time.nowMs += 11_000;
    expect((await api('/v1/jobs', { headers })).status).toBe(200);
  });

  it('is taken as often as its rate allows, and another tenant has a rate of its own', async () => {
    const { api, owned, time } = await opened();
    const statuses = new Set<number>();
    for (let i = 0; i < 100; i++)
      statuses.add((await api('/v1/jobs/x', { headers: bearer(tokenOf(owned)) })).status);
    expect([...statuses]).toEqual([404]);
    const refused = await api('/v1/jobs/x', { headers: bearer(tokenOf(owned)) });
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } });
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect((await api('/v1/jobs/x', { headers: bearer(tokenOf(owned, { sub: 'globex' })) })).status).toBe(
      404,
    );
    time.nowMs += 1000;
    expect((await api('/v1/jobs/x', { headers: bearer(tokenOf(owned)) })).status).toBe(404);
  });
});

describe('a key that may be sent', () => {
  const list = (headers: object) => ({ headers: headers as Record<string, string> });

  it('of one tenant acts for it', async () => {
    const { api, owned } = await opened({ bearer: true, tenants: ['globex'] });
    expect((await api('/v1/jobs', list(bearer(owned.text)))).body.items).toMatchObject([{ id: idOf('c') }]);
  });

  it('of several tenants names the one that it acts for', async () => {
    const { api, owned } = await opened({ bearer: true, tenants: ['acme', 'globex'] });
    expect((await api('/v1/jobs', list(bearer(owned.text)))).status).toBe(400);
    const named = (tenant: string) => list({ ...bearer(owned.text), 'Headgate-Tenant': tenant });
    expect((await api('/v1/jobs', named('globex'))).body.items).toHaveLength(1);
    expect((await api('/v1/jobs', named('initrode'))).status).toBe(404);
  });

  test.each([{ Origin: 'https://shop.example' }, { 'Sec-Fetch-Site': 'cross-site' }])(
    'is refused in a page: %j',
    async (page) => {
      const { api, owned } = await opened({ bearer: true });
      const answer = await api('/v1/jobs', list({ ...bearer(owned.text), ...page }));
      expect(answer).toMatchObject({ status: 403, body: { code: 'key_in_browser' } });
      expect(answer.text).not.toContain(owned.text.slice(-20));
    },
  );

  it("may be sent by Node's fetch, which says its mode as browsers do", async () => {
    const { api, owned } = await opened({ bearer: true, tenants: ['acme'] });
    expect((await api('/v1/jobs', list({ ...bearer(owned.text), 'Sec-Fetch-Mode': 'cors' }))).status).toBe(
      200,
    );
  });

  it('with another seed is refused', async () => {
    const { api, owned } = await opened({ bearer: true });
    const forged = `hgk_${owned.key.keyId}_${ownedKey().text.slice(-43)}`;
    expect((await api('/v1/jobs', list(bearer(forged)))).status).toBe(401);
  });
});

describe('an operator', () => {
  const settings = ({ key }: Owned) => ({ publicKey: key.publicKey, scopes: key.scopes, tenants: ['acme'] });

  it('registers a key once, reads and disables it', async () => {
    const { operate } = doors();
    const owned = ownedKey();
    const post = { method: 'POST', body: settings(owned) };
    const first = await operate('/v1/keys', post);
    expect(first).toMatchObject({ status: 201, body: { keyId: owned.key.keyId, tenants: ['acme'] } });
    expect(await operate('/v1/keys', post)).toMatchObject({ status: 200, body: first.body });
    expect((await operate('/v1/keys')).body.items).toEqual([first.body]);
    const disabled = await operate(`/v1/keys/${owned.key.keyId}/disable`, { method: 'POST' });
    expect(disabled.body.disabledAt).toBe(new Date(NOW).toISOString());
    expect((await operate(`/v1/keys/${owned.key.keyId}`)).body).toEqual(disabled.body);
    // It stays in the list: who could sign what until when is asked after an incident.
    expect((await operate('/v1/keys')).body.items).toEqual([disabled.body]);
    expect((await operate(`/v1/keys/${'z'.repeat(16)}`)).status).toBe(404);
  });

  test.each([
    ['a scope that there is not', { scopes: ['operate'] }],
    ['a wildcard', { scopes: ['jobs:*'] }],
    ['a tenant that cannot be', { tenants: ['ACME'] }],
    ['tokens for more than a day', { maxTokenSeconds: 86_401 }],
    ['a public key of another length', { publicKey: 'AAAA' }],
    [
      'a public key that any signature fits',
      { publicKey: Buffer.from([1, ...Array(31).fill(0)]).toString('base64url') },
    ],
    [
      'the same point with the other sign',
      { publicKey: Buffer.from([1, ...Array(30).fill(0), 0x80]).toString('base64url') },
    ],
    ['a private key', { seed: 'x' }],
  ])('cannot register %s', async (_, change) => {
    const body = { ...settings(ownedKey()), ...change };
    const answer = await doors().operate('/v1/keys', { method: 'POST', body });
    expect(answer.status).toBe(400);
  });
});
