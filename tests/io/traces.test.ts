/** Spans for X-Ray's own address, as a receiver sees them that signs the request again. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { spansOf } from '../../domain/trace/spans.ts';
import { traces } from '../../io/http/traces.ts';
import { xraySignature } from '../../io/http/xray-signature.ts';
import { jobIn, NOW } from '../support/jobs.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret', sessionToken: 'a session' };
const client = new SQSClient({ region: 'eu-west-1', credentials });
const spans = spansOf(jobIn('succeeded', { finishedAt: NOW }));

let received: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
let lines: string[];
let endpoint: string;
let status: number;
let close: () => void;
beforeEach(async () => {
  [received, lines, status] = [[], [], 200];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  endpoint = `http://127.0.0.1:${port}/v1/traces`;
  close = () => server.close();
});
afterEach(() => close());

const target = () => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint, TRACE_SAMPLING: 1 });
const log = {
  info: (event: string, { why = '' } = {}) => void lines.push(`${event} ${why}`),
  error: () => undefined,
};

/** What the signature must be for this body, by the time and the headers that the request names. */
async function signatureFor(body: string, { headers }: { readonly headers: IncomingHttpHeaders }) {
  const signer = new SignatureV4({
    service: 'xray',
    region: 'eu-west-1',
    credentials,
    sha256: client.config.sha256,
  });
  const { hostname, host, pathname } = new URL(endpoint);
  const at = String(headers['x-amz-date']).replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5');
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname,
    path: pathname,
    headers: { host, 'content-type': 'application/json' },
    body,
  };
  return (await signer.sign(request, { signingDate: new Date(at) })).headers['authorization'];
}

test('are signed for the service, the Region and each byte', async () => {
  await traces(target(), xraySignature(client), log)?.send(spans);
  const [request] = received;
  if (request === undefined) throw new Error('no request came');
  expect(request.headers['authorization']).toBe(await signatureFor(request.body, request));
  expect(request.headers['authorization']).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/xray\//,
  );
  expect(request.headers['authorization']).not.toBe(await signatureFor(`${request.body} `, request));
  expect(request.headers['x-amz-security-token']).toBe('a session');
  expect(JSON.parse(request.body)).toHaveProperty('resourceSpans');
  expect(lines).toEqual([]);
});

test('carry no credential to a collector that asks for none', async () => {
  await traces(target(), undefined, log)?.send(spans);
  const [request] = received;
  expect(request?.headers).not.toHaveProperty('authorization');
  expect(request?.headers).not.toHaveProperty('x-amz-security-token');
});

test('that X-Ray refuses, or that cannot be signed, are said in one line and throw nothing', async () => {
  status = 403;
  await traces(target(), xraySignature(client), log)?.send(spans);
  const without = new SQSClient({
    region: 'eu-west-1',
    credentials: () => Promise.reject(new Error('none')),
  });
  await traces(target(), xraySignature(without), log)?.send(spans);
  expect(lines).toEqual(['trace:send:failed http_403', 'trace:send:failed Error']);
  expect(received).toHaveLength(1);
});
