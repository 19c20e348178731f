/** One POST to a tenant's URL: one connection, one deadline, no redirect, and the kept part of the answer. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Answer, PostOutcome } from '../../domain/webhook/delivery.ts';
import { checkUrl } from '../../domain/webhook/webhook-url.ts';
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
  /** The deadline of the whole exchange, from the resolution of the name to the last kept byte of the answer. */
  readonly deadlineMs: number;
  /** Called if there is no answer for a while after the connection; the exchange goes on. */
  readonly suspicion?: { readonly afterMs: number; raise(): void } | undefined;
}

export interface Webhooks {
  /** Never throws for a failure of the receiver or the network. */
  post(post: Post): Promise<PostOutcome>;
}

export interface WebhooksOptions {
  /** Origins without the guard: the inbox of a laptop. */
  readonly allowedOrigins: readonly string[];
  readonly outage: Outage;
  readonly resolve?: Resolve;
}

/** Resolution, connection and TLS together. */
const CONNECT_MS = 5000;
/** Resolution, TCP and TLS to the most distant host take no longer. */
const CONNECTED_BY_MS = 1000;
/** Twice what Node.js and most proxies take: a receiver behind several layers has many cookies and policies to send. */
const MAX_RESPONSE_HEADER_BYTES = 32_768;

export function webhooks({ allowedOrigins, outage, resolve = resolvePublicly }: WebhooksOptions): Webhooks {
  return {
    async post(post) {
      const startedAt = performance.now();
      const ms = () => performance.now() - startedAt;
      // Checked when the endpoint was made, and again now: the rules may be stricter than they were.
      const target = checkUrl(post.url, allowedOrigins);
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
      // The head decides. The kept part of the body is for people, and a slow body ends at the deadline.
      kept(response).then((rest) => {
        settle({ ...answerOf(response), kept: rest });
        request.destroy();
      });
    });
    const secure = url.protocol === 'https:';
    request.on('socket', (socket) => watch(socket, { guarded, secure, connected: around.connected }));
    // A failure after the head only shortens the kept part.
    request.on('error', (error) => !headSeen && fail(error));
    // Node treats a 101 answer neither as a response nor as an error: without this the exchange would outlast its
    // deadline.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      settle(answerOf(response));
    });
    request.on('close', () => !headSeen && fail(new ClosedWithoutAnswer()));
    request.end(body);
  });
}

/** A certificate names the host without the trailing dot of an absolute name. */
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

/** Aborts a connection that is not established in time, and one to another address than was checked. */
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
    // @see https://docs.svix.com/retries, which defines this header value
    abort: headers['webhook-delivery'] === 'abort-message',
  };
}

class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
}
class ClosedWithoutAnswer extends Error {
  override readonly name = 'ClosedWithoutAnswer';
}

/** Before there is a connection, a failure of the receiver and one of our network look the same. */
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
  // An answer that breaks HTTP/1.1 may have a good status and counts as none. Its receiver is told what to mend.
  HPE_CR_EXPECTED: 'framing_line_ends',
  HPE_LF_EXPECTED: 'framing_line_ends',
  HPE_STRICT: 'framing_line_ends',
  HPE_INVALID_TRANSFER_ENCODING: 'framing_length_and_chunked',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'framing_content_length',
  HPE_INVALID_CONTENT_LENGTH: 'framing_content_length',
  HPE_INVALID_HEADER_TOKEN: 'framing_header',
  HPE_INVALID_STATUS: 'framing_status_line',
};

/** A short name for the delivery log, from a closed list. The tenant cannot distinguish the refusals of the guard. */
function reason(error: unknown): string {
  if (error instanceof EgressRefused) return 'target_not_allowed';
  if (error instanceof NameUnresolved) return error.message;
  if (error instanceof ConnectTimeout) return 'connect_timeout';
  if (error instanceof ClosedWithoutAnswer) return 'closed_without_answer';
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  // Of several addresses that were tried, the error of the first is representative.
  if (error instanceof AggregateError) return reason(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (Object.hasOwn(WORDS, code)) return WORDS[code] ?? 'failed';
  if (code.startsWith('HPE_')) return 'protocol_error';
  if (/CERT|TLS|SSL|EPROTO|SELF_SIGNED|ISSUER/.test(code)) return 'tls_error';
  return code.startsWith('ERR_') ? 'request_invalid' : 'failed';
}
