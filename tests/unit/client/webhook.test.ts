/** A receiver verifies with the client what Headgate signs, and nothing else. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, it, test } from '@jest/globals';
import { verifyWebhook, WebhookRefused } from '../../../client/index.ts';
import { signedHeaders } from '../../../io/http/signature.ts';

const NOW = Date.UTC(2026, 0, 5, 9);
const ID = `msg_${'a'.repeat(26)}`;
const secrets = [0, 1].map(() => `whsec_${randomBytes(32).toString('base64')}`);
const [secret = '', other = ''] = secrets;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const { x = '', d = '' } = privateKey.export({ format: 'jwk' });
const whpk = `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`;
const body = JSON.stringify({
  type: 'job.succeeded',
  timestamp: '2026-01-05T09:00:00.000Z',
  data: { jobId: 'job_1', note: 'ä' },
});
const keys = { v1: { scheme: 'v1', plain: secret }, v1a: { scheme: 'v1a', plain: `${x}.${d}` } } as const;
const signed = (...by: readonly (keyof typeof keys)[]) =>
  signedHeaders(
    ID,
    NOW,
    body,
    by.map((name) => keys[name]),
  );

test.each<[string, readonly (keyof typeof keys)[], readonly string[]]>([
  ['a shared secret', ['v1'], [secret]],
  ['the newer of two secrets', ['v1'], [other, secret]],
  ['a public key', ['v1a'], [whpk]],
  ['either of two schemes', ['v1', 'v1a'], [whpk]],
])('%s verifies', async (_, by, given) => {
  const event = await verifyWebhook(body, signed(...by), given, NOW);
  expect(event).toMatchObject({ type: 'job.succeeded', data: { jobId: 'job_1' } });
  expect(await verifyWebhook(new TextEncoder().encode(body), new Headers(signed(...by)), given, NOW)).toEqual(
    event,
  );
  const upper = Object.fromEntries(
    Object.entries(signed(...by)).map(([name, value]) => [name.toUpperCase(), value]),
  );
  expect(await verifyWebhook(body, upper, given, NOW)).toEqual(event);
});

test.each<[string, () => Parameters<typeof verifyWebhook>]>([
  ['another secret', () => [body, signed('v1'), [other], NOW]],
  ['no secret', () => [body, signed('v1'), [], NOW]],
  [
    'a body that was written anew',
    () => [JSON.stringify({ ...JSON.parse(body), a: 1 }), signed('v1'), [secret], NOW],
  ],
  ['another id', () => [body, { ...signed('v1'), 'webhook-id': `msg_${'b'.repeat(26)}` }, [secret], NOW]],
  ['a webhook of yesterday', () => [body, signed('v1'), [secret], NOW + 301_000]],
  ['a webhook of tomorrow', () => [body, signed('v1'), [secret], NOW - 301_000]],
  ['no headers', () => [body, {}, [secret], NOW]],
  [
    'a signature that is no base64',
    () => [body, { ...signed('v1'), 'webhook-signature': 'v1,%%%' }, [secret], NOW],
  ],
  [
    'a signature of a scheme that is none',
    () => [body, { ...signed('v1'), 'webhook-signature': 'v9,AAAA constructor,AAAA' }, [secret], NOW],
  ],
  ['a public key for a shared signature', () => [body, signed('v1'), [whpk], NOW]],
  ['a secret that is no base64', () => [body, signed('v1'), ['whsec_%%%'], NOW]],
])('%s verifies nothing', async (_, given) => {
  await expect(verifyWebhook(...given())).rejects.toBeInstanceOf(WebhookRefused);
});

it('an event in the form of CloudEvents has the same type, time and data', async () => {
  const told = { jobId: 'job_1' };
  const cloud = JSON.stringify({
    specversion: '1.0',
    type: 'job.failed',
    time: '2026-01-05T09:00:00.000Z',
    data: told,
  });
  const headers = signedHeaders(ID, NOW, cloud, [keys.v1]);
  expect(await verifyWebhook(cloud, headers, [secret], NOW)).toEqual({
    type: 'job.failed',
    timestamp: '2026-01-05T09:00:00.000Z',
    data: told,
  });
});
