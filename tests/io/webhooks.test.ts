import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PostOutcome } from '../../domain/delivery.ts';
import { webhooks } from '../../io/webhooks.ts';

/** Made for this test alone, valid for 127.0.0.1 until 2126: what it lacks is only somebody who vouches for it. */
const SELF_SIGNED = {
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

const BODY = '{"type":"job.succeeded","data":{"note":"✓"}}';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening(server: Server): Promise<string> {
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

/** A receiver that speaks HTTP, listed by the operator. */
async function receiver(answer: RequestListener) {
  const origin = `http://${await listening(createServer(answer))}`;
  return { origin, post: (headers = {}) => webhooks([origin]).post(`${origin}/hook?a=1`, headers, BODY) };
}

/** A receiver that answers every connection with these bytes. */
async function rawReceiver(head: string) {
  const closed = Promise.withResolvers<'closed'>();
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.write(head));
    socket.once('close', () => closed.resolve('closed'));
  });
  const origin = `http://${await listening(server)}`;
  return { closed: closed.promise, post: () => webhooks([origin]).post(origin, {}, BODY) };
}

describe('a webhook', () => {
  test('is a POST of exactly the given bytes, with the given headers', async () => {
    const received = Promise.withResolvers<object>();
    const { post } = await receiver((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        received.resolve({ method, url, headers, body: Buffer.concat(chunks).toString() });
        response.end();
      });
    });
    expect(await post({ 'webhook-id': 'msg_1' })).toMatchObject({ kind: 'answered', status: 200 });
    expect(await received.promise).toMatchObject({
      method: 'POST',
      url: '/hook?a=1',
      headers: {
        'webhook-id': 'msg_1',
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(BODY)),
      },
      body: BODY,
    });
  });

  test.each([200, 204, 400, 410, 500])('is told the status of the answer: %d', async (status) => {
    const { post } = await receiver((_, response) => response.writeHead(status).end());
    expect(await post()).toEqual({ kind: 'answered', status, retryAfter: undefined });
  });

  test('hears how long the receiver wants to be left alone', async () => {
    const { post } = await receiver((_, response) => response.writeHead(429, { 'retry-after': '77' }).end());
    expect(await post()).toEqual({ kind: 'answered', status: 429, retryAfter: '77' });
  });

  test('follows no redirect', async () => {
    const paths: (string | undefined)[] = [];
    const { post } = await receiver((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await post()).toMatchObject({ kind: 'answered', status: 302 });
    expect(paths).toEqual(['/hook?a=1']);
  });

  test('ends with the head of the answer: a body that never ends is not waited for', async () => {
    const hungUp = Promise.withResolvers<void>();
    const { post } = await receiver((_, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 }).write('x');
      response.on('close', hungUp.resolve);
    });
    expect(await post()).toMatchObject({ kind: 'answered', status: 200 });
    await hungUp.promise;
  });

  test('makes a connection of its own each time, so that each is vetted', async () => {
    let connections = 0;
    const server = createServer((_, response) => response.end());
    server.on('connection', () => connections++);
    const origin = `http://${await listening(server)}`;
    const { post } = webhooks([origin]);
    await post(origin, {}, BODY);
    await post(origin, {}, BODY);
    expect(connections).toBe(2);
  });
});

describe('a receiver that misbehaves', () => {
  test('nobody listens', async () => {
    const { origin } = await receiver(() => undefined);
    await closing.pop()?.();
    expect(await webhooks([origin]).post(origin, {}, BODY)).toEqual({ kind: 'failed', why: 'econnrefused' });
  });

  test.each([
    ['hangs up without an answer', '', 'econnreset'],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'hpe_invalid_constant'],
    ['sends headers without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n`, 'hpe_header_overflow'],
  ])('%s', async (_, head, why) => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => (head === '' ? socket.destroy() : socket.write(head)));
    });
    const origin = `http://${await listening(server)}`;
    expect(await webhooks([origin]).post(origin, {}, BODY)).toEqual({ kind: 'failed', why });
  });

  test('shows a certificate that nobody vouches for', async () => {
    let requests = 0;
    const server = createTlsServer(SELF_SIGNED, (_, response) => {
      requests++;
      response.end();
    });
    const origin = `https://${await listening(server)}`;
    expect(await webhooks([origin]).post(origin, {}, BODY)).toEqual({
      kind: 'failed',
      why: 'depth_zero_self_signed_cert',
    });
    expect(requests).toBe(0);
  });

  test('sends hints before its answer', async () => {
    const { post } = await rawReceiver('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n');
    expect(await post()).toMatchObject({ kind: 'answered', status: 204 });
  });

  test('switches to another protocol: that is an answer, or a failure, but an end', async () => {
    const { post, closed } = await rawReceiver(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    );
    expect(await Promise.race([post(), closed])).not.toBe('closed');
  });
});

describe('a target that the guard refuses', () => {
  const refused: PostOutcome = { kind: 'failed', why: 'target_not_allowed' };

  test('is not named to the tenant, whatever the reason', async () => {
    const inside = webhooks([], async () => [{ address: '127.0.0.1', family: 4 }]);
    const nowhere = webhooks([], async () => []);
    expect(await inside.post('https://hooks.acme.test/', {}, BODY)).toEqual(refused);
    expect(await nowhere.post('https://hooks.acme.test/', {}, BODY)).toEqual(refused);
    expect(await nowhere.post('http://169.254.169.254/latest/', {}, BODY)).toEqual(refused);
  });

  test('is not dialled when a name inside resolves to a server of ours', async () => {
    let connections = 0;
    const server = createTcpServer(() => connections++);
    const address = await listening(server);
    const { post } = webhooks([`http://${address}`], async () => [{ address: '127.0.0.1', family: 4 }]);
    expect(await post('https://rebound.acme.test:8443/', {}, BODY)).toEqual(refused);
    expect(connections).toBe(0);
  });

  test('is resolved once, and what was vetted is what is dialled', async () => {
    const asked: string[] = [];
    const { post } = webhooks([], async (hostname) => {
      asked.push(hostname);
      return [{ address: '10.0.0.1', family: 4 }];
    });
    await post('https://hooks.acme.test/', {}, BODY);
    expect(asked).toEqual(['hooks.acme.test']);
  });

  test('is told in the word of the resolver when the name cannot be resolved', async () => {
    const failure = Object.assign(new Error('no'), { code: 'ESERVFAIL' });
    const { post } = webhooks([], () => Promise.reject(failure));
    expect(await post('https://hooks.acme.test/', {}, BODY)).toEqual({ kind: 'failed', why: 'eservfail' });
  });
});

test('whatever the URL, the headers and the body are, the answer is an outcome', async () => {
  const { post } = webhooks([], async () => []);
  const urls = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.constant('https://hooks.acme.test/'));
  const headers = fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(urls, headers, fc.string(), async (url, given, body) => {
      expect(await post(url, given, body)).toMatchObject({ kind: 'failed' });
    }),
  );
});
