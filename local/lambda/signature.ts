/**
 * Whether a request is signed as its key signs. Any key is a key here, and the secret of one alone is known: that of the key which
 * the screen tells. What another has signed is believed.
 *
 * Its age is not looked at, since the clock can be turned here.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { UrlRequest } from './url-request.ts';

/** As the screen of `npm start` has them. */
const KNOWN_SECRETS: ReadonlyMap<string, string> = new Map([['local', 'local']]);

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8}\/[^/]+\/[^/]+\/aws4_request), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]*)$/;

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
const NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
const UNSIGNED_HOST = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

/** @returns what AWS says of it, or nothing if it is right or cannot be checked */
export function signatureProblem(request: UrlRequest): string | undefined {
  const secret = KNOWN_SECRETS.get(request.signedBy?.accessKeyId ?? '');
  if (secret === undefined) return undefined;
  const [, , scope, names, given] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
  if (scope === undefined || names === undefined) return MISMATCH;
  const date = request.headers['x-amz-date'];
  if (typeof date !== 'string' || !date.startsWith(scope.slice(0, 8))) return NO_DATE;
  if (!names.split(';').includes('host')) return UNSIGNED_HOST;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, names))].join('\n');
  return given === hmac(keyOf(secret, scope), toSign).toString('hex') ? undefined : MISMATCH;
}

function canonical({ method, url, headers, body }: UrlRequest, names: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const lines = names.split(';').map((name) => `${name}:${[headers[name] ?? ''].flat().join(',').trim()}\n`);
  const stated = headers['x-amz-content-sha256'];
  const hash = sha256(body);
  // A stated hash is signed as it stands, so one that is not that of the body must not count.
  const isTrue = stated === undefined || stated === hash || stated === 'UNSIGNED-PAYLOAD';
  return [
    method,
    path.split('/').map(escaped).join('/'),
    canonicalQuery(query),
    lines.join(''),
    names,
    isTrue ? (stated ?? hash) : 'another body',
  ].join('\n');
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return `${escaped(unescaped(name))}=${escaped(unescaped(value.join('=')))}`;
    });
  return pairs.sort().join('&');
}

/** A text that is not well encoded was signed as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const keyOf = (secret: string, scope: string): string | Buffer =>
  scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`);

const sha256 = (of: string | Buffer): string => createHash('sha256').update(of).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
