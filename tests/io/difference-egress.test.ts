/** Against the guard that others use: whatever it refuses, ours refuses. What we refuse beyond it is named. */
import https from 'node:https';
import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { isPublicAddress } from '../../io/http/egress.ts';

/** It judges a literal address when a connection is made; what it lets pass ends here instead of on the wire. */
let passed = false;
const { createConnection } = https.Agent.prototype;
beforeAll(() => {
  https.Agent.prototype.createConnection = () => {
    passed = true;
    return new Socket();
  };
});
afterAll(() => {
  https.Agent.prototype.createConnection = createConnection;
});

function theirsAllows(address: string): boolean {
  passed = false;
  const socket = new RequestFilteringHttpsAgent().createConnection({ host: address, port: 443 } as never);
  (socket as Socket | undefined)?.on('error', () => undefined);
  return passed;
}

test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00::1', 'fe80::1', '100.64.0.1', '0.0.0.0'])(
  'both refuse %s',
  (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(theirsAllows(address)).toBe(false);
  },
);

test('no address that it refuses passes here', () => {
  const addresses = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(addresses, (address) => {
      if (isPublicAddress(address)) expect(theirsAllows(address)).toBe(true);
    }),
  );
});

test.each(['::a9fe:a9fe', '::5efe:7f00:1', '4000::1', '168.63.129.16'])(
  '%s passes there and not here',
  (address) => {
    expect(isPublicAddress(address)).toBe(false);
  },
);
