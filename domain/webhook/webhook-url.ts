/**
 * Where a webhook may go, as far as the text of the URL decides: https to a host name, on port 443. The addresses of
 * the name are checked at each connection (`io/http/egress.ts`).
 */
import type { ErrorCode } from '../errors.ts';

export type Target =
  /** `guarded` is false only for the origin of the laptop's own inbox. */
  | { readonly kind: 'target'; readonly url: URL; readonly guarded: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

const MAX_URL_CHARACTERS = 2048;
const MAX_HOST_CHARACTERS = 253;

/**
 * Names that are only valid inside a network.
 * @see RFC 6761, RFC 6762, and ICANN's reservation of .internal
 */
const SPECIAL = ['localhost', 'local', 'internal', 'intranet', 'private', 'corp', 'home', 'lan', 'onion'];

/**
 * @param text the tenant's URL; it may be anything
 * @param allowedOrigins exact origins such as http://127.0.0.1:8080 that need no guard
 */
export function checkUrl(text: unknown, allowedOrigins: readonly string[] = []): Target {
  if (typeof text !== 'string' || text === '') return refused('url_missing', 'Expected a URL as text.');
  if (text.length > MAX_URL_CHARACTERS)
    return refused(
      'url_too_long',
      `Expected at most ${MAX_URL_CHARACTERS} characters, found ${text.length}.`,
    );
  // The parser would remove or replace these silently, and another parser might not.
  if ([...text].some(isRaw))
    return refused('url_bad_chars', 'Found a space, a backslash or a control character; encode it.');
  const url = URL.parse(text);
  const userinfo = /^[^/?#]*\/\/[^/?#]*@/.test(text);
  if (url !== null && !userinfo && allowedOrigins.includes(url.origin))
    return { kind: 'target', url, guarded: false };
  if (!/^https:\/\/[^/]/i.test(text))
    return refused('url_scheme', 'Expected a URL that begins with https://.');
  if (url === null) return refused('url_parse', 'Expected a URL; its host or port cannot be read.');
  if (userinfo) return refused('url_userinfo', 'Found a user or password before the host; leave it out.');
  if (text.includes('#'))
    return refused('url_fragment', 'Found a fragment, which is never sent; leave it out.');
  if (url.port !== '') return refused('url_port', `Expected port 443, found ${url.port}.`);
  return checkHost(url);
}

/** The parser turns every spelling of a host into one, so only its output is checked. */
function checkHost(url: URL): Target {
  const host = url.hostname.replace(/\.$/, '');
  if (host.startsWith('[') || /^\d+(\.\d+){3}$/.test(host))
    return refused('host_ip_literal', 'Expected a host name, found an IP address.');
  const labels = host.split('.');
  const sound = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (!sound || host.length > MAX_HOST_CHARACTERS)
    return refused('host_syntax', 'Expected a host name of letters, digits and hyphens between dots.');
  if (SPECIAL.includes(labels.at(-1) ?? '') || host.endsWith('.home.arpa'))
    return refused('host_special', 'Expected a public host name; this one is only valid inside a network.');
  if (labels.length === 1)
    return refused('host_single_label', 'Expected a full host name such as hooks.example.com.');
  return { kind: 'target', url, guarded: true };
}

function isRaw(char: string): boolean {
  return char <= ' ' || char === '\\' || char === '\x7f';
}

function refused(code: ErrorCode, message: string): Target {
  return { kind: 'refused', code, message };
}
