/**
 * Which web pages may call a door. A browser asks first, without a credential, and shows the answer to the page only if the
 * page's origin is named in it. Cookies are never part of it: a caller has a token.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { HeaderName, Operation } from './contract/operation.ts';

/** `*`, or origins such as `https://app.example`. */
export type AllowedOrigins = readonly string[];

export interface Pages {
  /** Of each answer: the page of this origin may read it, or not. */
  headersFor(origin: string | null): Readonly<Record<string, string>>;
  /** Of the answer to the browser's own question. */
  preflightFor(origin: string | null): Readonly<Record<string, string>>;
}

/** All that the client reads of an answer beside its body. */
const EXPOSED = ['ETag', 'Idempotent-Replayed', 'RateLimit', 'RateLimit-Policy', 'Retry-After'];
/** Those that a browser lets no page send without asking. */
const SENT = ['Authorization', 'Content-Type'];
const READ: Readonly<Record<HeaderName, true>> = {
  'Idempotency-Key': true,
  'If-Match': true,
  'If-None-Match': true,
  traceparent: true,
};
/** The most that Chromium takes. */
const REMEMBERED_SECONDS = 7200;

export function pages(allowed: AllowedOrigins, operations: readonly Operation[]): Pages {
  const methods = new Set(operations.map(({ method }) => method.toUpperCase()));
  const nameOf = (origin: string | null) => {
    if (allowed.includes('*')) return { 'Access-Control-Allow-Origin': '*' };
    // A cache between both must not hand one page the answer to another.
    const vary = { Vary: 'Origin' };
    return origin !== null && allowed.includes(origin)
      ? { ...vary, 'Access-Control-Allow-Origin': origin }
      : vary;
  };
  const isAllowed = (names: object): boolean => 'Access-Control-Allow-Origin' in names;
  return {
    headersFor(origin) {
      const names = nameOf(origin);
      return isAllowed(names) ? { ...names, 'Access-Control-Expose-Headers': EXPOSED.join(', ') } : names;
    },
    preflightFor(origin) {
      const names = nameOf(origin);
      if (!isAllowed(names)) return names;
      return {
        ...names,
        'Access-Control-Allow-Methods': [...methods].join(', '),
        'Access-Control-Allow-Headers': [...SENT, ...Object.keys(READ)].join(', '),
        'Access-Control-Max-Age': String(REMEMBERED_SECONDS),
      };
    },
  };
}
