import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkUrl } from '../../../../domain/webhook/webhook-url.ts';

function verdictOn(url: unknown, allowedOrigins: readonly string[] = []): string {
  const target = checkUrl(url, allowedOrigins);
  return target.kind === 'refused' ? target.code : target.guarded ? 'guarded' : 'unguarded';
}

/** Written down before there was a guard, from what has broken the guards of others. */
const refused: Readonly<Record<string, readonly unknown[]>> = {
  url_missing: [null, undefined, {}, [], 7, true, ''],
  url_too_long: [`https://hooks.acme.test/${'a'.repeat(2048)}`],
  url_bad_chars: [
    'https://169.254.169.254\\@example.com/',
    'https://example.com\\@169.254.169.254/',
    'https://example.com/\r\nX-Injected:1',
    'https://\texample.com/',
    'https://a.com/ ',
    ' https://a.com/',
    'https:\\\\a.com\\',
    'https://a.com/\u0000',
    'https://a.com/\u007f',
    'h\nttps://a.com/',
  ],
  url_scheme: [
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/plain,hi',
    'javascript:alert(1)',
    'ws://example.com/',
    'wss://example.com/',
    'gopher://example.com/',
    'http://example.com/',
    'https:example.com',
    'https:/example.com/',
    'https:///example.com/',
    '//example.com/',
    'example.com',
    'https://',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/x',
  ],
  url_parse: [
    'https://[fe80::1%25eth0]/',
    'https://example.com%00.evil.test/',
    'https://example.com:65536/',
    'https://[127.0.0.1]/',
    'https://256.1.1.1/',
    'https://a.com:+443/',
    'https://a.com\u2028/',
    'https://a.com\u00a0/',
  ],
  url_userinfo: [
    'https://example.com@169.254.169.254/',
    'https://user:pw@example.com/',
    'https://@a.com/',
    'https://:@a.com/',
  ],
  url_fragment: ['https://a.com#f', 'https://a.com/#', 'https://a.com/x?y#z'],
  url_port: [
    'https://example.com:22/',
    'https://example.com:80/',
    'https://example.com:0/',
    'https://hooks.example-tenant.com:8443/',
  ],
  host_ip_literal: [
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0177.0.0.1/',
    'https://0x7f.0.0.1/',
    'https://2130706433/',
    'https://017700000001/',
    'https://0/',
    'https://0.0.0.0/',
    'https://2852039166/',
    'https://0xa9fea9fe/',
    'https://0251.0376.0251.0376/',
    'https://169.254.43518/',
    'https://169.254.169.254./',
    'https://169\u3002254\u3002169\u3002254/',
    'https://\uff11\uff16\uff19.254.169.254/',
    'https://169%2e254%2e169%2e254/',
    'https://%31%36%39.254.169.254/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[0:0:0:0:0:ffff:a9fe:a9fe]/',
    'https://[::ffff:0:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[2002:a9fe:a9fe::1]/',
    'https://[2001:0:a9fe:a9fe::1]/',
    'https://[fd00:ec2::23]/',
    'https://[::1]/',
    'https://[0000::1]/',
    'https://[fe80::1]/',
    'https://[ff02::1]/',
    'https://[100::1]/',
    'https://[3fff::1]/',
    'https://[5f00::1]/',
    'https://[4000::1]/',
    'https://[2606:4700:4700::1111]/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://100.128.0.1/',
    'https://169.254.170.2/v2/credentials',
    'https://169.254.169.253/',
    'https://169.254.169.123/',
    'https://192.0.2.1/',
    'https://192.88.99.1/',
    'https://198.51.100.1/',
    'https://203.0.113.1/',
    'https://240.0.0.1/',
    'https://255.255.255.255/',
    'https://8.8.8.8/',
    'https://0x/',
    'https://0x7f.1/',
    'https://127.0.0.1.:443/',
    'https://[::ffff:8.8.8.8]/',
  ],
  host_special: [
    'https://localhost/',
    'https://LOCALHOST./',
    'https://foo.localhost/',
    'https://metadata.google.internal/',
    'https://intranet/',
    'https://printer.local/',
    'https://ip-10-0-0-1.eu-west-1.compute.internal/',
    'https://router.home.arpa/',
    'https://wiki.corp/',
    'https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/',
  ],
  host_single_label: ['https://1e3/', 'https://com/', 'https://hooks/'],
  host_syntax: [
    `https://${'a.'.repeat(130)}com/`,
    'https://example..com/',
    'https://exa_mple.com/',
    'https://-a.com/',
    `https://${'a'.repeat(64)}.com/`,
  ],
};

describe.each(Object.entries(refused))('%s', (code, urls) => {
  test.each(urls.map((url) => [url]))('%j is refused (M62)', (url) => {
    expect(verdictOn(url)).toBe(code);
  });
});

describe('by its text alone it may be dialled, and what it resolves to is vetted then', () => {
  test.each([
    ['https://127.0.0.1.nip.io/', '127.0.0.1.nip.io'],
    ['https://\u0435xample.com/', 'xn--xample-2of.com'],
    ['https://xn--xample-2of.com/', 'xn--xample-2of.com'],
    ['HTTPS://EXAMPLE.COM/', 'example.com'],
    ['https://ex\u00adample.com/', 'example.com'],
    ['https://HOOKS.Example-Tenant.COM./x', 'hooks.example-tenant.com.'],
    ['https://b\u00fccher-tenant.de/h', 'xn--bcher-tenant-dlb.de'],
    ['https://a.execute-api.eu-west-1.amazonaws.com/p', 'a.execute-api.eu-west-1.amazonaws.com'],
    ['https://a.com/%0d%0aX:1', 'a.com'],
    ['https://a.com:443/', 'a.com'],
    ['https://a.com:00443/', 'a.com'],
    ['https://a%2ecom/', 'a.com'],
    ['https://0xa9fea9fe.com/', '0xa9fea9fe.com'],
    ['https://a.com/x@y', 'a.com'],
  ])('%s', (url, hostname) => {
    const target = checkUrl(url);
    expect(target).toMatchObject({ kind: 'target', guarded: true });
    expect(target.kind === 'target' && target.url.hostname).toBe(hostname);
  });
});

describe('the inbox of a laptop', () => {
  const inbox = ['http://127.0.0.1:8080'];

  test('is dialled without a guard, and nothing beside it', () => {
    expect(verdictOn('http://127.0.0.1:8080/acme?x=1', inbox)).toBe('unguarded');
    expect(verdictOn('http://127.0.0.1:8081/', inbox)).toBe('url_scheme');
    expect(verdictOn('http://127.0.0.1:8080.evil.test/', inbox)).toBe('url_scheme');
    expect(verdictOn('http://a:b@127.0.0.1:8080/', inbox)).toBe('url_scheme');
    expect(verdictOn('https://127.0.0.1:8080/', inbox)).toBe('url_port');
    expect(verdictOn('http://127.0.0.1:8080/a b', inbox)).toBe('url_bad_chars');
  });
});

describe('laws', () => {
  test('whatever is given, what passes is https to a dotted host name on port 443', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.string({ unit: 'binary' }).map((text) => `https://${text}`),
      fc.ipV4Extended().map((host) => `https://${host}/`),
      fc.ipV6().map((host) => `https://[${host}]/`),
      fc.anything(),
    );
    fc.assert(
      fc.property(anything, (url) => {
        const target = checkUrl(url);
        if (target.kind === 'refused') return;
        const { protocol, port, hostname, username, password, hash } = target.url;
        expect([protocol, port, username, password, hash]).toEqual(['https:', '', '', '', '']);
        expect(hostname).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+\.?$/);
        expect(hostname).not.toMatch(/^[\d.]+$/);
      }),
    );
  });

  test('every spelling of an address is one', () => {
    fc.assert(
      fc.property(fc.ipV4Extended(), (host) => {
        expect(verdictOn(`https://${host}/`)).toBe('host_ip_literal');
      }),
    );
  });
});
