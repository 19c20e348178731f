/**
 * Where a webhook may go: to public addresses only. Tenants choose the URL, so without this guard a webhook would be
 * a POST to whatever our network can reach, the Lambda Runtime API included. `domain/webhook/webhook-url.ts` checks
 * the text of the URL.
 *
 * Addresses are checked, not names, and the checked address is the one that is dialled: a name that resolves to
 * something else a moment later cannot pass.
 */
import { type LookupAddress, promises } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export class EgressRefused extends Error {
  override readonly name = 'EgressRefused';
}

/** Azure's platform address is in a public range, and serves metadata on Azure hosts. */
const extra = new BlockList();
extra.addAddress('168.63.129.16');

/** Global unicast without its special ranges. An address that is in no known range is refused. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return ipaddr.IPv4.parse(address).range() === 'unicast' && !extra.check(address);
  const parsed = ipaddr.IPv6.parse(address);
  const globalUnicast = ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000;
  return globalUnicast && parsed.range() === 'unicast';
}

/** Our resolver failed, or did not answer in time. `outage.ts` finds out whether the cause is on the tenant's side. */
export class NameUnresolved extends Error {
  override readonly name = 'NameUnresolved';
}

const NO_ADDRESSES = new Set(['ENOTFOUND', 'ENODATA']);
const DNS_BUDGET_MS = 3000;

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * The absolute name, by DNS alone: neither a hosts file nor a search domain is used.
 *
 * @returns nothing for a name that has no addresses
 * @throws NameUnresolved
 */
export const resolvePublicly: Resolve = async (hostname) => {
  const name = hostname.endsWith('.') ? hostname : `${hostname}.`;
  const dns = new promises.Resolver({ timeout: DNS_BUDGET_MS / 2, tries: 2 });
  const answers = await Promise.allSettled([dns.resolve4(name), dns.resolve6(name)]);
  for (const answer of answers) {
    // A failure of the resolver is ours; only a name without addresses is the tenant's.
    if (answer.status === 'rejected' && !NO_ADDRESSES.has(answer.reason?.code))
      throw new NameUnresolved('dns_failed', { cause: answer.reason });
  }
  return answers.flatMap((answer, i) =>
    answer.status === 'fulfilled'
      ? answer.value.map((address) => ({ address, family: i === 0 ? 4 : 6 }))
      : [],
  );
};

/** The same with a timeout: a resolver that never answers must not use up the time of the whole exchange. */
export async function resolveInTime(resolve: Resolve, hostname: string): Promise<readonly LookupAddress[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new NameUnresolved('dns_timeout')), DNS_BUDGET_MS);
  try {
    return await Promise.race([resolve(hostname), late.promise]);
  } catch (error) {
    throw error instanceof NameUnresolved ? error : new NameUnresolved('dns_failed', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** A `lookup` for node:https. One forbidden address refuses the name: DNS rebinding starts with a mixed answer. */
export function guardedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolveInTime(resolve, hostname)
      .then((addresses) => {
        const [first] = addresses;
        if (first === undefined) throw new EgressRefused('dns_empty');
        if (addresses.some(({ address }) => !isPublicAddress(address)))
          throw new EgressRefused('address_not_public');
        if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      })
      .catch((error: unknown) =>
        callback(error instanceof Error ? error : new EgressRefused('dns_failed'), '', 4),
      );
  };
}
