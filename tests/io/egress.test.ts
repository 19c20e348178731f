import { describe, expect, test } from '@jest/globals';
import { EgressRefused, guardedLookup, isPublicAddress, type Resolve, vetUrl } from '../../io/egress.ts';

function refusal(url: string, allowedOrigins: readonly string[] = []): string {
  try {
    vetUrl(url, allowedOrigins);
    return 'accepted';
  } catch (error) {
    return error instanceof EgressRefused ? error.message : String(error);
  }
}

describe('a URL is refused by its text', () => {
  test.each([
    ['url_characters', 'https://hooks.acme.test/ a'],
    ['url_characters', ' https://hooks.acme.test/'],
    ['url_characters', 'https://hooks.acme.test/\n'],
    ['url_characters', 'https://hooks.ac\tme.test/'],
    ['url_characters', 'https://hooks.acme.test/\r\nx-injected: 1'],
    ['url_characters', 'https:\\\\hooks.acme.test\\'],
    ['url_characters', 'https://10.0.0.1\\@hooks.acme.test/'],
    ['url_characters', 'https://hooks.acme.test/\u0000'],
    ['url_characters', 'https://hooks.acme.test/\u007f'],
    ['url_characters', 'https://hooks.acme.test\u2028/'],
    ['url_characters', 'https://hooks.acme.test\u00a0/'],
    ['url_malformed', ''],
    ['url_malformed', 'hooks.acme.test'],
    ['url_malformed', '//hooks.acme.test/'],
    ['url_malformed', 'https://'],
    ['url_malformed', 'https://hooks.acme.test:70000/'],
    ['url_malformed', 'https://hooks.acme.test:+443/'],
    ['url_malformed', 'https://999.1.1.1/'],
    ['url_malformed', 'https://[10.0.0.1]/'],
    ['url_malformed', 'https://[fe80::1%25en0]/'],
    ['url_malformed', 'https://hooks.acme.test%00.evil.test/'],
    ['url_userinfo', 'https://acme@hooks.acme.test/'],
    ['url_userinfo', 'https://:pass@hooks.acme.test/'],
    ['url_userinfo', 'https://hooks.acme.test@169.254.169.254/'],
    ['url_scheme', 'http://hooks.acme.test/'],
    ['url_scheme', 'https:hooks.acme.test'],
    ['url_scheme', 'https:/hooks.acme.test/'],
    ['url_scheme', 'https:///hooks.acme.test/'],
    ['url_scheme', 'ftp://hooks.acme.test/'],
    ['url_scheme', 'file:///etc/hosts'],
    ['url_scheme', 'gopher://hooks.acme.test/'],
    ['url_scheme', 'data:text/plain,x'],
    ['url_scheme', 'javascript:alert(1)'],
    ['url_scheme', 'wss://hooks.acme.test/'],
    ['url_port', 'https://hooks.acme.test:22/'],
    ['url_port', 'https://hooks.acme.test:80/'],
    ['url_port', 'https://hooks.acme.test:9001/'],
    ['host_ip_literal', 'https://127.0.0.1/'],
    ['host_ip_literal', 'https://127.1/'],
    ['host_ip_literal', 'https://0/'],
    ['host_ip_literal', 'https://2130706433/'],
    ['host_ip_literal', 'https://0x7f000001/'],
    ['host_ip_literal', 'https://0177.0.0.1/'],
    ['host_ip_literal', 'https://169.254.43518/'],
    ['host_ip_literal', 'https://169.254.169.254./'],
    ['host_ip_literal', 'https://169%2e254%2e169%2e254/'],
    ['host_ip_literal', 'https://１６９.254.169.254/'],
    ['host_ip_literal', 'https://169。254。169。254/'],
    ['host_ip_literal', 'https://93.184.215.14/'],
    ['host_ip_literal', 'https://[::1]/'],
    ['host_ip_literal', 'https://[::ffff:10.0.0.1]/'],
    ['host_ip_literal', 'https://[fd00:ec2::254]/'],
    ['host_ip_literal', 'https://[2a00:1450:4001::1]/'],
    ['host_single_label', 'https://localhost/'],
    ['host_single_label', 'https://LOCALHOST./'],
    ['host_single_label', 'https://ⓛocalhost/'],
    ['host_single_label', 'https://intranet:8443/'],
  ])('%s: %j', (why, url) => {
    expect(refusal(url)).toBe(why);
  });

  test.each([
    ['https://hooks.acme.test', 'hooks.acme.test'],
    ['HTTPS://Hooks.ACME.test/Path?q=1', 'hooks.acme.test'],
    ['https://hooks.acme.test:443/', 'hooks.acme.test'],
    ['https://hooks.acme.test:8443/', 'hooks.acme.test'],
    ['https://hooks.acme.test./', 'hooks.acme.test.'],
    ['https://bücher.test/', 'xn--bcher-kva.test'],
    ['https://hooks.acme.test/%0d%0aX:1', 'hooks.acme.test'],
    // These pass as text; what they resolve to is vetted when they are dialled.
    ['https://127.0.0.1.nip.test/', '127.0.0.1.nip.test'],
    ['https://metadata.google.internal/', 'metadata.google.internal'],
  ])('%j is dialled under guard', (url, hostname) => {
    const target = vetUrl(url, []);
    expect(target.guarded).toBe(true);
    expect(target.url.hostname).toBe(hostname);
  });
});

describe('an origin that the operator has listed', () => {
  const listed = ['http://127.0.0.1:8080', 'https://inbox.test'];

  test.each(['http://127.0.0.1:8080/hook?x=1', 'https://inbox.test:443/'])('passes unguarded: %s', (url) => {
    expect(vetUrl(url, listed).guarded).toBe(false);
  });

  test.each([
    ['url_scheme', 'http://127.0.0.1:8081/'],
    ['url_scheme', 'http://127.0.0.1/'],
    ['host_ip_literal', 'https://127.0.0.1:8443/'],
    ['url_scheme', 'http://127.0.0.1:8080.evil.test/'],
    ['url_scheme', 'http://inbox.test/'],
    ['url_userinfo', 'http://a:b@127.0.0.1:8080/'],
    ['url_characters', 'http://127.0.0.1:8080/a b'],
  ])('is that origin alone, %s: %s', (why, url) => {
    expect(['url_malformed', why]).toContain(refusal(url, listed));
  });

  test('does not pass for a longer name that begins like it', () => {
    expect(vetUrl('https://inbox.test.evil.test/', listed).guarded).toBe(true);
  });
});

describe('an address may be dialled', () => {
  test.each(['9.9.9.9', '93.184.215.14', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0'])(
    '%s: public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  test.each(['2a00:1450:4001:81b::200e', '2606:4700:4700::1001', '2001:4860:4860::8844'])(
    '%s: public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
});

describe('an address is never dialled', () => {
  test.each([
    ['this host', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.255.255.255'],
    ['private', '172.16.0.0'],
    ['private', '172.31.255.254'],
    ['private', '192.168.17.1'],
    ['shared by carriers', '100.64.0.1'],
    ['shared by carriers', '100.127.255.255'],
    ['loopback, where the Lambda Runtime API listens', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['instance metadata', '169.254.169.254'],
    ['credentials of ECS tasks', '169.254.170.2'],
    ['time and DNS of a VPC', '169.254.169.253'],
    ['protocol assignments', '192.0.0.8'],
    ['documentation', '192.0.2.5'],
    ['documentation', '198.51.100.5'],
    ['documentation', '203.0.113.5'],
    ['relays', '192.88.99.2'],
    ['benchmarks', '198.19.255.255'],
    ['multicast', '224.0.0.251'],
    ['reserved', '250.1.2.3'],
    ['broadcast', '255.255.255.255'],
    ['the platform of Azure', '168.63.129.16'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['an IPv4 address in IPv6', '::ffff:169.254.169.254'],
    ['an IPv4 address in IPv6', '::ffff:9.9.9.9'],
    ['an IPv4 address in IPv6', '::a00:1'],
    ['translated', '64:ff9b::a9fe:a9fe'],
    ['translated, locally', '64:ff9b:1::1'],
    ['discarded', '100::5'],
    ['tunnelled by Teredo', '2001:0:4136:e378::1'],
    ['benchmarks', '2001:2::5'],
    ['hashes as addresses', '2001:20::5'],
    ['documentation', '2001:db8::5'],
    ['documentation', '3fff:fff::5'],
    ['tunnelled by 6to4', '2002:a9fe:a9fe::1'],
    ['not given out', '4000::5'],
    ['segment routing', '5f00::5'],
    ['unique local', 'fc00::5'],
    ['instance metadata', 'fd00:ec2::254'],
    ['link-local', 'fe80::5'],
    ['with a zone', 'fe80::5%eth0'],
    ['with a zone', '2606:4700:4700::1001%1'],
    ['site-local', 'fec0::5'],
    ['multicast', 'ff0e::5'],
    ['not an address', 'hooks.acme.test'],
    ['not an address', '127.1'],
    ['not an address', ''],
  ])('%s: %s', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('the lookup that is dialled', () => {
  const PUBLIC = { address: '9.9.9.9', family: 4 };
  const PUBLIC_6 = { address: '2606:4700:4700::1001', family: 6 };

  const lookup = (resolve: Resolve, all: boolean) =>
    new Promise((done) => {
      guardedLookup(resolve)('hooks.acme.test', { all }, (error, address, family) =>
        done(error === null ? { address, family } : error),
      );
    });

  test('answers with one address or with all, as it is asked', async () => {
    const resolve = async () => [PUBLIC_6, PUBLIC];
    expect(await lookup(resolve, false)).toEqual(PUBLIC_6);
    expect(await lookup(resolve, true)).toEqual({ address: [PUBLIC_6, PUBLIC], family: undefined });
  });

  test.each([
    ['a private one', [{ address: '10.0.0.1', family: 4 }], 'address_not_public'],
    ['a private one after a public one', [PUBLIC, { address: '10.0.0.1', family: 4 }], 'address_not_public'],
    ['a private one before a public one', [{ address: '::1', family: 6 }, PUBLIC], 'address_not_public'],
    ['none', [], 'dns_empty'],
  ])('refuses the whole name for %s', async (_, addresses, why) => {
    for (const all of [true, false]) {
      const answer = await lookup(async () => addresses, all);
      expect(answer).toBeInstanceOf(EgressRefused);
      expect(answer).toHaveProperty('message', why);
    }
  });

  test('passes on why the name could not be resolved', async () => {
    const failure = new Error('queryA ESERVFAIL');
    expect(await lookup(() => Promise.reject(failure), true)).toBe(failure);
    expect(await lookup(() => Promise.reject('odd'), true)).toBeInstanceOf(EgressRefused);
  });
});
