import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EgressRefused, type Resolve } from '../../io/http/egress.ts';
import {
  BODY,
  closeReceivers,
  down,
  listening,
  noAddresses,
  post,
  rawReceiver,
  receiver,
  SELF_SIGNED,
  sender,
  working,
} from './receivers.ts';

describe('a webhook', () => {
  test('is a POST of exactly the given bytes, with the given headers, and asks for no compression', async () => {
    const received = Promise.withResolvers<object>();
    const to = await receiver((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        received.resolve({ method, url, headers, body: Buffer.concat(chunks).toString() });
        response.end();
      });
    });
    expect(await to.post({ headers: { 'webhook-id': 'msg_1' } })).toMatchObject({
      kind: 'answered',
      status: 200,
    });
    const { headers, ...rest } = (await received.promise) as { headers: object };
    expect(rest).toEqual({ method: 'POST', url: '/hook?a=1', body: BODY });
    expect(headers).toMatchObject({
      'webhook-id': 'msg_1',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(BODY)),
    });
    expect(headers).not.toHaveProperty('accept-encoding');
    expect(headers).not.toHaveProperty('expect');
  });

  test.each([200, 204, 400, 410, 500])('is told the status of the answer: %d', async (status) => {
    const to = await receiver((_, response) => response.writeHead(status).end());
    expect(await to.post()).toMatchObject({ kind: 'answered', status });
  });

  test('hears how long the receiver wants to be left alone, and what it says', async () => {
    const to = await receiver((_, response) =>
      response
        .writeHead(429, { 'retry-after': '77', 'content-type': 'text/plain', 'set-cookie': 'a=b' })
        .end('busy ✓'),
    );
    expect(await to.post()).toMatchObject({
      status: 429,
      retryAfter: '77',
      kept: { body: 'busy ✓', headers: { 'retry-after': '77', 'content-type': 'text/plain' } },
    });
    expect(JSON.stringify(await to.post())).not.toContain('a=b');
  });

  test('hears that the receiver wants this message no more', async () => {
    const to = await receiver((_, response) =>
      response.writeHead(400, { 'webhook-delivery': 'abort-message' }).end(),
    );
    expect(await to.post()).toMatchObject({ status: 400, abort: true });
  });

  test('follows no redirect: where it leads is told by its host, and never connected to (F35)', async () => {
    let connections = 0;
    const inside = createTcpServer(() => connections++);
    const target = await listening(inside);
    const paths: (string | undefined)[] = [];
    const to = await receiver((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: `http://${target}/latest/meta-data/?canary` }).end();
    });
    const outcome = await to.post();
    expect(outcome).toMatchObject({ status: 302, kept: { headers: { 'location-host': target } } });
    expect(JSON.stringify(outcome)).not.toContain('canary');
    expect(paths).toEqual(['/hook?a=1']);
    expect(connections).toBe(0);
  });

  test('makes a connection of its own each time, so that each is vetted', async () => {
    let connections = 0;
    const server = createServer((_, response) => response.end());
    server.on('connection', () => connections++);
    const origin = `http://${await listening(server)}`;
    const { post: send } = sender([origin]);
    await send(post(origin));
    await send(post(origin));
    expect(connections).toBe(2);
  });

  test('goes past a proxy that the environment names', async () => {
    let asked = 0;
    const proxy = `http://${await listening(createServer(() => asked++))}`;
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: '1' });
    const to = await receiver((_, response) => response.end());
    expect(await to.post()).toMatchObject({ status: 200 });
    process.env = before;
    expect(asked).toBe(0);
  });
});

describe('the body of an answer', () => {
  const head = (fields: string) => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`;

  test('is kept up to 16 KiB, and no more of it is read', async () => {
    const to = await rawReceiver(head('content-length: 26214400'), (socket) => {
      socket.write('x'.repeat(65_536));
    });
    const outcome = await to.post();
    expect(outcome).toMatchObject({ status: 200, kept: { cut: 'truncated' } });
    expect(outcome.kind === 'answered' && outcome.kept?.body).toHaveLength(16_384);
    expect(await to.closed).toBe('closed');
  });

  test('may be announced as larger than any disk', async () => {
    const to = await rawReceiver(`${head('content-length: 1000000000000')}${'x'.repeat(20_000)}`);
    expect(await to.post()).toMatchObject({ status: 200, kept: { cut: 'truncated' } });
  });

  test('that drips for ever ends with the deadline, and the head has decided', async () => {
    const to = await receiver((_, response) => {
      response.writeHead(500);
      const timer = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(timer));
    });
    expect(await to.post({ deadlineMs: 300 })).toMatchObject({ status: 500, kept: { cut: 'partial' } });
  });

  test('that breaks off after a good head is a success', async () => {
    const to = await rawReceiver(`${head('content-length: 100')}begun`, (socket) => socket.resetAndDestroy());
    expect(await to.post()).toMatchObject({ status: 200, kept: { cut: 'partial' } });
  });

  test('that is compressed stays as it came', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    const to = await rawReceiver(
      Buffer.concat([Buffer.from(head(`content-encoding: gzip\r\ncontent-length: ${bomb.length}`)), bomb]),
    );
    expect(await to.post()).toMatchObject({
      kept: { body: bomb.toString('base64'), binary: true, headers: { 'content-encoding': 'gzip' } },
    });
  });

  test('whose last character is cut in half is a text all the same', async () => {
    const to = await rawReceiver(`${head('content-length: 30001')}a${'ü'.repeat(15_000)}`);
    const outcome = await to.post();
    expect(outcome.kind === 'answered' && outcome.kept?.binary).toBeUndefined();
  });
});

describe('a receiver that misbehaves', () => {
  test('the port is closed', async () => {
    const { origin } = await receiver(() => undefined);
    await closeReceivers();
    expect(await sender([origin]).post(post(origin))).toMatchObject({
      kind: 'failed',
      why: 'connection_refused',
    });
  });

  test.each([
    ['hangs up without an answer', '', 'connection_reset'],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'protocol_error'],
    [
      'sends 60 KiB of headers',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(60_000)}\r\n`,
      'response_headers_too_large',
    ],
    ['ends its lines with LF alone (F70)', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n', 'framing_line_ends'],
    [
      'gives its body both a length and chunks (F70)',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
      'framing_length_and_chunked',
    ],
    [
      'gives its body two lengths (F70)',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\n',
      'framing_content_length',
    ],
    [
      'gives its body a length that is no number (F70)',
      'HTTP/1.1 200 OK\r\ncontent-length: all\r\n\r\n',
      'framing_content_length',
    ],
    ['puts a space before a colon (F70)', 'HTTP/1.1 200 OK\r\nx-a : 1\r\n\r\n', 'framing_header'],
    ['folds a header (F70)', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n', 'framing_header'],
    ['has a status of four digits (F70)', 'HTTP/1.1 2000 OK\r\n\r\n', 'framing_status_line'],
  ])('%s', async (_, head, why) => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => (head === '' ? socket.destroy() : socket.write(head)));
    });
    const origin = `http://${await listening(server)}`;
    expect(await sender([origin]).post(post(origin))).toMatchObject({ kind: 'failed', why });
  });

  test('sends 20 KB of headers with its 200: the delivery is done (F70)', async () => {
    const to = await rawReceiver(
      `HTTP/1.1 200 OK\r\nset-cookie: ${'y'.repeat(20_000)}\r\ncontent-length: 0\r\n\r\n`,
    );
    expect(await to.post()).toMatchObject({ kind: 'answered', status: 200 });
  });

  test('closes before it has read the body', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    const origin = `http://${await listening(server)}`;
    expect(await sender([origin]).post(post(origin))).toMatchObject({ kind: 'failed' });
  });

  test('takes the webhook and never answers', async () => {
    const to = await receiver(() => undefined);
    expect(await to.post({ deadlineMs: 200 })).toMatchObject({ kind: 'failed', why: 'timeout' });
  });

  test('shows a certificate without an authority', async () => {
    let requests = 0;
    const server = createTlsServer(SELF_SIGNED, (_, response) => {
      requests++;
      response.end();
    });
    const origin = `https://${await listening(server)}`;
    expect(await sender([origin]).post(post(origin))).toMatchObject({ kind: 'failed', why: 'tls_error' });
    expect(requests).toBe(0);
  });

  test('never finishes the handshake', async () => {
    const origin = `https://${await listening(createTcpServer(() => undefined))}`;
    const outcome = await sender([origin]).post(post(origin, { deadlineMs: 300 }));
    expect(outcome).toMatchObject({ kind: 'failed', why: 'timeout' });
  });

  test('sends hints before its answer', async () => {
    const to = await rawReceiver('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n');
    expect(await to.post()).toMatchObject({ kind: 'answered', status: 204 });
  });

  test('switches to another protocol: that is an answer, or a failure, but an end', async () => {
    const to = await rawReceiver(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    );
    expect(await Promise.race([to.post(), to.closed])).not.toBe('closed');
  });

  test.each([
    ['a line break in a header', { 'x-a': 'b\r\nc: d' }],
    ['a line break in the name of one', { 'x\r\na': 'b' }],
  ])('%s, had it been stored, would not be sent', async (_, headers) => {
    const to = await receiver((_request, response) => response.end());
    expect(await to.post({ headers })).toMatchObject({ kind: 'failed', why: 'request_invalid' });
  });
});

test('a receiver that keeps us waiting is suspected while the exchange goes on, and a quick one is not', async () => {
  const raised: string[] = [];
  const suspicion = (name: string) => ({ afterMs: 50, raise: () => void raised.push(name) });
  const slow = await receiver((_, response) => void setTimeout(() => response.end(), 200));
  const quick = await receiver((_, response) => response.end());
  const ask = (name: string, origin: string) =>
    sender([origin]).post({ ...post(origin), suspicion: suspicion(name) });
  expect(await ask('quick', quick.origin)).toMatchObject({ status: 200 });
  expect(await ask('slow', slow.origin)).toMatchObject({ status: 200 });
  expect(raised).toEqual(['slow']);
});

describe('a target that the guard refuses', () => {
  const refused = { kind: 'failed', why: 'target_not_allowed' };
  const answers =
    (...addresses: string[]): Resolve =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

  test.each([
    ['resolves to loopback', answers('127.0.0.1')],
    ['resolves to one public and one private address', answers('93.184.216.34', '10.0.0.1')],
    ['resolves to loopback in IPv6', answers('::ffff:7f00:1')],
    ['resolves to nothing', answers()],
    ['is refused by name', () => Promise.reject(new EgressRefused('any'))],
  ])('is not named to the tenant: it %s (F36)', async (_, resolve) => {
    const outcome = await sender([], resolve).post(post('https://hooks.acme.test/'));
    expect(['target_not_allowed', 'dns_failed']).toContain(outcome.kind === 'failed' ? outcome.why : '');
  });

  test.each(['http://169.254.169.254/latest/', 'https://127.0.0.1/', 'https://[::1]/', 'https://localhost/'])(
    '%s is refused without a look-up',
    async (url) => {
      let asked = 0;
      const resolve: Resolve = async () => {
        asked++;
        return [];
      };
      expect(await sender([], resolve).post(post(url))).toMatchObject(refused);
      expect(asked).toBe(0);
    },
  );

  test('is looked up once in each try, and again in the next: what was vetted is what is dialled (F36)', async () => {
    const asked: string[] = [];
    const { post: send } = sender([], async (hostname) => {
      asked.push(hostname);
      return [{ address: asked.length === 1 ? '10.0.0.1' : '127.0.0.1', family: 4 }];
    });
    expect(await send(post('https://hooks.acme.test/'))).toMatchObject(refused);
    expect(await send(post('https://hooks.acme.test/'))).toMatchObject(refused);
    expect(asked).toEqual(['hooks.acme.test', 'hooks.acme.test']);
  });
});

describe('when nothing is reached', () => {
  const failing: Resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ESERVFAIL' }));

  test('because our own name resolution is down, it is not a try of the tenant (F37)', async () => {
    expect(await sender([], failing, down).post(post('https://hooks.acme.test/'))).toEqual({
      kind: 'unsent',
      why: 'dns_failed',
    });
  });

  test("although others are, it is the tenant's own name that does not resolve", async () => {
    expect(await sender([], failing, working).post(post('https://hooks.acme.test/'))).toMatchObject({
      kind: 'failed',
      why: 'dns_failed',
    });
  });

  test('a resolver that never answers is given up before the deadline of the whole (F36, F37)', async () => {
    const silent: Resolve = () => new Promise(() => undefined);
    expect(await sender([], silent, down).post(post('https://hooks.acme.test/'))).toEqual({
      kind: 'unsent',
      why: 'dns_timeout',
    });
  }, 20_000);

  test('an answer, however bad, is never an outage of ours', async () => {
    const { origin } = await receiver((_, response) => response.writeHead(503).end());
    expect(await sender([origin], noAddresses, down).post(post(origin))).toMatchObject({
      kind: 'answered',
      status: 503,
    });
  });
});

test('whatever the URL, the headers and the body are, the answer is an outcome', async () => {
  const { post: send } = sender([]);
  const urls = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.constant('https://hooks.acme.test/'));
  const headers = fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(urls, headers, fc.string(), async (url, given, body) => {
      expect(await send({ url, headers: given, body, deadlineMs: 5000 })).toMatchObject({ kind: 'failed' });
    }),
    { numRuns: 100 },
  );
});
