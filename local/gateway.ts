/**
 * The one address of the embedded cloud: every AWS client sends here, and the scope of the signature names the
 * service.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, type ApiRequest, type ApiResponse, type PayloadRequest } from './aws.ts';
import { CONTROL_PATH, type Control } from './control.ts';
import { metered } from './dynamodb/capacity.ts';
import { URL_PREFIX, type UrlAnswer } from './lambda/function-urls.ts';
import type { UrlRequest } from './lambda/url-request.ts';

/** The loopback address itself: SDKs turn `bucket` on a host name into `bucket.localhost`, which does not resolve. */
const HOST = '127.0.0.1';
/** DynamoDB takes requests of 16 MiB, more than any other service here. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export type Service =
  | { readonly protocol: 'json' | 'rest-json'; handle(request: ApiRequest): Promise<ApiResponse> }
  | { readonly protocol: 'rest-payload'; handle(request: PayloadRequest): Promise<ApiResponse> }
  | { readonly protocol: 'raw'; serve(request: IncomingMessage, response: ServerResponse): void };

export interface Gateway {
  /** http://127.0.0.1:port */
  readonly endpoint: string;
  close(): Promise<void>;
}

export interface Pages {
  /** @example /console/ */
  readonly prefix: string;
  serve(request: IncomingMessage, response: ServerResponse): void;
}

export interface GatewayOptions {
  /** By the name in the credential scope. */
  readonly services: Readonly<Record<string, Service>>;
  /** Absent: there is none. */
  readonly control?: Control | undefined;
  /** A program's own pages, below one path that no service of AWS has. */
  readonly pages?: Pages | undefined;
  /** Serves the paths below /lambda-url/, which are hosts of their own in AWS. */
  functionUrl?(request: UrlRequest): Promise<UrlAnswer>;
  /** 0 = any free one */
  readonly port: number;
  report(line: string): void;
  /** Called for each call when it is answered, refused or not; for calls to a raw service when they arrive. */
  onCall?: ((call: ApiCall) => void) | undefined;
}

/** One billed call, without its content. */
export interface ApiCall {
  readonly service: string;
  /** As the protocol names it: `submitjob` for Batch, only the method for S3. */
  readonly action: string;
  readonly accessKeyId: string;
  readonly requestBytes: number;
  /** What a DynamoDB write consumed, indexes included. */
  readonly writeUnits?: number;
}

/** @throws Error with a sentence for an operator when the port is taken */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error) => {
      options.report(`gateway: ${request.method} ${request.url?.split('?')[0]} broke off: ${error}`);
      response.destroy();
    });
  });
  // A connection that is closed as idle just when a client reuses it would be an error for a client without retries.
  server.keepAliveTimeout = 0;
  await listen(server, options.port);
  // A TCP server that listens has an AddressInfo; the string form is for pipes.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      const sentence = `port ${port} is taken: another embedded cloud, or another program, listens on ${HOST}:${port}`;
      reject(Object.assign(new Error(sentence), { code: error.code }));
    });
    server.listen(port, HOST, resolve);
  });
}

async function answer(options: GatewayOptions, request: IncomingMessage, response: ServerResponse) {
  if (!isOurHost(request)) return send(request, response, failure(foreignHost, undefined, options.report));
  if (request.url?.startsWith(URL_PREFIX) === true && options.functionUrl !== undefined)
    return answerUrl(options.functionUrl, request, response);
  const scope = scopeOf(request);
  // A signed request is one for a service: a bucket may have the name of the pages.
  if (scope === undefined && options.pages !== undefined && request.url?.startsWith(options.pages.prefix))
    return options.pages.serve(request, response);
  const name = scope?.service;
  const service =
    name !== undefined && Object.hasOwn(options.services, name) ? options.services[name] : undefined;
  if (service?.protocol === 'raw') {
    if (scope !== undefined) options.onCall?.({ ...scope, ...wireFacts(request) });
    return service.serve(request, response);
  }
  try {
    const body = (await readBody(request)).toString();
    if (scope === undefined && options.control !== undefined && request.url?.startsWith(CONTROL_PATH))
      return send(request, response, controlled(options.control, request, body));
    if (scope === undefined || service === undefined) throw refusal(name, Object.keys(options.services));
    const call = { ...scope, ...wireFacts(request) };
    const result =
      service.protocol === 'rest-payload'
        ? await ask(
            (asked) => service.handle({ ...asked, payload: body }),
            addressed(request),
            call,
            options.onCall,
          )
        : await ask(service.handle, parse(request, body), call, options.onCall);
    if (result.lost) request.socket.destroy();
    else send(request, response, result);
  } catch (error) {
    if (!request.socket.destroyed) send(request, response, failure(error, service, options.report));
  }
}

function controlled(
  control: Control,
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
): ApiResponse {
  return { status: 200, body: control.handle({ method, path: url, headers, body }) };
}

async function ask(
  handle: (request: ApiRequest) => Promise<ApiResponse>,
  request: ApiRequest,
  call: ApiCall,
  onCall: GatewayOptions['onCall'],
): Promise<ApiResponse> {
  if (onCall === undefined) return handle(request);
  const units: { writeUnits?: number } = {};
  try {
    if (call.service !== 'dynamodb') return await handle(request);
    return await metered(request, handle, (writeUnits) => Object.assign(units, { writeUnits }));
  } finally {
    onCall({ ...call, ...units });
  }
}

/**
 * A web page can make its own host name resolve to this machine, and then read what is answered here: everything that a
 * developer keeps in this cloud. Its requests still carry its name. Browsers resolve `*.localhost` to this machine themselves.
 */
const OUR_HOST = /^(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9.-]+\.)?localhost)(?::\d+)?$/i;

const isOurHost = ({ headers: { host = '' } }: IncomingMessage): boolean => OUR_HOST.test(host);

const foreignHost = new ApiError(
  'AccessDenied',
  'Expected the host 127.0.0.1 or localhost, found another one: a web page may be calling under a name of its own.',
  403,
);

async function answerUrl(
  serve: NonNullable<GatewayOptions['functionUrl']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  try {
    const answered = await serve({
      method,
      url,
      headers,
      body: await readBody(request),
      signedBy: scopeOf(request),
    });
    const { status, body } = answered;
    // Such answers have no content, and a length would make a client wait for it.
    const length = status === 204 || status === 304 ? {} : { 'content-length': body.length };
    const given = Object.entries(answered.headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]);
    response.writeHead(status, { ...Object.fromEntries(given), ...length, 'x-amzn-requestid': randomUUID() });
    response.end(method === 'HEAD' ? undefined : body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    send(request, response, { status: error.status, body: { Message: error.message } });
  }
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html: key/date/region/service/aws4_request */
function scopeOf({
  headers,
  url = '',
}: IncomingMessage): Pick<ApiCall, 'service' | 'accessKeyId'> | undefined {
  const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?'))) : undefined;
  // The older presigned form, which AWS CLI 1 still makes, names no service; only S3 accepted it.
  const older = query?.get('AWSAccessKeyId');
  if (typeof older === 'string') return { accessKeyId: older, service: 's3' };
  const signed = headers.authorization ?? `Credential=${query?.get('X-Amz-Credential')}`;
  const [, accessKeyId, service] =
    /Credential=([^/]+)\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(signed) ?? [];
  return accessKeyId === undefined || service === undefined ? undefined : { accessKeyId, service };
}

function wireFacts({ headers, method = '', url = '' }: IncomingMessage) {
  const target = headers['x-amz-target']?.toString().split('.')[1];
  const operation = /^\/v1\/(\w+)$/.exec(url)?.[1];
  return { action: target ?? operation ?? method, requestBytes: Number(headers['content-length'] ?? 0) };
}

function refusal(name: string | undefined, served: readonly string[]): ApiError {
  if (name === undefined) {
    return new ApiError(
      'MissingAuthenticationToken',
      'This is the endpoint of an embedded AWS: it takes signed AWS requests (any credentials will do), and this one carries no signature.',
      403,
    );
  }
  return new ApiError(
    'UnknownService',
    `The embedded cloud does not have ${name}; it has ${served.toSorted().join(', ')}.`,
  );
}

/** Not `for await`: leaving that loop early destroys the socket, and with it the answer that the body is too large. */
function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(new ApiError('RequestEntityTooLarge', `The body is over ${MAX_BODY_BYTES} bytes.`, 413));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
}

function parse(request: IncomingMessage, text: string): ApiRequest {
  const rest = addressed(request);
  return { ...rest, body: { ...rest.body, ...parseObject(text) } };
}

/** A request without its content. REST calls have parameters in the query, each name with a list. */
function addressed(request: IncomingMessage): ApiRequest {
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
  const query = [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]);
  return {
    method: request.method ?? '',
    path: pathname,
    headers: Object.fromEntries(headers),
    body: Object.fromEntries(query),
  };
}

function parseObject(text: string): object {
  try {
    const body: unknown = text === '' ? {} : JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Refused below, with all other values that are not objects.
  }
  throw new ApiError('SerializationException', 'The body is not a JSON object.');
}

function failure(error: unknown, service: Service | undefined, report: (line: string) => void): ApiResponse {
  if (!(error instanceof ApiError)) report(`gateway: ${error instanceof Error ? error.stack : error}`);
  const { name, message, status, members } =
    error instanceof ApiError
      ? error
      : new ApiError(
          'InternalFailure',
          'The embedded cloud failed on this call; what it reports says why.',
          500,
        );
  return {
    status,
    headers: { 'x-amzn-errortype': name },
    body: service?.protocol.startsWith('rest') ? { message } : { __type: name, message, ...members },
  };
}

const WITHOUT_CONTENT = [202, 204];

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: ApiResponse,
): void {
  if (WITHOUT_CONTENT.includes(status)) {
    response.writeHead(status, { 'x-amzn-requestid': randomUUID(), ...headers }).end();
    return;
  }
  const { type, text } = encode(request.headers['content-type'] ?? '', body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(text);
}

function encode(asked: string, body: unknown): { type: string; text: string } {
  const text = JSON.stringify(body === undefined ? {} : body);
  if (asked.startsWith('application/x-amz-json')) return { type: asked, text };
  // Clients of the query protocol (SNS, IAM, ...), whose services are not here, read XML only.
  if (asked.startsWith('application/x-www-form-urlencoded')) return { type: 'text/xml', text: xmlOf(body) };
  return { type: 'application/json', text };
}

function xmlOf(body: unknown): string {
  const { __type = '', message = '' } = body as Readonly<Record<string, string>>; // always what `failure` made
  const safe = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${__type}</Code><Message>${safe}</Message></Error></ErrorResponse>`;
}
