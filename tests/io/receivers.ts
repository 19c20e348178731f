/** Receivers on loopback, and senders that may reach them or no address at all. */
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import { afterEach } from '@jest/globals';
import type { Resolve } from '../../io/http/egress.ts';
import { type Webhooks, webhooks } from '../../io/http/post.ts';

/** Made for this test alone, valid for 127.0.0.1 until 2126: it lacks only a certificate authority. */
export const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxlDduS8hDTcFBgFB
ssYaT4eHrKapcc1tk2BPjBaR70KhRANCAASfIjdX8A8B+EPUu4lBlGzpAzSwkyHo
Hp2U0BHwOAUUJkgC2CuKySsVaspK/wo9MiYyZNifrfLKkUO1/ubIwOwq
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBkTCCATagAwIBAgIUZd6FqMmCLg7Di5AnCRHBjtEsKsIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNDA0MTkyOVoYDzIxMjYxMDMx
MDQxOTI5WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASfIjdX8A8B+EPUu4lBlGzpAzSwkyHoHp2U0BHwOAUUJkgC2CuKySsV
aspK/wo9MiYyZNifrfLKkUO1/ubIwOwqo2QwYjAdBgNVHQ4EFgQUw1xF1l/bAiSm
BG2Y8k9p3P0JZ+MwHwYDVR0jBBgwFoAUw1xF1l/bAiSmBG2Y8k9p3P0JZ+MwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0kAMEYC
IQCV48D72oZ8joJcEkIMGp/FUuS2ijxZCw+RK0CiXc14fAIhAKdnf689zFMO4jWr
LM6WDg2n7kLrJk4fYfqZxy5o6Ahs
-----END CERTIFICATE-----`,
};

/**
 * Jest runs a test in a realm of its own, whose Error is not the one that Node's network code throws; in a process of
 * ours there is one realm. Without this every such error would look like a thrown value that is no Error.
 */
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: typeof Error, value: unknown) {
    return this === Error ? isNativeError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

export const BODY = '{"type":"job.succeeded","data":{"note":"✓"}}';
const closing: (() => Promise<void>)[] = [];

export async function closeReceivers(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}
afterEach(closeReceivers);

export async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  // A TCP server that listens has an AddressInfo.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const noAddresses: Resolve = async () => [];
export const working = async () => false;
export const down = async () => true;

export function sender(
  allowedOrigins: readonly string[],
  resolve: Resolve = noAddresses,
  outage = working,
): Webhooks {
  return webhooks({ allowedOrigins, resolve, outage });
}

export const post = (url: string, change: { headers?: object; deadlineMs?: number } = {}) => ({
  url,
  headers: { 'content-type': 'application/json', ...change.headers },
  body: BODY,
  deadlineMs: change.deadlineMs ?? 10_000,
});

/** A receiver that speaks HTTP, listed as the inbox of a laptop is. */
export async function receiver(answer: RequestListener) {
  const origin = `http://${await listening(createServer(answer))}`;
  return {
    origin,
    post: (change: Parameters<typeof post>[1] = {}) =>
      sender([origin]).post(post(`${origin}/hook?a=1`, change)),
  };
}

/** A receiver that answers every connection with these bytes, and then does what it is told. */
export async function rawReceiver(answer: string | Buffer, then: (socket: Socket) => void = () => undefined) {
  const closed = Promise.withResolvers<'closed'>();
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.write(answer, () => then(socket)));
    socket.once('close', () => closed.resolve('closed'));
  });
  const origin = `http://${await listening(server)}`;
  return {
    closed: closed.promise,
    post: (deadlineMs = 10_000) => sender([origin]).post(post(origin, { deadlineMs })),
  };
}
