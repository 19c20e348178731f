import { describe, expect, test } from '@jest/globals';
import {
  activeKeys,
  checkHeaders,
  checkSecret,
  Endpoint,
  revoked,
  rotated,
  wants,
} from '../../../../domain/webhook/endpoint.ts';
import { NOW } from '../../../support/jobs.ts';

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
const key = (sealed: string) => ({ scheme: 'v1' as const, sealed });
const endpoint = Endpoint.parse({
  tenantId: 'acme',
  endpointId: 'whe_1',
  url: 'https://hooks.example.com/jobs',
  events: ['job.succeeded', 'job.failed'],
  keys: [key('first')],
});
const HOUR = 3_600_000;

test('an endpoint gets the events it asked for', () => {
  expect(wants(endpoint, 'job.failed')).toBe(true);
  expect(wants(endpoint, 'job.running')).toBe(false);
});

describe('while a secret is being rotated', () => {
  const after = rotated(endpoint, [key('second')], NOW);
  if ('code' in after) throw new Error(after.message);
  const sealedAt = (ms: number, of = after) => activeKeys(of, ms).map(({ sealed }) => sealed);

  test('both sign for a day, the newest first, and then the new one alone', () => {
    expect(sealedAt(NOW)).toEqual(['second', 'first']);
    expect(sealedAt(NOW + 24 * HOUR - 1)).toEqual(['second', 'first']);
    expect(sealedAt(NOW + 24 * HOUR)).toEqual(['second']);
  });

  test('the old one can be revoked at once', () => {
    expect(sealedAt(NOW, revoked(after))).toEqual(['second']);
  });

  test('a third is refused until the first is out: its receivers would be cut off without notice', () => {
    expect(rotated(after, [key('third')], NOW + HOUR)).toMatchObject({ code: 'rotation_pending' });
    expect(rotated(revoked(after), [key('third')], NOW + HOUR)).toHaveProperty('keys');
    expect(rotated(after, [key('third')], NOW + 25 * HOUR)).toHaveProperty('keys');
  });
});

test.each([
  ['of 24 bytes', secretOf(24), undefined],
  ['of 64 bytes', secretOf(64), undefined],
  ['of 8 bytes', secretOf(8), 'secret_length'],
  ['of 23 bytes', secretOf(23), 'secret_length'],
  ['of 65 bytes', secretOf(65), 'secret_length'],
  ['without its prefix', secretOf(32).slice('whsec_'.length), 'secret_format'],
  ['in the alphabet for URLs', `whsec_${'-_'.repeat(20)}`, 'secret_format'],
  ['cut short', secretOf(32).slice(0, -2), 'secret_format'],
  ['that is empty', '', 'secret_format'],
])('a secret %s: %s (M64)', (_, secret, code) => {
  expect(checkSecret(secret)?.code).toBe(code);
  expect(checkSecret(secret)?.message ?? '').not.toContain(secret.slice(6, 20) || 'canary');
});

describe('custom headers (M63)', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['a token of the receiver', { Authorization: 'Bearer abc' }, undefined],
    ['ours', { 'webhook-signature': 'v1,x' }, 'header_forbidden'],
    ['ours in capitals', { 'Webhook-Id': 'x' }, 'header_forbidden'],
    ['the host', { Host: 'example.com' }, 'header_forbidden'],
    ['the length', { 'content-length': '1' }, 'header_forbidden'],
    ['the type', { 'Content-Type': 'text/plain' }, 'header_forbidden'],
    ['the transfer', { 'transfer-encoding': 'chunked' }, 'header_forbidden'],
    ['the connection', { connection: 'upgrade' }, 'header_forbidden'],
    ['an upgrade', { upgrade: 'x' }, 'header_forbidden'],
    ['a proxy', { 'proxy-authorization': 'x' }, 'header_forbidden'],
    ['a sender', { 'x-forwarded-for': '127.0.0.1' }, 'header_forbidden'],
    ['AWS', { 'x-amz-date': 'x' }, 'header_forbidden'],
    ['a line break in the value', { 'x-a': 'b\r\nx-injected: 1' }, 'header_value'],
    ['a byte beyond ASCII', { 'x-a': 'ü' }, 'header_value'],
    ['2 KiB', { 'x-a': 'b'.repeat(2048) }, 'header_too_large'],
    ['no name', { '': 'b' }, 'header_name'],
    ['a space in the name', { 'x a': 'b' }, 'header_name'],
    ['a line break in the name', { 'x\r\na': 'b' }, 'header_name'],
    ['one name twice', { 'X-A': '1', 'x-a': '2' }, 'header_name'],
    ['eleven', Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`x-${i}`, ''])), 'headers_too_many'],
    [
      'four large ones',
      Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`x-${i}`, 'b'.repeat(1000)])),
      'header_too_large',
    ],
  ])('%s', (_, headers, code) => {
    expect(checkHeaders(headers)?.code).toBe(code);
  });
});
