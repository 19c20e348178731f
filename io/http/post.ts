/** One POST to a tenant's URL: one connection, one deadline, no redirect, and as much of the answer as is kept. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Answer, PostOutcome } from '../../domain/webhook/delivery.ts';
import { judgeUrl } from '../../domain/webhook/webhook-url.ts';
import {
  EgressRefused,
  guardedLookup,
  isPublicAddress,
  NameUnresolved,
  type Resolve,
  resolvePublicly,
} from './egress.ts';
import type { Outage } from './outage.ts';
import { kept } from './response.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole exchange, from the name's resolution to the last byte of the answer that is kept. */
  readonly deadlineMs: number;
  /** Called if there is no answer after a while, counted from the connection; the exchange goes on. */
  readonly suspicion?: { readonly afterMs: number; raise(): void } | undefined;
}

export interface Webhooks {
  /** Never throws for what the receiver or the network does. */
  post(post: Post): Promise<PostOutcome>;
}

export interface WebhooksOptions {
  /** Origins that need no guard: the inbox of a laptop. */
  readonly allowedOrigins: readonly string[];
  readonly outage: Outage;
  readonly resolve?: Resolve;
}

/** Name, connection and TLS together. */
const CONNECT_MS = 5000;
/** Name, TCP and TLS with the other side of the world take no longer. */
const CONNECTED_BY_MS = 1000;
const MAX_RESPONSE_HEADER_BYTES = 16_384;

export function webhooks({ allowedOrigins, outage, resolve = resolvePublicly }: WebhooksOptions): Webhooks {
  return {
    async post(post) {
      const startedAt = performance.now();
      const ms = () => performance.now() - startedAt;
      // Judged when the endpoint was made, and again now: the rules may have become stricter.
      const target = judgeUrl(post.url, allowedOrigins);
      if (target.kind === 'refused') return { kind: 'failed', why: 'target_not_allowed', ms: ms() };
      const watch = suspicionWatch(post.suspicion);
      try {
        return { ...(await exchange(target, post, { resolve, connected: watch.connected })), ms: ms() };
      } catch (error) {
        const why = reason(error);
        if (MAYBE_OURS.has(why) && (await outage())) return { kind: 'unsent', why };
        return { kind: 'failed', why, ms: ms() };
      } finally {
        watch.end();
      }
    },
  };
}

interface Place {
  readonly url: URL;
  readonly guarded: boolean;
}

interface Surroundings {
  readonly resolve: Resolve;
  connected(): void;
}

function exchange({ url, guarded }: Place, { headers, body, deadlineMs }: Post, around: Surroundings) {
  return new Promise<Omit<Answer, 'ms'>>((settle, fail) => {
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false, // a pooled socket would skip the lookup, and with it the guard
      signal: AbortSignal.timeout(deadlineMs),
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      ...(guarded ? guardedOptions(url, around.resolve) : {}),
    };
    // Neither module follows redirects: a 302 is an answer like any other.
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    let headSeen = false;
    const request = send(url, options, (response) => {
      headSeen = true;
      // The head decides. What is kept of the body is for people, and a receiver that drips it ends with the deadline.
      kept(response).then((rest) => {
        settle({ ...answerOf(response), kept: rest });
        request.destroy();
      });
    });
    const secure = url.protocol === 'https:';
    request.on('socket', (socket) => watch(socket, { guarded, secure, connected: around.connected }));
    // What breaks after the head only cuts short what is kept.
    request.on('error', (error) => !headSeen && fail(error));
    // An answer of 101 is neither a response nor an error: without this it would hold us past the deadline.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      settle(answerOf(response));
    });
    request.on('close', () => !headSeen && fail(new ClosedWithoutAnswer()));
    request.end(body);
  });
}

/** A certificate is for the name without the dot that makes it absolute. */
function guardedOptions({ hostname }: URL, resolve: Resolve): RequestOptions {
  const servername = hostname.replace(/\.$/, '');
  return { lookup: guardedLookup(resolve), minVersion: 'TLSv1.2', servername };
}

function suspicionWatch(suspicion: Post['suspicion']) {
  let timer = suspicion && setTimeout(suspicion.raise, CONNECTED_BY_MS);
  const end = () => clearTimeout(timer);
  return {
    end,
    connected() {
      end();
      timer = suspicion && setTimeout(suspicion.raise, suspicion.afterMs);
    },
  };
}

/** Gives up on a connection that does not come about, and on one that leads elsewhere than was vetted. */
function watch(
  socket: Socket,
  { guarded, secure, connected }: { guarded: boolean; secure: boolean; connected(): void },
): void {
  const timer = setTimeout(() => socket.destroy(new ConnectTimeout()), CONNECT_MS);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    connected();
  });
  socket.once('close', () => clearTimeout(timer));
  // Before the handshake, and so before a byte of the webhook is sent.
  socket.once('connect', () => {
    if (guarded && !isPublicAddress(socket.remoteAddress ?? ''))
      socket.destroy(new EgressRefused('address_not_public'));
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): Omit<Answer, 'ms'> {
  return {
    kind: 'answered',
    status: statusCode,
    retryAfter: headers['retry-after'],
    // @see https://docs.svix.com/retries, whose word for it this is
    abort: headers['webhook-delivery'] === 'abort-message',
  };
}

class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
}
class ClosedWithoutAnswer extends Error {
  override readonly name = 'ClosedWithoutAnswer';
}

/** Before a connection stands nobody can tell the receiver's trouble from ours by looking at it alone. */
const MAYBE_OURS: ReadonlySet<string> = new Set([
  'dns_failed',
  'dns_timeout',
  'connect_timeout',
  'unreachable',
]);

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  ETIMEDOUT: 'connect_timeout',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  HPE_HEADER_OVERFLOW: 'response_headers_too_large',
};

/** A short word for the delivery log, from a closed list. All refusals of the guard look alike to the tenant. */
function reason(error: unknown): string {
  if (error instanceof EgressRefused) return 'target_not_allowed';
  if (error instanceof NameUnresolved) return error.message;
  if (error instanceof ConnectTimeout) return 'connect_timeout';
  if (error instanceof ClosedWithoutAnswer) return 'closed_without_answer';
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  // Of several addresses that were tried, the first tells as much as the others.
  if (error instanceof AggregateError) return reason(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (Object.hasOwn(WORDS, code)) return WORDS[code] ?? 'failed';
  if (code.startsWith('HPE_')) return 'protocol_error';
  if (/CERT|TLS|SSL|EPROTO|SELF_SIGNED|ISSUER/.test(code)) return 'tls_error';
  return code.startsWith('ERR_') ? 'request_invalid' : 'failed';
}
