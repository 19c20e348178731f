/** Keys and tokens. A key is an Ed25519 seed: tokens are signed with it here, and it is never sent. */
import { HeadgateError } from './errors.ts';

/** hgk_, the id of the key, and its seed. */
const KEY = /^hgk_([a-z2-7]{16})_([A-Za-z0-9_-]{43})$/;
/** @see https://www.rfc-editor.org/rfc/rfc8410, section 7: everything of an Ed25519 private key before its seed */
const PKCS8_PREFIX = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

export interface Key {
  readonly id: string;
  sign(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** @throws HeadgateError for a text that is no key, which it does not repeat, and where there is a document */
export function readKey(text: string): Key {
  const [, id, seed] = KEY.exec(text) ?? [];
  const refuse = (code: string, sentence: string) =>
    new HeadgateError(sentence, { code, status: 0, retryable: false });
  if ('document' in globalThis)
    throw refuse(
      'key_in_browser',
      'A key must not be in a page: mint a token on your server, and give the page that.',
    );
  if (id === undefined || seed === undefined) throw refuse('key_invalid', 'Expected a key such as hgk_…_….');
  const imported = crypto.subtle.importKey(
    'pkcs8',
    new Uint8Array([...PKCS8_PREFIX, ...fromBase64Url(seed)]),
    'Ed25519',
    false,
    ['sign'],
  );
  // It is awaited when a token is minted; until then a runtime without Ed25519 is no unhandled rejection.
  imported.catch(() => undefined);
  return {
    id,
    sign: async (content) => new Uint8Array(await crypto.subtle.sign('Ed25519', await imported, content)),
  };
}

export interface TokenRequest {
  readonly tenant: string;
  /** Such as `jobs:read`; the key must have them. */
  readonly scopes: readonly string[];
  /** Seconds; 300 if absent. */
  readonly expiresIn?: number | undefined;
  /** Opens this job alone. */
  readonly job?: string | undefined;
  /** Opens jobs with this tag alone; a job that it starts must carry the tag. */
  readonly tag?: { readonly name: string; readonly value: string } | undefined;
  /** Starts jobs of these types alone. */
  readonly types?: readonly string[] | undefined;
  /** Starts one job, with this idempotency key; needs `types`. */
  readonly once?: string | undefined;
}

const DEFAULT_SECONDS = 300;

/** Offline: nothing is sent. @param audience of the stack, see its /v1/health */
export async function mint(key: Key, audience: string, asked: TokenRequest, nowMs: number): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const { tenant, scopes, expiresIn = DEFAULT_SECONDS, job, tag, types: type, once } = asked;
  const header = { alg: 'EdDSA', typ: 'hg+jwt', kid: key.id };
  const claims = {
    iss: key.id,
    aud: audience,
    sub: tenant,
    scope: scopes.join(' '),
    iat: issuedAt,
    exp: issuedAt + expiresIn,
    jti: once ?? crypto.randomUUID(),
    job,
    tag,
    type,
    once: once === undefined ? undefined : true,
  };
  const content = `${encoded(header)}.${encoded(claims)}`;
  return `${content}.${toBase64Url(await key.sign(new TextEncoder().encode(content)))}`;
}

const encoded = (value: object): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
}
