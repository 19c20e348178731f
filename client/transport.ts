/** One call of the API: its credential, its repeats and its errors. */
import type { Clock } from './clock.ts';
import { HeadgateError } from './errors.ts';

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Below the address of the API, such as /v1/jobs. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a POST: a repeat with it is the same request. */
  readonly idempotencyKey?: string;
  /** A POST that changes nothing, or whose body has the keys. */
  readonly repeatable?: true;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; undefined for an answer without one. */
  readonly body: unknown;
}

export interface TransportOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /**
   * @param refused whether the API has refused the last one
   * @returns a token; called for each call, so it may be one that is renewed
   */
  token(refused?: true): Promise<string>;
}

export type Transport = (call: Call) => Promise<Answer>;

const MAX_RETRIES = 3;
const FIRST_RETRY_MS = 200;
/** What an overloaded stack asks for is kept to, up to this. */
const MAX_RETRY_AFTER_MS = 30_000;
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

export function transport(options: TransportOptions): Transport {
  return async (call) => {
    // After a lost answer a POST without a key may have been carried out: only its sender can know.
    const mayRepeat = call.method === 'GET' || call.idempotencyKey !== undefined || call.repeatable === true;
    let token = await options.token();
    let isRenewed = false;
    for (let repeats = 0; ; repeats++) {
      const outcome = await once(options, call, token);
      if (outcome.kind === 'answer') return outcome.answer;
      // What is refused for its token was not carried out, whatever it is: it may be sent again.
      if (!isRenewed && isOfToken(outcome.error)) {
        isRenewed = true;
        const before = token;
        token = await options.token(true);
        if (token !== before) continue;
      }
      if (!mayRepeat || !outcome.again || repeats === MAX_RETRIES) throw outcome.error;
      const backoffMs = FIRST_RETRY_MS * 2 ** repeats * options.clock.random();
      await options.clock.sleep(Math.max(backoffMs, outcome.afterMs), call.signal);
    }
  };
}

type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'error';
      readonly error: HeadgateError;
      readonly again: boolean;
      readonly afterMs: number;
    };

/** A clock that is slow, an outage, or a revocation: another token may be taken. An unknown key signs no better one. */
const isOfToken = ({ status, code }: HeadgateError): boolean => status === 401 && code.startsWith('token_');

async function once({ url, fetch }: TransportOptions, call: Call, token: string): Promise<Outcome> {
  const { method, path, query = {}, body, idempotencyKey, signal } = call;
  const target = new URL(url.replace(/\/$/, '') + path);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, value);
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
  headers['authorization'] = `Bearer ${token}`;
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, {
      method,
      headers,
      // A redirect would carry the credential to another place.
      redirect: 'error',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    const told = new HeadgateError(
      `${target.host} gave no answer, and may have the request; the same idempotency key is safe.`,
      { code: 'network', status: 0, retryable: true },
      { cause: error },
    );
    return { kind: 'error', error: told, again: true, afterMs: 0 };
  }
  return response.ok || response.status === 304 ? answered(response, text) : refused(response, text);
}

function answered({ status, headers }: Response, text: string): Outcome {
  if (text === '') return { kind: 'answer', answer: { status, headers, body: undefined } };
  const body = jsonOf(text);
  if (body !== undefined) return { kind: 'answer', answer: { status, headers, body } };
  const error = new HeadgateError('Expected JSON, found something else: is this the address of Headgate?', {
    code: 'answer_invalid',
    status,
    retryable: false,
  });
  return { kind: 'error', error, again: false, afterMs: 0 };
}

/** As far as it is read. */
export interface ProblemBody {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly instance?: unknown;
  readonly retryable?: unknown;
  readonly errors?: readonly { readonly pointer?: unknown }[];
}

function refused({ status, headers }: Response, text: string): Outcome {
  // What is not a problem of the API, such as a page of a proxy, has none of these fields.
  const told = (jsonOf(text) ?? {}) as ProblemBody;
  const error = errorOf(status, told);
  return { kind: 'error', error, again: isTransient(status), afterMs: retryAfterMs(headers) };
}

const isTransient = (status: number): boolean => AGAIN.has(status) || status >= 500;

/** Also of one request of a batch. */
export function errorOf(status: number, told: ProblemBody): HeadgateError {
  const pointer = Array.isArray(told.errors) ? told.errors[0]?.pointer : undefined;
  return new HeadgateError(textOr(told.detail, `The API answered ${status}.`), {
    code: textOr(told.code, `http_${status}`),
    status,
    retryable: typeof told.retryable === 'boolean' ? told.retryable : isTransient(status),
    pointer: typeof pointer === 'string' ? pointer : undefined,
    requestId: typeof told.instance === 'string' ? told.instance : undefined,
  });
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** In seconds; the form with a date is not sent by this API. */
export function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 0;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
