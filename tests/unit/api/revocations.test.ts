/** All tokens of a tenant are ended at once, and a job remembers the token that asked for it. */
import { describe, expect, it } from '@jest/globals';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { doors } from '../../support/doors.ts';
import { aRequest, NOW } from '../../support/jobs.ts';

const { tenantId: _, ...alone } = aRequest();
const submission = (key: string) => ({ ...alone, idempotencyKey: key });

async function opened() {
  const door = doors({
    tenants: [
      { tenantId: 'acme', status: 'active' },
      { tenantId: 'globex', status: 'active' },
    ],
  });
  const owned = ownedKey({ bearer: true });
  await door.keys.register(owned.key);
  const asked = async (claims: object) =>
    (await door.api('/v1/jobs', { headers: bearer(tokenOf(owned, claims)) })).body.code ?? 'taken';
  return { ...door, owned, asked };
}

describe('a revocation', () => {
  it('ends the tokens of a tenant that were signed before, within a minute, and no others', async () => {
    const { operate, asked, time } = await opened();
    const before = { iat: NOW / 1000, exp: NOW / 1000 + 600 };
    expect(await asked(before)).toBe('taken');
    time.nowMs += 1000;
    const revoked = await operate('/v1/tenants/acme/revoke-tokens', { method: 'POST' });
    expect(revoked).toMatchObject({
      status: 200,
      body: { tenantId: 'acme', tokensNotBefore: new Date(NOW + 1000).toISOString() },
    });
    // What the sandbox knew a moment ago.
    expect(await asked(before)).toBe('taken');
    time.nowMs += 60_000;
    expect(await asked(before)).toBe('token_revoked');
    expect(await asked({ ...before, sub: 'globex' })).toBe('taken');
    const after = { iat: NOW / 1000 + 61, exp: NOW / 1000 + 600 };
    expect(await asked(after)).toBe('taken');
  });

  it('is not undone when the settings of the tenant are put again', async () => {
    const { operate, asked, time } = await opened();
    time.nowMs += 1000;
    await operate('/v1/tenants/acme/revoke-tokens', { method: 'POST' });
    await operate('/v1/tenants/acme', { method: 'PUT', body: { status: 'active' } });
    expect(await asked({ iat: NOW / 1000, exp: NOW / 1000 + 600 })).toBe('token_revoked');
  });

  it('of a tenant that is not there is not found', async () => {
    const { operate } = await opened();
    expect(await operate('/v1/tenants/initrode/revoke-tokens', { method: 'POST' })).toMatchObject({
      status: 404,
    });
  });

  it('is read once a minute for a tenant, however many requests come', async () => {
    const { api, owned, ports } = await opened();
    let reads = 0;
    const { tokensNotBefore } = ports.revocations;
    ports.revocations.tokensNotBefore = (tenantId) => {
      reads += 1;
      return tokensNotBefore(tenantId);
    };
    for (let i = 0; i < 20; i++) await api('/v1/jobs', { headers: bearer(tokenOf(owned)) });
    expect(reads).toBe(1);
  });

  it('that cannot be read lets no token in', async () => {
    const { api, owned, ports } = await opened();
    ports.revocations.tokensNotBefore = () =>
      Promise.reject(Object.assign(new Error('throttled'), { $metadata: {} }));
    expect(await api('/v1/jobs', { headers: bearer(tokenOf(owned)) })).toMatchObject({
      status: 503,
      body: { code: 'try_again' },
    });
  });
});

describe('a job', () => {
  it('remembers the token that asked for it, and tells operators alone', async () => {
    const { api, operate, owned } = await opened();
    const headers = bearer(tokenOf(owned, { jti: 'page-7' }));
    const made = await api('/v1/jobs', { method: 'POST', headers, body: submission('a') });
    const batch = { jobs: [submission('b')] };
    const many = await api('/v1/jobs:batch', { method: 'POST', headers, body: batch });
    for (const id of [made.body.id, many.body.results[0].id]) {
      expect((await operate(`/v1/jobs/${id}`)).body.signedBy).toEqual({
        kid: owned.key.keyId,
        jti: 'page-7',
      });
      expect((await api(`/v1/jobs/${id}`, { headers })).body.signedBy).toBeUndefined();
    }
  });

  it('remembers the key that was sent itself, and of an operator and the queue nothing', async () => {
    const { api, operate, owned } = await opened();
    const sent = { ...bearer(owned.text), 'Headgate-Tenant': 'acme' };
    const byKey = await api('/v1/jobs', { method: 'POST', headers: sent, body: submission('a') });
    expect((await operate(`/v1/jobs/${byKey.body.id}`)).body.signedBy).toEqual({ kid: owned.key.keyId });
    const byOperator = await operate('/v1/jobs?tenant=acme', { method: 'POST', body: submission('b') });
    expect((await operate(`/v1/jobs/${byOperator.body.id}`)).body.signedBy).toBeUndefined();
  });

  it('is the same job for whichever token asks again, and keeps the first', async () => {
    const { api, operate, owned } = await opened();
    const post = (jti: string) =>
      api('/v1/jobs', {
        method: 'POST',
        headers: bearer(tokenOf(owned, { jti })),
        body: submission('same'),
      });
    const first = await post('one');
    expect((await post('two')).status).toBe(200);
    expect((await operate(`/v1/jobs/${first.body.id}`)).body.signedBy.jti).toBe('one');
  });
});
