/** Setting up endpoints: the settings are checked first, and secrets are encrypted before they are stored. */
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
import { decided } from './decided.ts';

export interface RegisterPorts {
  readonly endpoints: Pick<EndpointRegister, 'list' | 'put' | 'change' | 'get'>;
  readonly keys: Sealing;
  readonly clock: Clock;
  readonly random: Random;
}

export interface EndpointRequest {
  readonly tenantId: string;
  /** Absent: a new one. */
  readonly endpointId?: string | undefined;
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
      /** Secrets and public keys, newest first. A secret is shown only here. */
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
  const wrong = problemIn(asked, allowedOrigins) ?? crowded(known.length);
  if (wrong !== undefined) return { kind: 'refused', problem: wrong };
  const { tenantId, url, description, events = DEFAULT_EVENTS, payload = 'standard', headers = {} } = asked;
  const endpointId = asked.endpointId ?? `whe_${ports.random.token().replaceAll('-', '').slice(0, 16)}`;
  const owner = { tenantId, endpointId };
  const made = await keysFor(ports, owner, asked.schemes ?? ['v1'], asked.secret);
  const names = Object.keys(headers);
  const endpoint: Endpoint = {
    ...owner,
    url,
    ...(description === undefined ? {} : { description }),
    events: [...events],
    payload,
    keys: made.map(({ key }) => key),
    ...(names.length === 0
      ? {}
      : { headers: { names, sealed: await ports.keys.seal(owner, JSON.stringify(headers)) } }),
  };
  await ports.endpoints.put(endpoint);
  return { kind: 'registered', endpoint, shown: made.map(({ shown }) => shown) };
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

function problemIn(asked: EndpointRequest, allowedOrigins: readonly string[]): Problem | undefined {
  const target = checkUrl(asked.url, allowedOrigins);
  if (target.kind === 'refused') return problem(target.code, '/url', target.message);
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

function keysFor(
  { keys }: RegisterPorts,
  owner: KeyOwner,
  schemes: readonly SigningKey['scheme'][],
  secret?: string,
): Promise<NewKey[]> {
  return together(schemes.map((scheme) => keys.newKey(owner, scheme, scheme === 'v1' ? secret : undefined)));
}
