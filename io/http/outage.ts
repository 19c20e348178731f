/**
 * Which side has the outage. A name that does not resolve, or an address that does not answer, may be a failure of
 * the receiver or of our network; a host that always answers tells them apart.
 */
import { connect } from 'node:net';
import { isPublicAddress, type Resolve, resolveInTime, resolvePublicly } from './egress.ts';

/** @returns whether our own network or name resolution is down */
export type Outage = () => Promise<boolean>;

/** Asked at each failure, answered by one probe: an outage fails everything at once. */
const REMEMBERED_MS = 10_000;
const CONNECT_MS = 3000;

/** @param host one that answers on port 443 as long as the network does */
export function outage(host: string, resolve: Resolve = resolvePublicly): Outage {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let found = Promise.resolve(false);
  return () => {
    if (performance.now() - lookedAtMs < REMEMBERED_MS) return found;
    lookedAtMs = performance.now();
    found = reachable(host, resolve).then((is) => !is);
    return found;
  };
}

async function reachable(host: string, resolve: Resolve): Promise<boolean> {
  try {
    const addresses = await resolveInTime(resolve, host);
    const attempts = addresses
      .map(({ address }) => address)
      .filter(isPublicAddress)
      .map((address) => connects(address));
    await Promise.any(attempts);
    return true;
  } catch {
    return false;
  }
}

function connects(address: string): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect({ host: address, port: 443, timeout: CONNECT_MS });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once('connect', () => end(done));
    socket.once('timeout', () => end(() => fail(new Error('timeout'))));
    socket.once('error', (error) => end(() => fail(error)));
  });
}
