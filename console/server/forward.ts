/**
 * A call of a page, signed with the operator's credentials. The origin is fixed when the server starts, and only paths of the API's
 * document go there: a page, or what has got into one, cannot make this server sign for another place.
 */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { isRoute } from './routes.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Target {
  /** Of the door for operators. */
  readonly url: URL;
  readonly region: string;
  credentials(): Promise<Credentials>;
}

export interface Call {
  readonly method: string;
  /** Path and query, below the address of the API. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Forwarded =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  | { readonly kind: 'no-route' }
  | { readonly kind: 'unreachable' }
  /** The door refused the signature, or there is nothing to sign with. */
  | { readonly kind: 'no-rights' };

const ASKED = ['accept', 'content-type', 'idempotency-key', 'if-match', 'if-none-match'];
const TOLD = ['content-type', 'etag', 'retry-after', 'idempotent-replayed'];
const PATIENCE_MS = 35_000;

export async function forward(target: Target, call: Call): Promise<Forwarded> {
  // The parser removes `..`, also where it is percent-encoded, and takes `//host` for a host. A path of a page has neither.
  const { pathname, search, searchParams } = new URL(call.path, 'http://path.invalid');
  if (pathname !== call.path.split('?')[0] || !isRoute(call.method, pathname)) return { kind: 'no-route' };
  const url = new URL(target.url.href.replace(/\/$/, '') + pathname + search);
  if (url.origin !== target.url.origin) return { kind: 'no-route' };
  const given = Object.entries(call.headers).filter(([name]) => ASKED.includes(name));
  const query = [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]);
  const headers = await signed(target, {
    method: call.method,
    url,
    query: Object.fromEntries(query),
    headers: { ...Object.fromEntries(given), host: url.host },
    body: call.body,
  });
  if (headers === undefined) return { kind: 'no-rights' };
  try {
    const response = await fetch(url, {
      method: call.method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(call.body.length === 0 ? {} : { body: new Uint8Array(call.body) }),
    });
    return await answerOf(response);
  } catch {
    return { kind: 'unreachable' };
  }
}

async function answerOf(response: Response): Promise<Forwarded> {
  const { status } = response;
  if (status >= 300 && status < 400 && status !== 304) return { kind: 'unreachable' };
  const body = Buffer.from(await response.arrayBuffer());
  // A refusal of IAM is none of the API: it has no code, and its words are about the signature.
  const isOurs = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  if (status === 403 && !isOurs) return { kind: 'no-rights' };
  const told = TOLD.flatMap((name): [string, string][] => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return { kind: 'answer', status, headers: Object.fromEntries(told), body };
}

interface Unsigned {
  readonly method: string;
  readonly url: URL;
  readonly query: Record<string, string[]>;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** @returns undefined when there are no credentials, or those that there were have ended */
async function signed(
  { region, credentials }: Target,
  { method, url, query, headers, body }: Unsigned,
): Promise<Record<string, string> | undefined> {
  const given = await credentials().catch(() => undefined);
  if (given === undefined) return undefined;
  const signer = new SignatureV4({
    service: 'lambda',
    region,
    sha256: Sha256,
    credentials: {
      accessKeyId: given.accessKeyId,
      secretAccessKey: given.secretAccessKey,
      ...(given.sessionToken === undefined ? {} : { sessionToken: given.sessionToken }),
    },
  });
  const { protocol, hostname, pathname: path } = url;
  const request = await signer.sign({ method, protocol, hostname, path, query, headers, body });
  // The client writes the host itself, as it is in the address.
  const { host: _, ...rest } = request.headers;
  return rest;
}

/** Node's own hashes under the names that the signer asks for. */
class Sha256 {
  #hash;
  readonly #secret: SecretSource | undefined;
  constructor(secret?: SecretSource) {
    this.#secret = secret;
    this.#hash = begin(secret);
  }
  update(chunk: Uint8Array | string): void {
    this.#hash.update(chunk);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    this.#hash = begin(this.#secret);
  }
}

type SecretSource = string | ArrayBuffer | ArrayBufferView;

function begin(secret: SecretSource | undefined) {
  if (secret === undefined) return createHash('sha256');
  if (typeof secret === 'string') return createHmac('sha256', secret);
  const view = ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
  return createHmac('sha256', view);
}
