/**
 * Lambda's API: calls of functions, their policies, and what holds for their asynchronous invocations. Functions
 * themselves are made by the template alone.
 */
import * as z from 'zod';
import { ApiError, type ApiResponse, type PayloadRequest } from '../aws.ts';
import { InvokeConfigRequest, type InvokeConfigs } from './asynchronous/invoke-config.ts';
import type { CallFacts, InvokeResult, LambdaFunction } from './function.ts';
import { PermissionRequest, type Permissions } from './permissions.ts';

export interface LambdaApiParts {
  readonly configs: InvokeConfigs;
  readonly permissions: Permissions;
  functionNamed(functionName: string): LambdaFunction | undefined;
  invoke(functionName: string, payload: unknown, facts: CallFacts): Promise<InvokeResult>;
  /** @returns the request id */
  accept(functionName: string, payload: unknown, tenantId?: string): string;
}

interface Route {
  readonly method: string;
  /** Its first group is the function, as a client may name it. */
  readonly path: RegExp;
  answer(parts: LambdaApiParts, call: Call): ApiResponse | Promise<ApiResponse>;
}

interface Call {
  readonly functionName: string;
  readonly request: PayloadRequest;
  /** The second group of the path. */
  readonly detail: string;
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const MAX_BYTES = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024 };

const POLICY = /^\/2015-03-31\/functions\/([^/]+)\/policy$/;
const CONFIG = /^\/2019-09-25\/functions\/([^/]+)\/event-invoke-config$/;

const ROUTES: readonly Route[] = [
  { method: 'POST', path: /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, answer: invoke },
  {
    method: 'PUT',
    path: CONFIG,
    answer: ({ configs }, { functionName, request }) =>
      ok(configs.put(functionName, read(InvokeConfigRequest, request))),
  },
  {
    method: 'POST',
    path: CONFIG,
    answer: ({ configs }, { functionName, request }) =>
      ok(configs.update(functionName, read(InvokeConfigRequest, request))),
  },
  { method: 'GET', path: CONFIG, answer: ({ configs }, { functionName }) => ok(configs.get(functionName)) },
  {
    method: 'DELETE',
    path: CONFIG,
    answer({ configs }, { functionName }) {
      configs.remove(functionName);
      return { status: 204, body: undefined };
    },
  },
  {
    method: 'POST',
    path: POLICY,
    answer: ({ permissions }, { functionName, request }) => ({
      status: 201,
      body: permissions.add(functionName, read(PermissionRequest, request)),
    }),
  },
  {
    method: 'GET',
    path: POLICY,
    answer: ({ permissions }, { functionName }) => ok(permissions.policyOf(functionName)),
  },
  {
    method: 'DELETE',
    path: /^\/2015-03-31\/functions\/([^/]+)\/policy\/([^/]+)$/,
    answer({ permissions }, { functionName, detail }) {
      permissions.remove(functionName, detail);
      return { status: 204, body: undefined };
    },
  },
];

export function createLambdaApi(parts: LambdaApiParts): (request: PayloadRequest) => Promise<ApiResponse> {
  return async (request) => {
    for (const { method, path, answer } of ROUTES) {
      const [, named, detail = ''] = (method === request.method && path.exec(request.path)) || [];
      if (named === undefined) continue;
      const functionName = nameOf(parts, decodeURIComponent(named), request);
      return await answer(parts, { functionName, request, detail: decodeURIComponent(detail) });
    }
    const what = `${request.method} ${request.path} of Lambda`;
    throw new ApiError('UnknownOperationException', `not implemented here: ${what}`, 404);
  };
}

function ok(body: unknown): ApiResponse {
  return { status: 200, body };
}

/** A name, an ARN or a part of one, with or without a version. */
function nameOf(parts: LambdaApiParts, named: string, { body }: PayloadRequest): string {
  const [, name = '', qualifier] = /^(?:.*:function:|\d{12}:)?([\w-]+)(?::(.+))?$/.exec(named) ?? [];
  const asked = qualifier ?? (Array.isArray(body['Qualifier']) ? String(body['Qualifier'][0]) : '$LATEST');
  if (asked !== '$LATEST') {
    const message = `not implemented here: version or alias ${asked} of a function; there is $LATEST alone`;
    throw new ApiError('ResourceNotFoundException', message, 404);
  }
  if (parts.functionNamed(name) !== undefined) return name;
  throw new ApiError('ResourceNotFoundException', `Function not found: ${named}`, 404);
}

const InvocationType = z.enum(['RequestResponse', 'Event', 'DryRun']).default('RequestResponse');

async function invoke(parts: LambdaApiParts, { functionName, request }: Call): Promise<ApiResponse> {
  const asked = InvocationType.safeParse(request.headers['x-amz-invocation-type']);
  if (!asked.success) throw invalid('InvocationType is one of RequestResponse, Event and DryRun.');
  for (const header of ['x-amz-client-context', 'x-amz-durable-execution-name'])
    if (request.headers[header] !== undefined) throw invalid(`not implemented here: ${header}`);
  if (request.headers['x-amz-log-type'] === 'Tail') throw invalid('not implemented here: LogType Tail');
  const tenantId = tenantOf(parts.functionNamed(functionName), request);
  if (asked.data === 'DryRun') return { status: 204, body: undefined };
  const bytes = Buffer.byteLength(request.payload);
  if (bytes > MAX_BYTES[asked.data]) {
    const message = `${bytes} byte payload is too large for the ${asked.data} invocation type (limit ${MAX_BYTES[asked.data]} bytes)`;
    throw new ApiError('RequestTooLargeException', message, 413);
  }
  const payload = jsonOf(request.payload);
  if (asked.data === 'Event') {
    const requestId = parts.accept(functionName, payload, tenantId);
    return { status: 202, headers: { 'x-amzn-requestid': requestId }, body: undefined };
  }
  const result = await parts.invoke(functionName, payload, { tenantId });
  const headers = { 'x-amz-executed-version': '$LATEST' };
  if (result.outcome === 'returned') return { status: 200, headers, body: result.payload };
  const { errorType, errorMessage } = result;
  return {
    status: 200,
    headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
    body: { errorType, errorMessage },
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invocation.html */
function tenantOf(fn: LambdaFunction | undefined, { headers }: PayloadRequest): string | undefined {
  const given = headers['x-amz-tenant-id'];
  const tenantId = Array.isArray(given) ? given[0] : given;
  if (fn?.isolatesTenants !== true) {
    if (tenantId === undefined) return undefined;
    throw invalid('The function does not isolate tenants: X-Amz-Tenant-Id is not taken');
  }
  if (tenantId !== undefined && /^[A-Za-z0-9._:/=+@ -]{1,256}$/.test(tenantId)) return tenantId;
  throw invalid('The function isolates tenants: expected X-Amz-Tenant-Id with 1 to 256 characters');
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new ApiError('InvalidRequestContentException', `Could not parse request body into json: ${error}`);
  }
}

function read<Schema extends z.ZodType>(schema: Schema, { payload }: PayloadRequest): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(payload));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys')
    throw invalid(`not implemented here: ${[...issue.path, issue.keys[0]].join('.')}`);
  throw invalid(`${place === '' ? 'The request' : place}: ${issue?.message ?? 'is not valid'}`);
}

function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterValueException', message);
}
