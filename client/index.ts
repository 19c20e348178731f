/** The client of Headgate's API, for Node and for pages. No dependency; all times are in seconds or ISO 8601. */
import { type Clock, systemClock } from './clock.ts';
import { HeadgateError } from './errors.ts';
import { type Groups, groups } from './groups.ts';
import { type Jobs, jobs } from './jobs.ts';
import { type JobsByQueue, jobsByQueue, type QueueClient } from './queue.ts';
import { mint, readKey, type TokenRequest } from './token.ts';
import { transport } from './transport.ts';
import type { InputsOf } from './types.ts';

export { type ErrorFacts, HeadgateError, JobFailed, WaitTimeout } from './errors.ts';
export type { Groups, GroupWaitOptions, ListGroupsOptions, SealOptions } from './groups.ts';
export type { Jobs, ListOptions, WaitOptions } from './jobs.ts';
export type { LogOptions } from './logs.ts';
export type { JobsByQueue, QueueClient } from './queue.ts';
export type { ArrayRequest, JobRequest, Submitted, SubmittedArray, SubmittedOfMany } from './submissions.ts';
export type { TokenRequest } from './token.ts';
export type * from './types.ts';
export { verifyWebhook, type WebhookEvent, WebhookRefused } from './webhook.ts';

interface Common {
  /** Of the API, such as https://….lambda-url.eu-west-1.on.aws */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/** On a server: tokens of five minutes are signed with the key, which is never sent. */
export interface WithKey extends Common {
  readonly key: string;
  /** Whom calls are for; `for` names another. */
  readonly tenant?: string;
  /** Of the stack. Absent: asked for once at /v1/health. */
  readonly audience?: string;
  readonly token?: never;
}

/** In a page, or wherever a token was made for. */
export interface WithToken extends Common {
  /** A function is asked before each call, and may renew it. */
  readonly token: string | (() => string | Promise<string>);
  readonly key?: never;
}

export interface Headgate<Inputs> {
  readonly jobs: Jobs<Inputs>;
  readonly groups: Groups;
}

export interface HeadgateServer<Inputs> extends Headgate<Inputs> {
  readonly tokens: {
    /** Offline, but for the audience of the stack, which is asked for once. */
    mint(request: TokenRequest): Promise<string>;
  };
  /** The same client for another tenant. */
  for(tenant: string): HeadgateServer<Inputs>;
  viaQueue(queue: { readonly queueUrl: string; readonly sqs: QueueClient }): JobsByQueue<Inputs>;
}

/**
 * @typeParam Registry `typeof jobTypes` of job-types.ts: inputs are typed by their job types
 * @throws HeadgateError for a key in a page, and for a text that is no key
 */
export function headgate<Registry>(options: WithKey): HeadgateServer<InputsOf<Registry>>;
export function headgate<Registry>(options: WithToken): Headgate<InputsOf<Registry>>;
export function headgate<Registry>(
  options: WithKey | WithToken,
): Headgate<InputsOf<Registry>> | HeadgateServer<InputsOf<Registry>> {
  const { clock = systemClock, fetch: ask = fetch, url } = options;
  if (options.key === undefined) {
    const { token } = options;
    const given = async () => (typeof token === 'function' ? token() : token);
    const call = transport({ url, fetch: ask, clock, token: given });
    return { jobs: jobs(call, call, clock), groups: groups({ read: call, write: call }, clock) };
  }
  return server(options, { clock, ask, audience: audienceOf(options, ask) });
}

interface Shared {
  readonly clock: Clock;
  readonly ask: typeof fetch;
  audience(): Promise<string>;
}

/** A token is renewed this long before its end, so that none ends on its way. */
const RENEW_MS = 60_000;
const TOKEN_SECONDS = 300;
/** A token has no scope that the key lacks, and not every key may write groups or read logs: those are asked for when they are needed. */
const SCOPES = ['jobs:create', 'jobs:read', 'jobs:cancel'];
const GROUP_SCOPES = ['groups:write'];
const LOG_SCOPES = ['logs:read'];

function server<Inputs>(options: WithKey, { clock, ask, audience }: Shared): HeadgateServer<Inputs> {
  const { url, tenant } = options;
  const key = readKey(options.key);
  const tokensOf = (scopes: readonly string[]) => {
    let current: { readonly token: Promise<string>; readonly untilMs: number } | undefined;
    return async (refused?: true) => {
      if (tenant === undefined) throw tenantMissing();
      if (current === undefined || refused || current.untilMs - RENEW_MS < clock.nowMs()) {
        const asked = { tenant, scopes, expiresIn: TOKEN_SECONDS };
        const minted = audience().then((of) => mint(key, of, asked, clock.nowMs()));
        current = { token: minted, untilMs: clock.nowMs() + TOKEN_SECONDS * 1000 };
        // A failure is not kept: the next call tries again.
        minted.catch(() => {
          current = undefined;
        });
      }
      return current.token;
    };
  };
  const calling = (scopes: readonly string[]) =>
    transport({ url, fetch: ask, clock, token: tokensOf(scopes) });
  const call = calling(SCOPES);
  return {
    jobs: jobs(call, calling(LOG_SCOPES), clock),
    groups: groups({ read: call, write: calling(GROUP_SCOPES) }, clock),
    tokens: { mint: async (request) => mint(key, await audience(), request, clock.nowMs()) },
    for: (another) => server({ ...options, tenant: another }, { clock, ask, audience }),
    viaQueue({ queueUrl, sqs }) {
      if (tenant === undefined) throw tenantMissing();
      return jobsByQueue(tenant, queueUrl, sqs);
    },
  };
}

const tenantMissing = () =>
  new HeadgateError('Expected a tenant, with the key or by for(tenant).', {
    code: 'tenant_missing',
    status: 0,
    retryable: false,
  });

/** Asked for once; a failure is asked for again. */
function audienceOf({ url, audience }: WithKey, ask: typeof fetch): () => Promise<string> {
  let known: Promise<string> | undefined = audience === undefined ? undefined : Promise.resolve(audience);
  return () => {
    known ??= healthOf(url, ask).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function healthOf(url: string, ask: typeof fetch): Promise<string> {
  const response = await ask(`${url.replace(/\/$/, '')}/v1/health`, { redirect: 'error' }).catch(
    (cause: unknown) => {
      throw new HeadgateError(
        'The API gave no answer.',
        { code: 'network', status: 0, retryable: true },
        { cause },
      );
    },
  );
  const told: unknown = await response.json().catch(() => undefined);
  const audience =
    typeof told === 'object' && told !== null && 'audience' in told ? told.audience : undefined;
  if (typeof audience === 'string') return audience;
  throw new HeadgateError(
    'Expected an audience at /v1/health, found none: is this the address of Headgate?',
    {
      code: 'answer_invalid',
      status: response.status,
      retryable: response.status >= 500,
    },
  );
}
