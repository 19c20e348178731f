/**
 * Setting up endpoints, for the API and the command line: the settings are checked first, and secrets are encrypted before
 * they are stored.
 */
import { type Problem, problem } from '../../domain/errors.ts';
import {
  checkHeaders,
  checkSecret,
  type Endpoint,
  MAX_ENDPOINTS,
  rotated,
  type SigningKey,
} from '../../domain/webhook/endpoint.ts';
import { DEFAULT_EVENTS, WEBHOOK_EVENTS } from '../../domain/webhook/notification.ts';
import { checkUrl } from '../../domain/webhook/webhook-url.ts';
import type { KeyOwner, NewKey, Sealing } from '../../io/aws/keys.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Random } from '../../io/process/random.ts';
import type { EndpointRegister } from '../../io/table/endpoints.ts';
import { together } from '../apart.ts';
import { endpointIdOf } from '../job/identity.ts';
import { decided } from './decided.ts';

export interface RegisterPorts {
  readonly endpoints: Pick<EndpointRegister, 'list' | 'put' | 'add' | 'change' | 'get'>;
  readonly keys: Sealing;
  readonly clock: Clock;
  readonly random: Random;
}

export interface EndpointRequest {
  readonly tenantId: string;
  /** Replaces the one with this id. Absent: a new one. */
  readonly endpointId?: string | undefined;
  /** Makes a repeat of the request find the endpoint of the first one. */
  readonly requestKey?: string | undefined;
  readonly url: string;
  readonly description?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly payload?: Endpoint['payload'] | undefined;
  readonly schemes?: readonly SigningKey['scheme'][] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A `whsec_…` that the tenant provides. */
  readonly secret?: string | undefined;
}

export type Registered =
  | {
      readonly kind: 'registered';
      readonly endpoint: Endpoint;
      /** Secrets and public keys, newest first. A secret is shown only here; a repeated request is shown none. */
      readonly shown: readonly string[];
    }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** @param allowedOrigins the origins of the laptop's inbox; a deployment has none */
export async function register(
  ports: RegisterPorts,
  asked: EndpointRequest,
  allowedOrigins: readonly string[] = [],
): Promise<Registered> {
  const known = await ports.endpoints.list(asked.tenantId);
  const owner = { tenantId: asked.tenantId, endpointId: asked.endpointId ?? newId(ports, asked) };
  const before = known.find(({ endpoint }) => endpoint.endpointId === owner.endpointId);
  if (before !== undefined && asked.endpointId === undefined) return knownBefore(before.endpoint);
  const wrong = problemIn(asked, allowedOrigins) ?? crowded(known.length);
  if (wrong !== undefined) return { kind: 'refused', problem: wrong };
  const { url, description, events = DEFAULT_EVENTS, payload = 'standard', headers = {} } = asked;
  const made = await keysFor(ports, owner, asked.schemes ?? ['v1'], asked.secret);
  const endpoint: Endpoint = {
    ...owner,
    url,
    ...(description === undefined ? {} : { description }),
    events: [...events],
    payload,
    keys: made.map(({ key }) => key),
    ...(await sealedHeaders(ports, owner, headers)),
  };
  if (asked.endpointId !== undefined) await ports.endpoints.put(endpoint);
  else {
    const first = await ports.endpoints.add(endpoint);
    // Two requests with one key at once: the keys of the first are the ones that sign.
    if (first !== undefined) return knownBefore(first);
  }
  return { kind: 'registered', endpoint, shown: made.map(({ shown }) => shown) };
}

const knownBefore = (endpoint: Endpoint): Registered => ({ kind: 'registered', endpoint, shown: [] });

const newId = (
  { random }: Pick<RegisterPorts, 'random'>,
  { tenantId, requestKey }: EndpointRequest,
): string =>
  requestKey === undefined
    ? `whe_${random.token().replaceAll('-', '').slice(0, 16)}`
    : endpointIdOf(tenantId, requestKey);

/** What may be changed of an endpoint that is there; an absent field stays as it is. */
export interface EndpointChange extends Pick<EndpointRequest, 'description' | 'events' | 'headers'> {
  readonly url?: string | undefined;
}

/** Other settings for an endpoint. Deliveries that wait for their next try go to the new URL. */
export async function reconfigure(
  ports: RegisterPorts,
  owner: KeyOwner,
  change: EndpointChange,
  allowedOrigins: readonly string[] = [],
): Promise<Changed> {
  const wrong = problemIn(change, allowedOrigins);
  if (wrong !== undefined) return { kind: 'refused', problem: wrong };
  const { url, description, events, headers } = change;
  const sealed = headers === undefined ? undefined : await sealedHeaders(ports, owner, headers);
  return changeEndpoint(ports, owner, ({ headers: before, description: said, ...endpoint }) => ({
    ...endpoint,
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events: [...events] }),
    ...described(description ?? said),
    ...(sealed ?? (before === undefined ? {} : { headers: before })),
  }));
}

/** An empty description is none. */
const described = (text: string | undefined) =>
  text === undefined || text === '' ? {} : { description: text };

export type Changed =
  | { readonly kind: 'changed'; readonly endpoint: Endpoint }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** @param decide pure; of two changes at once the later one decides on what the other left */
export async function changeEndpoint(
  { endpoints }: { readonly endpoints: Pick<EndpointRegister, 'change'> },
  owner: KeyOwner,
  decide: (endpoint: Endpoint) => Endpoint,
): Promise<Changed> {
  const endpoint = await endpoints.change(owner, decide);
  if (endpoint === undefined) return { kind: 'refused', problem: unknown(owner) };
  return { kind: 'changed', endpoint };
}

/** New keys of the same schemes; the present ones sign for a day longer. */
export async function rotate(ports: RegisterPorts, owner: KeyOwner): Promise<Registered> {
  const endpoint = await ports.endpoints.get(owner);
  if (endpoint === undefined) return { kind: 'refused', problem: unknown(owner) };
  const schemes = [...new Set(endpoint.keys.map(({ scheme }) => scheme))];
  const made = await keysFor(ports, owner, schemes);
  const fresh = made.map(({ key }) => key);
  const { stored, verdict } = await decided<Endpoint, Problem | undefined>(
    (decide) => ports.endpoints.change(owner, decide),
    (current) => {
      const next = rotated(current, fresh, ports.clock.nowMs());
      return 'code' in next ? { verdict: next, next: undefined } : { verdict: undefined, next };
    },
  );
  if (verdict !== undefined) return { kind: 'refused', problem: verdict };
  if (stored === undefined) return { kind: 'refused', problem: unknown(owner) };
  return { kind: 'registered', endpoint: stored, shown: made.map(({ shown }) => shown) };
}

export function unknown({ tenantId, endpointId }: KeyOwner): Problem {
  return problem('endpoint_unknown', '/endpointId', `The tenant ${tenantId} has no endpoint ${endpointId}.`);
}

type Checked = EndpointChange & Pick<EndpointRequest, 'secret'>;

function problemIn(asked: Checked, allowedOrigins: readonly string[]): Problem | undefined {
  const target = asked.url === undefined ? undefined : checkUrl(asked.url, allowedOrigins);
  if (target?.kind === 'refused') return problem(target.code, '/url', target.message);
  const known: readonly string[] = WEBHOOK_EVENTS;
  const strange = asked.events?.find((type) => !known.includes(type) || type === 'endpoint.ping');
  if (strange !== undefined || asked.events?.length === 0) {
    const types = WEBHOOK_EVENTS.filter((type) => type !== 'endpoint.ping').join(', ');
    return problem('event_unknown', '/events', `Expected one or more of ${types}.`);
  }
  return (
    checkHeaders(asked.headers ?? {}) ?? (asked.secret === undefined ? undefined : checkSecret(asked.secret))
  );
}

/** Two requests at once may both pass: the limit keeps the table small, and nothing depends on it. */
function crowded(count: number): Problem | undefined {
  if (count < MAX_ENDPOINTS) return undefined;
  return problem('endpoints_too_many', '', `Expected at most ${MAX_ENDPOINTS} endpoints for one tenant.`);
}

async function sealedHeaders(
  { keys }: Pick<RegisterPorts, 'keys'>,
  owner: KeyOwner,
  headers: Readonly<Record<string, string>>,
): Promise<Pick<Endpoint, 'headers'>> {
  const names = Object.keys(headers);
  if (names.length === 0) return {};
  return { headers: { names, sealed: await keys.seal(owner, JSON.stringify(headers)) } };
}

function keysFor(
  { keys }: RegisterPorts,
  owner: KeyOwner,
  schemes: readonly SigningKey['scheme'][],
  secret?: string,
): Promise<NewKey[]> {
  return together(schemes.map((scheme) => keys.newKey(owner, scheme, scheme === 'v1' ? secret : undefined)));
}
