import { request } from 'node:http';
import { SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { closedAfterAll } from '../../support/closing.ts';
import { startLambda } from './lambda-service.ts';

const opened = closedAfterAll();
let endpoint: string;
beforeAll(async () => {
  const service = opened(await startLambda());
  const lambda = await service.open();
  await lambda.define('echo', 'export const handler = async (event) => event;');
  await lambda.define(
    'answer',
    'export const handler = async ({ body }) => { if (body === "throw") throw new Error("as asked"); return JSON.parse(body); };',
  );
  await lambda.define('guarded', 'export const handler = async (event) => event;');
  lambda.lambda.openUrl('echo', 'NONE');
  lambda.lambda.openUrl('answer', 'NONE');
  lambda.lambda.openUrl('guarded', 'AWS_IAM');
  await lambda.lambda.start();
  endpoint = lambda.endpoint;
});

// biome-ignore lint/suspicious/noExplicitAny: what a function was given is looked into
const jsonOf = async (response: Response): Promise<any> => response.json();
const call = (path: string, init?: RequestInit) => fetch(`${endpoint}/lambda-url/${path}`, init);
const answering = (body: unknown) => call('answer/', { method: 'POST', body: JSON.stringify(body) });
const signedFor = (service: string) => ({
  Authorization: `AWS4-HMAC-SHA256 Credential=operator/20260105/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

describe('a function is given', () => {
  test('the request, without the place of its URL on this machine', async () => {
    const event = await jsonOf(
      await call('echo/a%2Fb/c?x=1&x=2&y=%20', {
        method: 'POST',
        body: '{"ü":1}',
        headers: { 'Content-Type': 'application/json', 'X-Two': 'a' },
      }),
    );
    expect(event).toMatchObject({
      version: '2.0',
      rawPath: '/a%2Fb/c',
      rawQueryString: 'x=1&x=2&y=%20',
      queryStringParameters: { x: '1,2', y: ' ' },
      headers: { 'x-two': 'a', 'content-type': 'application/json' },
      body: '{"ü":1}',
      isBase64Encoded: false,
      requestContext: { accountId: 'anonymous', http: { method: 'POST', path: '/a%2Fb/c' } },
    });
    expect(event.requestContext).not.toHaveProperty('authorizer');
  });

  test('the root for a URL without a path', async () => {
    expect(await (await call('echo')).json()).toMatchObject({ rawPath: '/', rawQueryString: '' });
  });

  test('other bytes than text in base64', async () => {
    const bytes = new Uint8Array([0, 255, 1]);
    const event = await jsonOf(
      await call('echo/', { method: 'POST', body: bytes, headers: { 'Content-Type': 'image/png' } }),
    );
    expect(event).toMatchObject({ body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true });
  });
});

describe('a function answers', () => {
  test('with a status, headers, cookies and a body', async () => {
    const response = await answering({
      statusCode: 201,
      headers: { 'X-One': '1', 'Content-Type': 'text/plain' },
      cookies: ['a=1', 'b=2'],
      body: 'made',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-one')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('made');
  });

  test.each([204, 304])('with %s, and no client waits for a body', async (statusCode) => {
    const response = await answering({ statusCode });
    expect([response.status, await response.text()]).toEqual([statusCode, '']);
  });

  test('with bytes in base64', async () => {
    const response = await answering({ statusCode: 200, body: 'AP8=', isBase64Encoded: true });
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255]);
  });

  test('with something else, which is the body', async () => {
    const response = await answering({ hello: 1 });
    expect([response.status, await response.json()]).toEqual([200, { hello: 1 }]);
  });

  test('by an error, of which the caller learns nothing', async () => {
    const response = await call('answer/', { method: 'POST', body: 'throw' });
    expect([response.status, await response.text()]).toEqual([502, '{"Message":"Internal Server Error"}']);
  });
});

describe('a URL that IAM guards', () => {
  test('is closed to a request without a signature, and to one that is signed for another service', async () => {
    expect((await call('guarded/')).status).toBe(403);
    expect((await call('guarded/', { headers: signedFor('sqs') })).status).toBe(403);
  });

  test('tells its function who signed', async () => {
    const event = await jsonOf(await call('guarded/', { headers: signedFor('lambda') }));
    expect(event.requestContext.authorizer.iam).toMatchObject({
      accessKey: 'operator',
      userArn: 'arn:aws:iam::000000000000:user/operator',
    });
  });
});

describe('a request that the key of the screen has signed', () => {
  const signer = new SignatureV4({
    service: 'lambda',
    region: 'us-east-1',
    sha256: new SQSClient({}).config.sha256,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  interface Sent {
    readonly path: string;
    readonly method?: string;
    readonly query?: Record<string, string | string[]>;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  }
  async function signed({ path, method = 'GET', query = {}, body, headers = {} }: Sent) {
    const { hostname, host } = new URL(endpoint);
    const whole = { protocol: 'http:', hostname, method, path: `/lambda-url/guarded${path}`, query };
    const asked = await signer.sign({ ...whole, headers: { ...headers, host }, body });
    const { host: _, ...rest } = asked.headers;
    return { method, headers: rest, ...(body === undefined ? {} : { body }) };
  }

  test.each<[what: string, asked: Sent, address: string]>([
    ['a plain path', { path: '/v1/jobs' }, 'guarded/v1/jobs'],
    ['an encoded path', { path: '/a%2Fb/%C3%BC' }, 'guarded/a%2Fb/%C3%BC'],
    [
      'a query out of order, with a name twice and signs of its own',
      { path: '/', query: { 'tag.plan': 'a b+c', limit: '5', x: ['2', '1'] } },
      'guarded/?tag.plan=a%20b%2Bc&x=2&limit=5&x=1',
    ],
    ['a body', { path: '/', method: 'POST', body: '{"ü":"\u0000"}' }, 'guarded/'],
    ['an empty value', { path: '/', query: { a: '' } }, 'guarded/?a='],
  ])('is heard with %s', async (_, asked, address) => {
    expect((await call(address, await signed(asked))).status).toBe(200);
  });

  const bare = async () => (await signed({ path: '/v1/jobs' })).headers;
  const posted = () => signed({ path: '/', method: 'POST', body: 'as signed' });
  test.each<[what: string, address: string, init: () => Promise<RequestInit>, says: RegExp]>([
    [
      'another signature',
      'guarded/v1/jobs',
      async () => ({
        headers: {
          ...(await bare()),
          authorization: (await bare())['authorization']?.replace(/.$/, '_') ?? '',
        },
      }),
      /does not match/,
    ],
    [
      'a signature of zeros',
      'guarded/v1/jobs',
      async () => ({
        headers: {
          ...(await bare()),
          authorization: (await bare())['authorization']?.replace(/=[0-9a-f]{64}$/, '=0') ?? '',
        },
      }),
      /does not match/,
    ],
    ['another path', 'guarded/v1/keys', async () => ({ headers: await bare() }), /does not match/],
    ['another query', 'guarded/v1/jobs?limit=9', async () => ({ headers: await bare() }), /does not match/],
    ['another body', 'guarded/', async () => ({ ...(await posted()), body: 'another' }), /does not match/],
    [
      'another method',
      'guarded/v1/jobs',
      async () => ({ method: 'DELETE', headers: await bare() }),
      /does not match/,
    ],
    [
      'no date',
      'guarded/v1/jobs',
      async () => ({ headers: { authorization: (await bare())['authorization'] ?? '' } }),
      /X-Amz-Date/,
    ],
  ])('is refused with %s', async (_, address, init, says) => {
    const answer = await call(address, await init());
    expect([answer.status, (await jsonOf(answer)).Message]).toEqual([403, expect.stringMatching(says)]);
  });
});

test('there is no URL of a function that has none', async () => {
  expect((await call('other/')).status).toBe(404);
});

function statusFor(Host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`${endpoint}/lambda-url/echo/`, { headers: { Host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}

test('a web page under a name of its own is refused, and this machine under its own names is not', async () => {
  const { port } = new URL(endpoint);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `bucket.localhost:${port}`])
    expect([host, await statusFor(host)]).toEqual([host, 200]);
  for (const host of [
    `evil.example:${port}`,
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ])
    expect([host, await statusFor(host)]).toEqual([host, 403]);
});
