import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { openKey, webhookHeaders } from '../../io/http/signature.ts';

const secretOf = (byte: number, length = 32) => `whsec_${Buffer.alloc(length, byte).toString('base64')}`;
const [current, previous, foreign] = [secretOf(1), secretOf(2), secretOf(3)];
const ID = `msg_${'abcd234567'.repeat(2)}zyxwvu`;
const BODY = '{"type":"job.succeeded","data":{"note":"größer ✓"}}';

const opened = (secrets: readonly string[]) => secrets.map((secret) => openKey('v1', secret));
const headers = (secrets: readonly string[]) => webhookHeaders(ID, Date.now(), BODY, opened(secrets));

describe('a receiver with the reference library', () => {
  test.each([24, 32, 64])('verifies what was signed with a secret of %d bytes', (length) => {
    const secret = secretOf(7, length);
    expect(new Webhook(secret).verify(BODY, headers([secret]))).toEqual(JSON.parse(BODY));
  });

  test('verifies with either secret while they are being rotated, and with no third', () => {
    const rotating = headers([current, previous]);
    expect(rotating['webhook-signature'].split(' ')).toHaveLength(2);
    expect(() => new Webhook(current).verify(BODY, rotating)).not.toThrow();
    expect(() => new Webhook(previous).verify(BODY, rotating)).not.toThrow();
    expect(() => new Webhook(foreign).verify(BODY, rotating)).toThrow('No matching signature found');
  });

  test.each<[string, string, object]>([
    ['another body', BODY.replace('succeeded', 'failed'), {}],
    ['another id', BODY, { 'webhook-id': ID.replace('a', 'b') }],
    ['another time', BODY, { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 10) }],
  ])('refuses %s', (_, body, change) => {
    const sent = { ...headers([current]), ...change };
    expect(() => new Webhook(current).verify(body, sent)).toThrow('No matching signature found');
  });

  test('refuses what was signed long ago: each try is signed anew', () => {
    const old = webhookHeaders(ID, Date.now() - 3_600_000, BODY, opened([current]));
    expect(() => new Webhook(current).verify(BODY, old)).toThrow('timestamp too old');
  });
});

test('the signature is that of the specification, to the byte', () => {
  const time = new Date(1_767_603_600_000);
  expect(webhookHeaders(ID, time.getTime() + 999, BODY, opened([current]))).toEqual({
    'webhook-id': ID,
    'webhook-timestamp': '1767603600',
    'webhook-signature': new Webhook(current).sign(ID, time, BODY),
  });
});

test.each(['msg_1.2', `${ID}.1`, 'msg_', ID.toUpperCase(), `${ID}\n`, `x${ID}`, ''])(
  'an id such as %j is not signed: it could move bytes between id, time and body',
  (id) => {
    expect(() => webhookHeaders(id, Date.now(), BODY, opened([current]))).toThrow(/webhook id/);
  },
);

describe('laws', () => {
  const secrets = fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
  const bodies = fc.jsonValue().map((value) => JSON.stringify(value));

  test('what we sign the reference library verifies, and what it signs is what we sign', () => {
    fc.assert(
      fc.property(secrets, bodies, (secret, body) => {
        const nowMs = Date.now();
        const sent = webhookHeaders(ID, nowMs, body, opened([secret]));
        expect(new Webhook(secret).verify(body, sent)).toEqual(JSON.parse(body));
        expect(new Webhook(secret).sign(ID, new Date(nowMs), body)).toBe(sent['webhook-signature']);
      }),
    );
  });

  test('one changed character is not verified', () => {
    fc.assert(
      fc.property(secrets, fc.string({ minLength: 1 }), fc.nat(), (secret, text, at) => {
        const body = JSON.stringify(text);
        const i = at % body.length;
        const other = `${body.slice(0, i)}${body[i] === 'x' ? 'y' : 'x'}${body.slice(i + 1)}`;
        const sent = webhookHeaders(ID, Date.now(), body, opened([secret]));
        expect(() => new Webhook(secret).verify(other, sent)).toThrow('No matching signature found');
      }),
    );
  });
});

test('without a key nothing is sent, rather than something unsigned', () => {
  expect(() => webhookHeaders(ID, Date.now(), BODY, [])).toThrow(/key/);
});
