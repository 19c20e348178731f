import { describe, expect, test } from '@jest/globals';
import {
  EgressRefused,
  guardedLookup,
  isPublicAddress,
  NameUnresolved,
  type Resolve,
} from '../../io/http/egress.ts';

describe('an address may be dialled', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.9.9.9',
    '93.184.215.14',
    '100.128.0.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
  ])('%s: public', (address) => expect(isPublicAddress(address)).toBe(true));
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
    ['an IPv4 address in IPv6', '::7f00:1'],
    ['an IPv4 address in IPv6', '::a9fe:a9fe'],
    ['an IPv4 address in IPv6', '::127.0.0.1'],
    ['translated by SIIT', '::ffff:0:7f00:1'],
    ['of ISATAP', '::5efe:7f00:1'],
    ['translated', '64:ff9b::808:808'],
    ['instance metadata of EKS', '169.254.170.23'],
    ['instance metadata of EKS', 'fd00:ec2::23'],
    ['protocol assignments', '192.0.0.192'],
    ['not given out', 'e000::1'],
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
    expect(await lookup(() => Promise.reject(failure), true)).toMatchObject({ cause: failure });
    expect(await lookup(() => Promise.reject('odd'), true)).toBeInstanceOf(NameUnresolved);
  });
});
