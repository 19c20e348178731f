/**
 * The router: each operation of the contract in one order, which tells a stranger nothing. The credential first, then the scope,
 * then the parameters, then the thing itself, and only then whether the reader has it already.
 */
import { Hono } from 'hono/tiny';
import { notFound, type Refused } from '../application/resources/refused.ts';
import type { Resources } from '../application/resources/resources.ts';
import { isNarrowed, type Narrowing, NOT_NARROWED } from '../domain/access/narrowing.ts';
import type { Scope } from '../domain/access/scope.ts';
import { problem } from '../domain/errors.ts';
import type { SignedBy } from '../domain/job/job.ts';
import { denied } from '../domain/metrics/door-metrics.ts';
import type { Audience } from '../domain/reading/job-view.ts';
import { inOurWords } from '../domain/request/expectation.ts';
import { explainIssue } from '../domain/request/explain.ts';
import { MAX_BODY_BYTES } from '../domain/request/request.ts';
import type { Clock } from '../io/process/clock.ts';
import type { Log } from '../io/process/log.ts';
import type { Random } from '../io/process/random.ts';
import type { HeaderName, Operation } from './contract/operation.ts';
import { etagOf } from './etag.ts';
import type { Answer, Asked, Caller, Handler, Served } from './handler.ts';
import { type AllowedOrigins, pages } from './pages.ts';
import { failureOf, parameterInvalid, type Reply, refusal } from './refusals.ts';

/** A caller whose credential was verified. */
export interface Identified {
  readonly kind: 'identified';
  readonly audience: Audience;
  readonly by: string;
  /** Of a caller with a key or a token. */
  readonly signedBy?: SignedBy;
  /** Of the credential; operators name the tenant in the query. */
  readonly tenantId?: string;
  readonly narrowing: Narrowing;
  /** Of every answer to this caller. */
  readonly headers?: Readonly<Record<string, string>>;
  allows(scope: Scope): boolean;
}

/** One of the two doors: the operations it has, and how it knows its callers. */
export interface Door<Platform> {
  readonly served: readonly Served[];
  /** @param platform what Lambda says of the request beside it */
  identify(headers: Headers, platform: Platform): Promise<Identified | Refused>;
  /** The web pages that may call it; absent: none, and it has no answer to a browser that asks. */
  readonly origins?: AllowedOrigins;
}

export interface AppPorts {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const PLAIN = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

export function app<Platform extends object>(door: Door<Platform>, ports: AppPorts) {
  const hono = new Hono<{ Bindings: Platform }>();
  const allowed =
    door.origins &&
    pages(
      door.origins,
      door.served.map(({ operation }) => operation),
    );
  const respond = ({ raw }: { readonly raw: Request }, { status, headers, body }: Reply): Response => {
    const names = allowed?.headersFor(raw.headers.get('Origin'));
    return new Response(body ?? null, { status, headers: { ...PLAIN, ...names, ...headers } });
  };
  const newRequestId = () => `req_${ports.random.token().replaceAll('-', '')}`;
  for (const { id, operation, handler } of door.served) {
    hono.on(
      operation.method.toUpperCase(),
      operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      async (context) => {
        const requestId = newRequestId();
        const beganMs = ports.clock.nowMs();
        const request = { operation, handler, raw: context.req.raw, path: context.req.param(), requestId };
        const { reply, caller, code } = await repliedTo(door, ports, request, context.env);
        const facts = {
          messageId: requestId,
          tenantId: caller?.tenantId,
          by: caller?.by,
          code,
          durationMs: ports.clock.nowMs() - beganMs,
        };
        ports.log.info(`api:${id}:${reply.status}`, facts, denied(reply.status));
        return respond(context.req, reply);
      },
    );
  }
  if (allowed !== undefined)
    hono.options('*', ({ req }) => {
      const headers = { ...PLAIN, ...allowed.preflightFor(req.raw.headers.get('Origin')) };
      return new Response(null, { status: 204, headers });
    });
  hono.notFound(({ req }) => respond(req, refusal(notFound.problem, newRequestId())));
  return hono;
}

interface Incoming {
  readonly operation: Operation;
  readonly handler: Handler;
  readonly raw: Request;
  readonly path: Readonly<Record<string, string>>;
  readonly requestId: string;
}

interface Outcome {
  readonly reply: Reply;
  readonly caller?: Caller | undefined;
  readonly code?: string;
}

async function repliedTo<Platform>(
  door: Door<Platform>,
  ports: AppPorts,
  incoming: Incoming,
  platform: Platform,
): Promise<Outcome> {
  let caller: Caller | undefined;
  const refused = ({ problem: why }: Refused): Outcome => ({
    reply: refusal(why, incoming.requestId),
    caller,
    code: why.code,
  });
  try {
    const { operation, raw } = incoming;
    const identified =
      operation.access.kind === 'public' ? stranger : await door.identify(raw.headers, platform);
    if (identified.kind === 'refused') return refused(identified);
    const forbidden = forbids(operation, identified);
    if (forbidden !== undefined) return refused(forbidden);
    const query = queryOf(operation, new URL(raw.url).searchParams, identified.audience);
    if (query.kind === 'refused') return refused(query);
    caller = callerOf(identified, query.values['tenant']);
    const body = await bodyOf(operation, raw);
    if (body.kind === 'refused') return refused(body);
    const answer = await incoming.handler({
      caller,
      mine: mineOf(ports.resources, caller),
      path: incoming.path,
      query: query.values,
      headers: headersOf(operation, raw.headers),
      body: body.text,
      requestId: incoming.requestId,
    });
    if (answer.kind === 'refused') return refused(answer);
    const reply = await replyOf(answer, identified.audience, raw.headers.get('If-None-Match'));
    return { reply: { ...reply, headers: { ...identified.headers, ...reply.headers } }, caller };
  } catch (error) {
    const why = failureOf(error);
    ports.log.error('api:handle:failed', { messageId: incoming.requestId, code: why.code, error });
    return { ...refused({ kind: 'refused', problem: why }), caller };
  }
}

const stranger: Identified = {
  kind: 'identified',
  audience: 'tenant',
  by: 'anyone',
  narrowing: NOT_NARROWED,
  allows: () => false,
};

function forbids({ access }: Operation, { audience, narrowing, allows }: Identified): Refused | undefined {
  if (access.kind === 'public' || audience === 'operator') return undefined;
  // The door for tenants does not have the others, so this is a second lock.
  if (access.kind === 'operator') return notFound;
  const missing = (expected: string): Refused => ({
    kind: 'refused',
    problem: problem('scope_missing', '', expected),
  });
  if (!allows(access.scope)) return missing(`Expected a credential with the scope ${access.scope}.`);
  if (access.narrowing === 'closed' && isNarrowed(narrowing))
    return missing('Expected a credential that is not narrowed to a job or a tag.');
  return undefined;
}

type ReadQuery = { readonly kind: 'read'; readonly values: Asked['query'] } | Refused;

function queryOf({ query, access }: Operation, given: URLSearchParams, audience: Audience): ReadQuery {
  const values: Record<string, string> = {};
  for (const [name, value] of given) {
    if (Object.hasOwn(values, name)) return parameterInvalid(name, 'Expected this parameter once.');
    values[name] = value;
  }
  if (audience === 'tenant' && access.kind !== 'public' && Object.hasOwn(values, 'tenant'))
    return parameterInvalid(
      'tenant',
      'Expected no such parameter: the credential says which tenant this is.',
    );
  const unknown = Object.keys(values)[0];
  if (query === undefined) {
    if (unknown === undefined) return { kind: 'read', values: {} };
    return parameterInvalid(unknown, 'Expected no parameters.');
  }
  const parsed = query.safeParse(values, inOurWords);
  // Each value was text, and the schemas of parameters change none.
  if (parsed.success) return { kind: 'read', values };
  const [issue] = parsed.error.issues;
  if (issue === undefined) return parameterInvalid('', 'Expected other parameters.');
  if (issue.code === 'unrecognized_keys')
    return parameterInvalid(issue.keys[0] ?? '', `Expected one of ${Object.keys(query.shape).join(', ')}.`);
  const { pointer, message } = explainIssue(issue, values);
  return { kind: 'refused', problem: problem('parameter_invalid', pointer, message) };
}

function callerOf(
  { audience, by, signedBy, tenantId, narrowing }: Identified,
  named: string | undefined,
): Caller {
  return { audience, by, signedBy, tenantId: audience === 'operator' ? named : tenantId, narrowing };
}

function mineOf({ of, ofEveryTenant }: Resources, { audience, tenantId, narrowing }: Caller): Asked['mine'] {
  if (tenantId !== undefined) return of(tenantId, narrowing);
  return audience === 'operator' ? ofEveryTenant() : of('', narrowing);
}

type BodyText = { readonly kind: 'text'; readonly text: string } | Refused;

/** Read after the credential was checked: a stranger's body costs nothing. */
async function bodyOf({ body, maxBodyBytes = MAX_BODY_BYTES }: Operation, raw: Request): Promise<BodyText> {
  if (body === undefined) return { kind: 'text', text: '' };
  const type = raw.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    const expected = 'Expected the header Content-Type: application/json.';
    return { kind: 'refused', problem: problem('content_type', '/Content-Type', expected) };
  }
  const bytes = await raw.arrayBuffer();
  if (bytes.byteLength > maxBodyBytes) {
    const expected = `Expected at most ${maxBodyBytes} bytes, found ${bytes.byteLength}.`;
    return { kind: 'refused', problem: problem('body_too_large', '', expected) };
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: 'refused', problem: problem('body_encoding', '', 'Expected UTF-8, found other bytes.') };
  }
}

function headersOf({ headers = [] }: Operation, given: Headers): Asked['headers'] {
  const values = headers.flatMap((name): [HeaderName, string][] => {
    const value = given.get(name);
    if (value === null) return [];
    // The draft of the header asks for quotes, and most clients send none.
    return [[name, name === 'Idempotency-Key' ? value.replace(/^"(.*)"$/, '$1') : value]];
  });
  return Object.fromEntries(values);
}

async function replyOf(answer: Answer, audience: Audience, known: string | null): Promise<Reply> {
  const { status, headers = {} } = answer;
  const json = { 'Content-Type': 'application/json', ...headers };
  if (answer.tagged !== undefined) {
    const tag = await etagOf(audience, JSON.stringify(answer.tagged.by));
    if (known === tag) return { status: 304, headers: { ETag: tag } };
    const body = JSON.stringify(await answer.tagged.whole());
    return { status, headers: { ...json, ETag: tag }, body };
  }
  return answer.body === undefined
    ? { status, headers }
    : { status, headers: json, body: JSON.stringify(answer.body) };
}
