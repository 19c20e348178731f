import { expect, test } from '@jest/globals';
import { Endpoint, WebhookSecret, wants } from '../../domain/endpoint.ts';

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
const endpoint = Endpoint.parse({
  tenantId: 'acme',
  endpointId: 'whe_1',
  url: 'https://hooks.example.com/jobs',
  events: ['job.succeeded', 'job.failed'],
  secrets: [secretOf(32)],
});

test('an endpoint gets the events it asked for, while it is not disabled', () => {
  expect(wants(endpoint, 'job.failed')).toBe(true);
  expect(wants(endpoint, 'job.running')).toBe(false);
  expect(wants({ ...endpoint, disabledReason: 'gone' }, 'job.failed')).toBe(false);
});

test.each([
  ['of 24 bytes', secretOf(24), true],
  ['of 64 bytes', secretOf(64), true],
  ['of 23 bytes', secretOf(23), false],
  ['of 67 bytes', secretOf(67), false],
  ['without its prefix', secretOf(32).slice('whsec_'.length), false],
  ['in the alphabet for URLs', `whsec_${'-_'.repeat(20)}`, false],
])('a secret %s', (_, secret, valid) => {
  expect(WebhookSecret.safeParse(secret).success).toBe(valid);
});
