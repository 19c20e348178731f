/** The server of the console gives its pages to its own operator, signs calls to one place, and does nothing for other pages. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { consoleServer } from '../../console/server/server.ts';
import { sessions } from '../../console/server/sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-console-'));
const closing: (() => void)[] = [() => rmSync(folder, { recursive: true })];
afterAll(() => {
  for (const close of closing) close();
});

async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  closing.push(() => server.close().closeAllConnections());
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}
const seen: Seen[] = [];
let answer: { status: number; type?: string; headers?: Record<string, string> } = { status: 200 };
let nowMs = 0;
let looks = 0;
let port = 0;
const known = sessions(() => nowMs, true);
const operator = { accessKeyId: 'AKIA1', secretAccessKey: 'not-told', sessionToken: 'token-of-session' };
let credentials = async () => operator;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  const door = await listen((asked, response) => {
    seen.push({ url: asked.url ?? '', headers: asked.headers });
    response.writeHead(answer.status, {
      'content-type': answer.type ?? 'application/json',
      ...answer.headers,
    });
    response.end('{"items":[]}');
  });
  const url = new URL(`http://127.0.0.1:${door}/lambda-url/operate/`);
  port = await listen(
    consoleServer({
      pages: folder,
      sessions: known,
      about: () => ({
        stage: 'prod',
        region: 'eu-west-1',
        apiUrl: 'https://api',
        operateUrl: 'https://operate',
      }),
      target: () => ({ url, region: 'eu-west-1', credentials: () => credentials() }),
      doctor: async () => {
        looks += 1;
        await Promise.resolve();
        return [{ id: 'roles', ok: false, says: 'expected two roles, found one', fix: 'Deploy it again.' }];
      },
    }),
  );
});

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Not fetch, which writes the headers that a browser keeps for itself. */
function ask({ path, method = 'GET', headers = {}, body = '' }: Asked) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>(
    (resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    },
  );
}

const ownPage = () => ({ 'sec-fetch-site': 'same-origin', host: `127.0.0.1:${port}` });
const opened = async (code: string) =>
  ask({ path: '/console/session', method: 'POST', headers: ownPage(), body: code });
async function secretOf(): Promise<string> {
  const { text } = await opened(known.invite());
  return JSON.parse(text).secret;
}
const call = async (path: string, secret: string, more: Partial<Asked> = {}) =>
  ask({
    ...more,
    path: `/console${path}`,
    headers: { ...ownPage(), 'headgate-console': secret, ...more.headers },
  });

describe('a look at the account', () => {
  it('is taken for the page itself, once for all that ask meanwhile', async () => {
    const secret = await secretOf();
    const both = await Promise.all([call('/doctor', secret), call('/doctor', secret)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(JSON.parse(both[0]?.text ?? '').items).toEqual([
      expect.objectContaining({ id: 'roles', ok: false }),
    ]);
    expect(looks).toBeLessThanOrEqual(2);
    expect((await call('/doctor', secret, { method: 'POST' })).status).toBe(405);
  });

  it('is taken neither without the secret nor for a page of another origin', async () => {
    const before = looks;
    expect((await call('/doctor', 'none')).status).toBe(401);
    const foreign = { 'sec-fetch-site': 'cross-site', 'headgate-console': await secretOf() };
    const asked = { path: '/console/doctor', headers: { host: `127.0.0.1:${port}`, ...foreign } };
    expect((await ask(asked)).status).toBe(403);
    expect(looks).toBe(before);
  });
});

describe('a page', () => {
  it('may run no script but its own, be shown in no other, and send no address on', async () => {
    const { status, headers } = await ask({
      path: '/console/jobs/job_a',
      headers: { host: `localhost:${port}` },
    });
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
  });

  it.each(['rebound.attacker.example', 'rebound.attacker.example:80', '127.0.0.1.attacker.example'])(
    'is not given under the name %s, which another page may have made its own',
    async (host) => {
      expect((await ask({ path: '/console/', headers: { host } })).status).toBe(403);
    },
  );

  it.each(['/console/../../package.json', '/console/%2e%2e/server.ts', '/console/assets/none.js'])(
    'is nothing but a built file: %s',
    async (path) => {
      expect((await ask({ path, headers: ownPage() })).text).not.toMatch(/import|"name"/);
    },
  );
});

describe('a session', () => {
  it('is opened by a code, once', async () => {
    const code = known.invite();
    expect((await opened(code)).status).toBe(200);
    expect((await opened(code)).status).toBe(401);
  });

  it('is not opened by a code of more than a minute ago', async () => {
    const code = known.invite();
    nowMs += 60_000;
    expect((await opened(code)).status).toBe(401);
  });

  it('ends eight hours after its last call', async () => {
    const secret = await secretOf();
    nowMs += 7.9 * 3_600_000;
    expect((await call('/v1/tenants', secret)).status).toBe(200);
    nowMs += 8 * 3_600_000;
    expect((await call('/v1/tenants', secret)).status).toBe(401);
  });

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:1' },
    { origin: 'null' },
    {},
  ])('does nothing for a request with %j', async (headers) => {
    const secret = await secretOf();
    seen.length = 0;
    const asked = { path: '/console/v1/tenants', headers: { ...headers, 'headgate-console': secret } };
    expect((await ask(asked)).status).toBe(403);
    expect(seen).toEqual([]);
  });

  it('does nothing for a request without its secret', async () => {
    expect((await call('/v1/tenants', 'another')).status).toBe(401);
  });
});

describe('a call', () => {
  it('arrives signed, with the headers of a call and nothing else of the page', async () => {
    const secret = await secretOf();
    seen.length = 0;
    await call('/v1/jobs?tenant=acme&tag.plan=pro', secret, {
      headers: { 'if-none-match': '"1"', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' },
    });
    const [arrived] = seen;
    expect(arrived?.url).toBe('/lambda-url/operate/v1/jobs?tenant=acme&tag.plan=pro');
    expect(arrived?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIA1\/\d{8}\/eu-west-1\/lambda\/aws4_request/,
    );
    expect(arrived?.headers).toMatchObject({
      'if-none-match': '"1"',
      'x-amz-security-token': 'token-of-session',
    });
    expect(Object.keys(arrived?.headers ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
    expect(JSON.stringify(arrived)).not.toContain(secret);
  });

  test.each([
    ['GET', '//evil.example/v1/jobs'],
    ['GET', '/v1/../../../other/v1/jobs'],
    ['GET', '/v1/%2e%2e/%2e%2e/v1/tenants'],
    ['GET', '/v1/tenants/acme/pause'],
    ['GET', '/v1/unknown'],
    ['PATCH', '/v1/tenants/acme'],
    ['POST', '/v1/jobs/job_a/cancel/more'],
  ])('%s %s goes nowhere', async (method, path) => {
    const secret = await secretOf();
    seen.length = 0;
    const { text } = await call(path, secret, { method });
    expect(text).not.toContain('items');
    expect(seen).toEqual([]);
  });

  it('follows no redirect, which would carry the signature to another place', async () => {
    const secret = await secretOf();
    answer = { status: 302, headers: { location: 'http://127.0.0.1:1/' } };
    const { status, headers } = await call('/v1/tenants', secret);
    answer = { status: 200 };
    expect([status, headers['location']]).toEqual([503, undefined]);
  });

  it('that AWS refuses is told so in our words, without those about the signature', async () => {
    const secret = await secretOf();
    answer = { status: 403, type: 'application/json' };
    const { status, text } = await call('/v1/tenants', secret);
    answer = { status: 200 };
    expect([status, JSON.parse(text).code]).toEqual([403, 'credential_missing']);
  });

  it('without credentials is told the same, and is sent nowhere', async () => {
    const secret = await secretOf();
    seen.length = 0;
    credentials = () => Promise.reject(new Error('The token in /home/ops/.aws/sso has expired'));
    const { status, text } = await call('/v1/tenants', secret);
    credentials = async () => operator;
    expect(status).toBe(403);
    expect(text).not.toContain('/home/ops');
    expect(seen).toEqual([]);
  });
});
