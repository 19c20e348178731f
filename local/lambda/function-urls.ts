/**
 * Function URLs. In AWS each is a host of its own; here each is a path below `/lambda-url/` of the one address, which its
 * function does not see.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ACCOUNT_ID } from '../aws.ts';
import type { InvokeResult } from './function.ts';
import { signatureProblem } from './signature.ts';
import type { UrlRequest } from './url-request.ts';

export const URL_PREFIX = '/lambda-url/';

export type UrlAuth = 'NONE' | 'AWS_IAM';

export interface UrlAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

export interface FunctionUrls {
  open(functionName: string, auth: UrlAuth): void;
  serve(request: UrlRequest): Promise<UrlAnswer>;
}

export interface FunctionUrlOptions {
  readonly now: () => number;
  invoke(functionName: string, payload: unknown): Promise<InvokeResult>;
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BYTES = 6 * 1024 * 1024;

export function openFunctionUrls({ now, invoke }: FunctionUrlOptions): FunctionUrls {
  const urls = new Map<string, UrlAuth>();
  return {
    open: (functionName, auth) => void urls.set(functionName, auth),
    async serve(request) {
      const [, functionName = '', path = '/'] = /^\/lambda-url\/([^/?]+)(.*)$/.exec(request.url) ?? [];
      const auth = urls.get(functionName);
      if (auth === undefined) return told(404, 'There is no Function URL of this name here.');
      const refusal = auth === 'AWS_IAM' ? unsigned(request) : undefined;
      if (refusal !== undefined) return told(403, refusal);
      if (request.body.length > MAX_BYTES) return told(413, 'Request must be smaller than 6291556 bytes.');
      const result = await invoke(functionName, eventOf({ request, functionName, path, auth, nowMs: now() }));
      return result.outcome === 'returned' ? answerOf(result.payload) : told(502, 'Internal Server Error');
    },
  };
}

/** Any credentials will do, as for every service here; but there must be some, for this service, and their signature. */
function unsigned(request: UrlRequest): string | undefined {
  if (request.signedBy === undefined)
    return 'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';
  return request.signedBy.service === 'lambda'
    ? signatureProblem(request)
    : "Credential should be scoped to correct service: 'lambda'.";
}

interface Arrived {
  readonly request: UrlRequest;
  readonly functionName: string;
  readonly path: string;
  readonly auth: UrlAuth;
  readonly nowMs: number;
}

function eventOf({ request, functionName, path, auth, nowMs }: Arrived): object {
  const [rawPath = ''] = path.split('?');
  const { pathname, search, searchParams } = new URL(path, 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(',')]),
  );
  const query = [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name).join(',')]);
  const isText = request.body.length === 0 || TEXT.test(headers['content-type'] ?? '');
  const cookies = headers['cookie']?.split('; ');
  return {
    version: '2.0',
    routeKey: '$default',
    // As it was sent: percent-encoding is left to the function.
    rawPath: rawPath === '' ? '/' : rawPath,
    rawQueryString: search.slice(1),
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(query.length === 0 ? {} : { queryStringParameters: Object.fromEntries(query) }),
    requestContext: {
      accountId: auth === 'NONE' ? 'anonymous' : ACCOUNT_ID,
      apiId: functionName,
      ...(auth === 'AWS_IAM' ? { authorizer: { iam: iamOf(request.signedBy?.accessKeyId ?? '') } } : {}),
      domainName: headers['host'],
      domainPrefix: functionName,
      http: {
        method: request.method,
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowMs).toUTCString(),
      timeEpoch: nowMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: !isText,
  };
}

/** Bodies of other types are handed over in base64. */
const TEXT = /^(text\/|application\/(.*\+)?(json|xml|javascript))/;

function iamOf(accessKey: string): object {
  return {
    accessKey,
    accountId: ACCOUNT_ID,
    callerId: accessKey,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${ACCOUNT_ID}:user/${accessKey}`,
    userId: accessKey,
  };
}

const Response = z.object({
  statusCode: z.int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Without a status code the payload itself is the body. */
function answerOf(payload: unknown): UrlAnswer {
  const parsed = Response.safeParse(payload);
  if (!parsed.success) return json(200, typeof payload === 'string' ? payload : JSON.stringify(payload));
  const { statusCode: status, headers, cookies, body, isBase64Encoded } = parsed.data;
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(given),
      ...(cookies === null || cookies === undefined ? {} : { 'set-cookie': cookies }),
    },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const told = (status: number, Message: string): UrlAnswer => json(status, JSON.stringify({ Message }));

function json(status: number, text: string): UrlAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
}
