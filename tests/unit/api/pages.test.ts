/** Which web pages may call the door for tenants. */
import { describe, expect, it, test } from '@jest/globals';
import { ownedKey, tokenOf } from '../../support/credentials.ts';
import { doors } from '../../support/doors.ts';

const OURS = 'https://app.example';

/** A door for pages of these origins, with a key and its token. */
async function opened(...origins: string[]) {
  const door = doors({ origins });
  const owned = ownedKey();
  await door.keys.register(owned.key);
  return { ...door, owned, authorization: `Bearer ${tokenOf(owned)}` };
}

/** As a browser asks before it sends a submission. */
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: {
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
  },
});

describe('a page of an allowed origin', () => {
  it('is let in by its browser, without a credential, with each header that operations read', async () => {
    const { api } = await opened(OURS, 'http://localhost:5173');
    const { status, headers, text } = await api('/v1/jobs', preflight(OURS));
    expect({ status, text }).toEqual({ status: 204, text: '' });
    expect(headers.get('Access-Control-Allow-Origin')).toBe(OURS);
    expect(headers.get('Vary')).toBe('Origin');
    expect(headers.get('Access-Control-Allow-Methods')?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'POST']),
    );
    expect(headers.get('Access-Control-Allow-Headers')?.toLowerCase().split(', ')).toEqual([
      'authorization',
      'content-type',
      'idempotency-key',
      'if-match',
      'if-none-match',
      'traceparent',
    ]);
  });

  it('reads an answer, a refusal and what does not exist, with their headers, and no cookie is ever sent', async () => {
    const { api, authorization } = await opened(OURS);
    const answers = [
      await api('/v1/jobs', { headers: { Origin: OURS, Authorization: authorization } }),
      await api('/v1/jobs', { headers: { Origin: OURS } }),
      await api('/v1/nothing', { headers: { Origin: OURS } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404]);
    for (const { headers } of answers) {
      expect(headers.get('Access-Control-Allow-Origin')).toBe(OURS);
      expect(headers.get('Access-Control-Expose-Headers')).toMatch(/ETag.*RateLimit.*Retry-After/);
      expect(headers.has('Access-Control-Allow-Credentials')).toBe(false);
    }
  });

  it('needs a token all the same, and a key that it brings is refused', async () => {
    const { api, owned } = await opened('*');
    const { status, body } = await api('/v1/jobs', {
      headers: { Origin: OURS, Authorization: `Bearer ${owned.text}` },
    });
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'key_in_browser' });
  });
});

test.each([
  ['a stage that names none', [], OURS],
  ['another origin', [OURS], 'https://evil.example'],
  ['the same host by another scheme', [OURS], 'http://app.example'],
  ['a host that begins alike', [OURS], 'https://app.example.evil.example'],
  ['a page of a file', [OURS], 'null'],
])('a page of %s is kept out by its browser', async (_, origins, origin) => {
  const { api, authorization } = await opened(...origins);
  const asked = await api('/v1/jobs', preflight(origin));
  const read = await api('/v1/jobs', { headers: { Origin: origin, Authorization: authorization } });
  for (const { headers } of [asked, read]) {
    expect(headers.has('Access-Control-Allow-Origin')).toBe(false);
    expect(headers.has('Access-Control-Allow-Headers')).toBe(false);
    expect(headers.get('Vary')).toBe('Origin');
  }
});

it('every page may call where the stage says so', async () => {
  const { api } = await opened('*');
  const { headers } = await api('/v1/jobs', preflight('https://any.example'));
  expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
  expect(headers.has('Vary')).toBe(false);
});

it('the door for operators has no answer for a browser', async () => {
  const { operate } = await opened('*');
  const { status, headers } = await operate('/v1/jobs', preflight(OURS));
  expect(status).toBe(404);
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});
