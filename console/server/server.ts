/**
 * Serves the console and its calls on this machine: the built pages, what they ask of the API, signed, and a look at the account. Each request is looked at
 * as if a page of another origin had sent it, for a browser lets any page send requests to 127.0.0.1.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type File, readFiles } from './files.ts';
import { type Forwarded, forward, type Target } from './forward.ts';
import type { Sessions } from './sessions.ts';

/** Below it is everything of the console, so that it can be a part of another server. */
export const CONSOLE_PATH = '/console/';
/** Of the secret of a session. A page of another origin cannot send it without being asked whether it may, and is told no. */
const SECRET_HEADER = 'headgate-console';

export interface ConsoleOptions {
  /** The folder with the built pages. */
  readonly pages: string;
  readonly sessions: Sessions;
  /** What the pages show of where they are. */
  readonly about: () => About;
  /** Where calls go. */
  readonly target: () => Target;
  /** Looks at the account around the stack, with the operator's own rights; absent where no command has that. */
  readonly doctor?: () => Promise<readonly Diagnosis[]>;
}

/** Of one thing that was looked at. */
export interface Diagnosis {
  readonly id: string;
  /** Absent for what is not applicable. */
  readonly ok?: boolean;
  readonly says: string;
  readonly fix?: string;
}

/** Told to a page with its secret. */
export interface About {
  readonly stage: string;
  readonly region: string;
  /** The address of the API for tenants, for commands that a page copies. */
  readonly apiUrl: string;
  /** The address of the door for operators. */
  readonly operateUrl: string;
}

export type ConsoleServer = (request: IncomingMessage, response: ServerResponse) => void;

/** @throws Error when the pages are not built */
export function consoleServer(given: ConsoleOptions): ConsoleServer {
  const options = given.doctor === undefined ? given : { ...given, doctor: oneAtATime(given.doctor) };
  const files = readFiles(options.pages);
  return (request, response) => {
    answer(options, files, request).then(
      (reply) => send(request, response, reply),
      // Its cause may name an address or a credential; the page needs to know only that it may ask again.
      () => send(request, response, refusal(500, 'The console met a fault of its own.', 'internal')),
    );
  };
}

/** A look takes some fifty calls of AWS: pages that ask meanwhile are told what it finds. */
function oneAtATime<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= look().finally(() => {
      running = undefined;
    });
    return running;
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

async function answer(
  options: ConsoleOptions,
  files: ReadonlyMap<string, File>,
  request: IncomingMessage,
): Promise<Reply> {
  const { method = '', url = '' } = request;
  if (!isOurHost(request))
    return refusal(403, 'Expected the host 127.0.0.1 or localhost, found another one.');
  const path = url.slice(CONSOLE_PATH.length - 1);
  if (path.startsWith('/v1/') || path === '/session' || path === '/doctor') {
    if (!isOwnPage(request)) return refusal(403, 'Expected a request of the console itself.');
    if (path === '/session') return opened(options, request);
    return path === '/doctor' ? examined(options, request) : called(options, request, path);
  }
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'Expected GET.');
  return page(files, path);
}

/** @see https://developer.mozilla.org/docs/Web/HTTP/Headers/Host: a page that makes its own name resolve to here sends that name */
const isOurHost = ({ headers: { host = '' } }: IncomingMessage): boolean =>
  /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host);

/** Browsers add both headers themselves, and no page can change them. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined && origin !== `http://${host}`) return false;
  return site === 'same-origin';
}

async function opened({ sessions, about, doctor }: ConsoleOptions, request: IncomingMessage): Promise<Reply> {
  if (request.method !== 'POST') return refusal(405, 'Expected POST.');
  const code = (await readBody(request))?.toString() ?? '';
  const secret = sessions.open(code);
  if (secret === undefined) return ended();
  return json(200, { secret, ...about(), hasDoctor: doctor !== undefined });
}

async function examined({ sessions, doctor }: ConsoleOptions, request: IncomingMessage): Promise<Reply> {
  const secret = request.headers[SECRET_HEADER];
  if (typeof secret !== 'string' || !sessions.has(secret)) return ended();
  if (request.method !== 'GET') return refusal(405, 'Expected GET.');
  if (doctor === undefined)
    return refusal(404, 'This console does not look at the account; headgate doctor does.', 'not_found');
  return json(200, { items: await doctor() });
}

const ended = () =>
  refusal(
    401,
    'This page has no session, or it has ended. Press Enter where `headgate console` runs to open a new one.',
    'token_expired',
  );

async function called(options: ConsoleOptions, request: IncomingMessage, path: string): Promise<Reply> {
  const secret = request.headers[SECRET_HEADER];
  if (typeof secret !== 'string' || !options.sessions.has(secret)) return ended();
  const body = await readBody(request);
  if (body === undefined) return refusal(413, 'Expected a smaller body.', 'body_too_large');
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  const { method = '' } = request;
  return replyOf(
    await forward(options.target(), { method, path, headers: Object.fromEntries(headers), body }),
  );
}

function replyOf(forwarded: Forwarded): Reply {
  switch (forwarded.kind) {
    case 'answer':
      return forwarded;
    case 'no-route':
      return refusal(404, 'The API has no such operation.', 'not_found');
    case 'no-rights':
      return refusal(
        403,
        'AWS refused the credentials of this console: they have ended, or lack lambda:InvokeFunctionUrl. Renew them and start it again.',
        'credential_missing',
      );
    case 'unreachable':
      return refusal(503, 'The API of this stack gave no answer.', 'try_again');
  }
}

/** Each path without a file of its own is a page of the console, which draws it itself. */
function page(files: ReadonlyMap<string, File>, path: string): Reply {
  const { pathname } = new URL(path, 'http://path.invalid');
  const name = pathname.slice(1);
  const file = files.get(name) ?? (name.startsWith('assets/') ? undefined : files.get('index.html'));
  if (file === undefined) return refusal(404, 'There is no such file.');
  const cache = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
  return { status: 200, headers: { 'content-type': file.type, 'cache-control': cache }, body: file.body };
}

function json(status: number, body: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** @param code of the catalogue of errors, for a refusal that a page shows */
function refusal(status: number, detail: string, code?: string): Reply {
  const body = JSON.stringify({ status, code, detail, retryable: status >= 500 });
  return { status, headers: { 'content-type': 'application/problem+json' }, body };
}

/** Nothing of another origin is loaded, nothing inline runs, and no page may show this one within itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function send({ method }: IncomingMessage, response: ServerResponse, { status, headers, body }: Reply): void {
  const length = status === 304 || status === 204 ? {} : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, {
    'cache-control': 'no-store',
    'content-security-policy': POLICY,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...headers,
    ...length,
  });
  response.end(method === 'HEAD' ? undefined : body);
}

/** As much as the API takes, and a little more, so that the API refuses what is too large. */
const MAX_BODY_BYTES = 512 * 1024;

/** @returns undefined when it is too large */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.once('end', () => resolve(bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks)));
    request.once('error', reject);
  });
}
