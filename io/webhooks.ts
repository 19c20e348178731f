/** One POST to a tenant's URL. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { PostOutcome } from '../domain/delivery.ts';
import {
  EgressRefused,
  guardedLookup,
  type Resolve,
  resolvePublicly,
  type Target,
  vetUrl,
} from './egress.ts';

export interface Webhooks {
  /** Never throws for what the receiver or the network does. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostOutcome>;
}

/** The whole exchange, from the name's resolution to the head of the answer. */
const DEADLINE_MS = 15_000;

export function webhooks(allowedOrigins: readonly string[], resolve: Resolve = resolvePublicly): Webhooks {
  return {
    async post(url, headers, body) {
      try {
        return await exchange(vetUrl(url, allowedOrigins), headers, body, resolve);
      } catch (error) {
        return { kind: 'failed', why: reason(error) };
      }
    },
  };
}

/** The answer's head decides; its body is not read, so a receiver that drips cannot hold us. */
function exchange(target: Target, headers: Readonly<Record<string, string>>, body: string, resolve: Resolve) {
  return new Promise<PostOutcome>((settle, fail) => {
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      agent: false, // a pooled socket would skip the lookup, and with it the guard
      signal: AbortSignal.timeout(DEADLINE_MS),
      maxHeaderSize: 16_384,
      ...(target.guarded ? { lookup: guardedLookup(resolve), minVersion: 'TLSv1.2' as const } : {}),
    };
    // Neither module follows redirects: a 302 is an answer like any other.
    const send = target.url.protocol === 'http:' ? httpRequest : httpsRequest;
    const request = send(target.url, options, (response) => {
      settle({
        kind: 'answered',
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
      });
      response.destroy();
    });
    request.on('error', fail);
    // An answer of 101 is neither a response nor an error: without this it would hold us past the deadline.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      settle({ kind: 'answered', status: response.statusCode ?? 101 });
    });
    request.on('close', () => fail(new Error('closed without an answer')));
    request.end(body);
  });
}

/** A short word for the delivery log. All refusals of the guard look alike to the tenant. */
function reason(error: unknown): string {
  if (error instanceof EgressRefused) return 'target_not_allowed';
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  return 'code' in error && typeof error.code === 'string' ? error.code.toLowerCase() : 'failed';
}
