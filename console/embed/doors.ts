/**
 * The door for tenants, as a page with a token of its own calls it. The token stays in this module: it is in no attribute, no address,
 * no event and no error, and goes to the one origin that the element was made with.
 */
import type { Answers } from '../api/schema.ts';

/** Of the page around the element. It is asked again shortly before a token ends, and when the API does not take one any more. */
export type GetToken = (asked: { readonly origin: string }) => string | Promise<string>;

export type Read = keyof Answers & `get ${string}`;

export interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

export interface Door {
  get<O extends Read>(operation: O, asked?: Asked): Promise<Answers[O]>;
  /** Of the token: what may be shown at all. */
  scopes(): Promise<readonly string[]>;
}

/** What was not answered, with a sentence for the tenant who reads it. */
export class NotAnswered extends Error {
  override readonly name = 'NotAnswered';
  readonly kind: 'no-token' | 'refused' | 'outage';
  constructor(kind: NotAnswered['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A token is renewed so long before its end that none ends on its way. */
const RENEW_MS = 30_000;
/** Answers that are not sent again while they are the same. */
const MAX_KEPT = 50;

interface Token {
  readonly text: string;
  readonly endsAtMs: number;
  readonly scopes: readonly string[];
}

/** @param base the address of the API, without a slash at its end */
export function doorAt(base: string, getToken: GetToken): Door {
  const { origin } = new URL(base);
  let token: Promise<Token> | undefined;
  const kept = new Map<string, { readonly etag: string; readonly body: unknown }>();

  async function current(): Promise<Token> {
    token ??= asked(origin, getToken);
    const asking = token;
    try {
      const known = await asking;
      if (known.endsAtMs - RENEW_MS > Date.now()) return known;
    } catch (error) {
      if (token === asking) token = undefined;
      throw error;
    }
    // The one that is at its end, unless another call has asked for a new one meanwhile.
    if (token === asking) token = asked(origin, getToken);
    return token;
  }

  async function sent(url: string): Promise<Response> {
    const { text } = await current();
    const etag = kept.get(url)?.etag;
    const headers = {
      Authorization: `Bearer ${text}`,
      ...(etag === undefined ? {} : { 'If-None-Match': etag }),
    };
    try {
      return await fetch(url, {
        headers,
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      });
    } catch {
      throw new NotAnswered('outage', 'The service gives no answer.');
    }
  }

  return {
    scopes: async () => (await current()).scopes,
    async get<O extends Read>(operation: O, { path = {}, query = {} }: Asked = {}) {
      const url = base + addressOf(operation, path, query);
      let response = await sent(url);
      if (response.status === 401) {
        // It was revoked, or the clock of this machine is wrong: the page makes another one, once.
        token = undefined;
        response = await sent(url);
      }
      const before = kept.get(url);
      // The types are those of the document that this API serves.
      if (response.status === 304 && before !== undefined) return before.body as Answers[O];
      if (!response.ok) throw await refusalOf(response);
      const body: unknown = await response.json();
      const etag = response.headers.get('etag');
      if (kept.size >= MAX_KEPT) kept.clear();
      if (etag !== null) kept.set(url, { etag, body });
      return body as Answers[O];
    },
  };
}

function addressOf(
  operation: Read,
  path: NonNullable<Asked['path']>,
  query: NonNullable<Asked['query']>,
): string {
  const template = operation.slice('get '.length);
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  return search === '' ? filled : `${filled}?${search}`;
}

async function asked(origin: string, getToken: GetToken): Promise<Token> {
  let text: string;
  try {
    text = await getToken({ origin });
  } catch {
    // What the page has met may have the token in its words.
    throw new NotAnswered('no-token', 'This page could not get a token.');
  }
  const claims = claimsOf(text);
  if (claims === undefined) throw new NotAnswered('no-token', 'This page got something that is no token.');
  return { text, ...claims };
}

/** Read for what is shown, and when another one is asked for; whether it is good is decided by the API. */
function claimsOf(text: unknown): Omit<Token, 'text'> | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const part = (text.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { exp, scope }: { exp?: unknown; scope?: unknown } = JSON.parse(atob(part));
    if (typeof exp !== 'number' || typeof scope !== 'string') return undefined;
    return { endsAtMs: exp * 1000, scopes: scope.split(' ') };
  } catch {
    return undefined;
  }
}

async function refusalOf(response: Response): Promise<NotAnswered> {
  const told = (await response.json().catch(() => ({}))) as { detail?: string }; // a stranger's answer has none
  if (response.status >= 500) return new NotAnswered('outage', 'The service gives no answer now.');
  const kind = response.status === 401 ? 'no-token' : 'refused';
  return new NotAnswered(kind, told.detail ?? `The service answered with status ${response.status}.`);
}
