/** A webhook URL of a tenant: its events, its signatures, and whether it is enabled. */
import * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { TenantId } from '../job/ids.ts';
import { bytesOf } from '../size.ts';

export const MAX_ENDPOINTS = 20;
/** How long the secret before a rotation still signs, so that receivers can be changed one by one. */
export const ROTATION_GRACE_MS = 24 * 3_600_000;

export const EndpointId = z
  .string()
  .regex(/^whe_[a-z0-9]{1,40}$/, 'expected whe_ and 1 to 40 of a-z and 0-9');

/** A signing key. The table has it encrypted for this one endpoint, so a reader of the table cannot sign. */
export const SigningKey = z.object({
  /** `v1` is HMAC-SHA256, `v1a` ed25519. @see Standard Webhooks 1.0, "Signature scheme" */
  scheme: z.enum(['v1', 'v1a']),
  sealed: z.string(),
  /** Of a `v1a` key: `whpk_…`, with which a receiver verifies. */
  publicKey: z.string().optional(),
  /** Set by a rotation: until then it still signs beside its successor. */
  untilMs: z.int().optional(),
});
export type SigningKey = z.infer<typeof SigningKey>;

export const Endpoint = z.object({
  tenantId: TenantId,
  endpointId: EndpointId,
  url: z.string().max(2048),
  description: z.string().max(256).optional(),
  /** The event types that it receives, such as job.succeeded. A later version may know more: this one never sends those. */
  events: z.array(z.string().regex(/^[a-z]+\.[a-z_]+$/)).min(1),
  /** Fixed when the endpoint is made: a webhook that is repeated must be the same bytes. */
  payload: z.enum(['standard', 'cloudevents']).default('standard'),
  /** Newest first. While a secret is being rotated each scheme has two, and both sign. */
  keys: z.array(SigningKey).min(1).max(4),
  /** Their values may be passwords of the receiver, and are encrypted as the keys are. */
  headers: z.object({ names: z.array(z.string()), sealed: z.string() }).optional(),
  disabled: z.object({ reason: z.string(), atMs: z.int() }).optional(),
});
export type Endpoint = z.infer<typeof Endpoint>;
/** As it is stored: a field with a default may be absent. */
export type NewEndpoint = z.input<typeof Endpoint>;

/** Whether it receives the event. A disabled endpoint does, too: its deliveries are held until they are replayed. */
export function wants(endpoint: Pick<Endpoint, 'events'>, eventType: string): boolean {
  return endpoint.events.includes(eventType);
}

/** The keys that sign now, newest first. */
export function activeKeys({ keys }: Endpoint, nowMs: number): SigningKey[] {
  return keys.filter(({ untilMs }) => untilMs === undefined || nowMs < untilMs);
}

/**
 * The endpoint with new keys; the present ones sign for a day longer. A third generation would end the first one
 * early.
 */
export function rotated(endpoint: Endpoint, fresh: readonly SigningKey[], nowMs: number): Endpoint | Problem {
  const present = activeKeys(endpoint, nowMs);
  const leaving = present.find(({ untilMs }) => untilMs !== undefined);
  if (leaving !== undefined) {
    const until = new Date(leaving.untilMs ?? nowMs).toISOString();
    const advice = `The secret before the current one is valid until ${until}; revoke it first.`;
    return problem('rotation_pending', '/keys', advice);
  }
  const untilMs = nowMs + ROTATION_GRACE_MS;
  return { ...endpoint, keys: [...fresh, ...present.map((key) => ({ ...key, untilMs }))] };
}

/** Only the newest key of each scheme signs from now on. */
export function revoked(endpoint: Endpoint): Endpoint {
  return { ...endpoint, keys: endpoint.keys.filter(({ untilMs }) => untilMs === undefined) };
}

const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** A secret that a tenant provides. */
export function checkSecret(text: string): Problem | undefined {
  const [, base64] =
    /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(text) ?? [];
  if (base64 === undefined) return problem('secret_format', '/secret', 'Expected whsec_ followed by base64.');
  const bytes = Math.floor((base64.replaceAll('=', '').length * 3) / 4);
  if (bytes >= MIN_SECRET_BYTES && bytes <= MAX_SECRET_BYTES) return undefined;
  const expected = `Expected ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes, found ${bytes}.`;
  return problem('secret_length', '/secret', expected);
}

const MAX_HEADERS = 10;
const MAX_HEADER_BYTES = 1024;
/** KMS encrypts at most 4 KiB, and the names and quotes around the values take some of that. */
const MAX_HEADERS_BYTES = 3072;
/** Headers of HTTP itself, our own, and those that would make a receiver believe that another sender calls. */
const FORBIDDEN_HEADERS =
  /^(host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*|webhook-.*|x-amz-.*|forwarded|x-forwarded-.*|user-agent)$/;

/** The fault of the first invalid custom header. */
export function checkHeaders(headers: Readonly<Record<string, string>>): Problem | undefined {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS)
    return problem('headers_too_many', '/headers', `Expected at most 10, found ${entries.length}.`);
  for (const [name, value] of entries) {
    const pointer = `/headers/${name.slice(0, 64).toWellFormed()}`;
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name))
      return problem('header_name', pointer, 'Expected 1 to 128 letters, digits and hyphens.');
    if (FORBIDDEN_HEADERS.test(name.toLowerCase()))
      return problem(
        'header_forbidden',
        pointer,
        'Expected a header of your own; Headgate or HTTP sets this one.',
      );
    if (!/^[\x20-\x7e]*$/.test(value))
      return problem('header_value', pointer, 'Expected printable ASCII characters.');
    if (bytesOf(value) > MAX_HEADER_BYTES)
      return problem('header_too_large', pointer, `Expected at most ${MAX_HEADER_BYTES} bytes.`);
  }
  if (bytesOf(JSON.stringify(headers)) > MAX_HEADERS_BYTES)
    return problem('header_too_large', '/headers', `Expected at most ${MAX_HEADERS_BYTES} bytes in all.`);
  const names = entries.map(([name]) => name.toLowerCase());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return undefined;
  return problem('header_name', `/headers/${twice}`, 'Expected each name once, whatever its case.');
}
