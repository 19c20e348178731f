/**
 * Where a webhook may go: https to public addresses only. Tenants choose the URL, so without this a webhook is a POST
 * to whatever our network can reach, the Lambda Runtime API included.
 *
 * Addresses are vetted, not names, and the vetted answer is the one that is dialled: a name that resolves to
 * something else a moment later cannot slip through.
 */
import { promises as dns, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export class EgressRefused extends Error {
  override readonly name = 'EgressRefused';
}

/** Azure's platform address is public by its range and answers metadata on hosts that have it. */
const extra = new BlockList();
extra.addAddress('168.63.129.16');

/** Global unicast without the special ranges in it. Anything we cannot place is refused. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return ipaddr.IPv4.parse(address).range() === 'unicast' && !extra.check(address);
  const parsed = ipaddr.IPv6.parse(address);
  const globalUnicast = ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000;
  return globalUnicast && parsed.range() === 'unicast';
}

export interface Target {
  readonly url: URL;
  /** False only for origins the operator has listed. */
  readonly guarded: boolean;
}

/**
 * @param allowedOrigins exact origins such as http://127.0.0.1:8080 that are dialled unchecked: a test stage's inbox
 * @throws EgressRefused, with a reason that names no address
 */
export function vetUrl(text: string, allowedOrigins: readonly string[]): Target {
  // The parser would remove these silently, and another parser might not.
  if (/[\s\\]/.test(text) || hasControlCharacter(text)) throw new EgressRefused('url_characters');
  const url = URL.parse(text);
  if (url === null) throw new EgressRefused('url_malformed');
  if (url.username !== '' || url.password !== '') throw new EgressRefused('url_userinfo');
  if (allowedOrigins.includes(url.origin)) return { url, guarded: false };
  if (!/^https:\/\/[^/]/i.test(text)) throw new EgressRefused('url_scheme');
  if (url.port !== '' && url.port !== '8443') throw new EgressRefused('url_port');
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) throw new EgressRefused('host_ip_literal');
  if (!host.includes('.')) throw new EgressRefused('host_single_label');
  return { url, guarded: true };
}

const NO_ADDRESSES = new Set(['ENOTFOUND', 'ENODATA']);

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** The absolute name, by DNS alone: neither a hosts file nor a search domain takes part. */
export const resolvePublicly: Resolve = async (hostname) => {
  const name = hostname.endsWith('.') ? hostname : `${hostname}.`;
  const answers = await Promise.allSettled([dns.resolve4(name), dns.resolve6(name)]);
  for (const answer of answers) {
    // A resolver that fails is our trouble; only a name without addresses is the tenant's.
    if (answer.status === 'rejected' && !NO_ADDRESSES.has(answer.reason?.code)) throw answer.reason;
  }
  return answers.flatMap((answer, i) =>
    answer.status === 'fulfilled'
      ? answer.value.map((address) => ({ address, family: i === 0 ? 4 : 6 }))
      : [],
  );
};

/** A `lookup` for node:https. One bad address refuses the name: a mixed answer is how rebinding starts. */
export function guardedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
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

function hasControlCharacter(text: string): boolean {
  return [...text].some((char) => (char.codePointAt(0) ?? 0) < 0x20 || char === '\x7f');
}
