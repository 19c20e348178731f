import { describe, expect, test } from '@jest/globals';
import {
  type EndpointRequest,
  type RegisterPorts,
  register,
} from '../../../application/webhook/endpoint-setup.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { sealingBy } from '../../../io/aws/keys.ts';
import { NOW } from '../../support/jobs.ts';

/** Where everything that is kept would show. */
function setup() {
  const kept: unknown[] = [];
  const ports: RegisterPorts = {
    endpoints: {
      list: async () => [],
      get: async () => undefined,
      put: async (endpoint) => void kept.push(endpoint),
      add: async (endpoint) => {
        kept.push(endpoint);
        return undefined;
      },
      change: async () => undefined,
    },
    keys: sealingBy(async (_, text) => {
      kept.push(text);
      return 'sealed';
    }),
    clock: { nowMs: () => NOW },
    random: { token: () => 'token', fraction: () => 0 },
  };
  return { ports, kept };
}

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('an endpoint that may not be is refused with its place, and nothing is stored or sealed', () => {
  test.each<[string, Partial<EndpointRequest>, ErrorCode, string]>([
    ['no URL (M62)', { url: '' }, 'url_missing', '/url'],
    ['a long URL (M62)', { url: `https://canary.example.com/${'a'.repeat(2048)}` }, 'url_too_long', '/url'],
    ['a backslash (M62)', { url: 'https://canary.example.com\\@a.example.com/' }, 'url_bad_chars', '/url'],
    ['plain HTTP (M62)', { url: 'http://canary.example.com/' }, 'url_scheme', '/url'],
    ['a port beyond all ports (M62)', { url: 'https://canary.example.com:65536/' }, 'url_parse', '/url'],
    ['a password (M62)', { url: 'https://user:canary@example.com/' }, 'url_userinfo', '/url'],
    ['a fragment (M62)', { url: 'https://example.com/#canary' }, 'url_fragment', '/url'],
    ['another port (M62)', { url: 'https://canary.example.com:8443/' }, 'url_port', '/url'],
    ['the metadata of AWS in hex (M62)', { url: 'https://0xa9fea9fe/canary' }, 'host_ip_literal', '/url'],
    ['a host with an underscore (M62)', { url: 'https://can_ary.example.com/' }, 'host_syntax', '/url'],
    ['a host of the inside (M62)', { url: 'https://canary.internal/' }, 'host_special', '/url'],
    ['a host without a dot (M62)', { url: 'https://canary/' }, 'host_single_label', '/url'],
    [
      'a header of ours (M63)',
      { headers: { 'Webhook-Signature': 'canary' } },
      'header_forbidden',
      '/headers/Webhook-Signature',
    ],
    [
      'a line break in a header (M63)',
      { headers: { 'x-a': 'canary\r\nx-b: 1' } },
      'header_value',
      '/headers/x-a',
    ],
    [
      'a header of 2 KiB (M63)',
      { headers: { 'x-a': 'canary'.repeat(400) } },
      'header_too_large',
      '/headers/x-a',
    ],
    ['a secret of 8 bytes (M64)', { secret: secretOf(8) }, 'secret_length', '/secret'],
    ['a secret of 65 bytes (M64)', { secret: secretOf(65) }, 'secret_length', '/secret'],
    ['a secret that is no base64 (M64)', { secret: 'whsec_!canary!' }, 'secret_format', '/secret'],
  ])('%s', async (_, change, code, pointer) => {
    const { ports, kept } = setup();
    const asked = { tenantId: 'acme', url: 'https://hooks.example.com/', ...change };
    const registered = await register(ports, asked);
    expect(registered).toMatchObject({ kind: 'refused', problem: { code, pointer } });
    expect(registered).toHaveProperty('problem.message', expect.stringMatching(/^[A-Z].*\.$/s));
    expect(JSON.stringify(registered)).not.toContain('canary');
    expect(kept).toEqual([]);
  });

  test('and one that may be is stored', async () => {
    const { ports, kept } = setup();
    const asked = { tenantId: 'acme', url: 'https://hooks.example.com/', secret: secretOf(32) };
    expect(await register(ports, asked)).toMatchObject({ kind: 'registered' });
    expect(kept).toHaveLength(2);
  });
});
