/** Verifying a webhook, by Standard Webhooks 1.0: `v1` with a shared secret, `v1a` with a public key. */
import type { Failure, GroupTally, JobState, Json, JsonObject } from './types.ts';

interface OfJob<Type extends string, Status extends JobState> {
  readonly type: Type;
  readonly timestamp: string;
  readonly data: {
    readonly jobId: string;
    readonly tenantId: string;
    readonly jobType: string;
    readonly idempotencyKey: string;
    readonly status: Status;
    /** Grows with each state: an event with a lower one than was seen came late. */
    readonly sequence: number;
    readonly attempt: number;
    readonly createdAt: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
    readonly nextAttemptAt?: string;
    readonly progress?: Json;
    readonly result?: Json;
    readonly failure?: Failure;
    readonly metadata?: JsonObject;
  };
}

export type WebhookEvent =
  | OfJob<'job.accepted', JobState>
  | OfJob<'job.progress', JobState>
  | OfJob<'job.running', 'running'>
  | OfJob<'job.retrying', 'retrying'>
  | OfJob<'job.succeeded', 'succeeded'>
  | OfJob<'job.failed', 'failed'>
  | OfJob<'job.cancelled', 'cancelled'>
  | OfJob<'job.expired', 'expired'>
  | {
      readonly type: 'job.rejected';
      readonly timestamp: string;
      readonly data: {
        readonly messageId: string;
        readonly tenantId: string;
        readonly jobType?: string;
        readonly idempotencyKey?: string;
        readonly sequence: number;
        readonly code: string;
        readonly pointer: string;
        readonly message: string;
      };
    }
  | {
      readonly type: 'group.finished';
      readonly timestamp: string;
      readonly data: {
        readonly group: string;
        readonly tenantId: string;
        /** The number of the round: a redrive of a member opens another. */
        readonly sequence: number;
        /** `succeeded` if each member has. */
        readonly status: 'succeeded' | 'failed';
        readonly members: GroupTally;
        /** Of an array: the object that says what has become of each item. */
        readonly manifest?: string;
        /** Of an array: why its jobs were not all made, or why the others were cancelled. */
        readonly failure?: { readonly code: string; readonly message: string };
        readonly createdAt: string;
        readonly finishedAt: string;
      };
    }
  | {
      readonly type: 'tenant.budget';
      readonly timestamp: string;
      readonly data: {
        readonly tenantId: string;
        readonly sequence: number;
        /** In the time zone of the budget, such as `2026-11`. */
        readonly month: string;
        readonly standing: 'warned' | 'used';
        /** What follows when it is used. */
        readonly action: 'hold' | 'cancel' | 'refuse';
        /** When the next month begins. */
        readonly until: string;
      };
    }
  | {
      readonly type: 'endpoint.disabled' | 'endpoint.ping';
      readonly timestamp: string;
      readonly data: {
        readonly endpointId: string;
        readonly tenantId: string;
        readonly sequence: number;
        readonly pingId?: string;
        readonly reason?: string;
      };
    };

export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
}

const TOLERANCE_MS = 5 * 60_000;
type HeadersLike = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * @param rawBody as it came: a body that was parsed and written again has other bytes
 * @param keys `whsec_…` secrets and `whpk_…` public keys; two while you change from one to the next
 * @returns the event; of the payload `cloudevents`, its type, time and data
 * @throws WebhookRefused for a request that no key signed, or that is older or newer than five minutes
 */
export async function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: HeadersLike,
  keys: readonly string[],
  nowMs: number = Date.now(),
): Promise<WebhookEvent> {
  const body =
    typeof rawBody === 'string' ? rawBody : new TextDecoder('utf-8', { fatal: true }).decode(rawBody);
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  if (!/^\d+$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS)
    throw new WebhookRefused('Expected a webhook of the last five minutes, found another time.');
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const entry of headerOf(headers, 'webhook-signature').split(' ')) {
    const [scheme = '', signature = ''] = entry.split(',');
    for (const key of keys) if (await verifies(scheme, key, signature, content)) return eventOf(body);
  }
  throw new WebhookRefused('Expected a signature by one of the keys, found none.');
}

function headerOf(headers: HeadersLike, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? '';
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : '';
}

const SCHEMES = {
  v1: { prefix: 'whsec_', algorithm: { name: 'HMAC', hash: 'SHA-256' } },
  v1a: { prefix: 'whpk_', algorithm: { name: 'Ed25519' } },
} as const;

/** The comparison is that of the runtime, whose time tells nothing. */
async function verifies(
  scheme: string,
  key: string,
  signature: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (scheme !== 'v1' && scheme !== 'v1a') return false;
  const { prefix, algorithm } = SCHEMES[scheme];
  if (!key.startsWith(prefix)) return false;
  const bytes = fromBase64(signature);
  if (bytes === undefined) return false;
  const material = fromBase64(key.slice(prefix.length));
  if (material === undefined) throw new WebhookRefused('Expected keys in base64, found another text.');
  const imported = await crypto.subtle.importKey('raw', material, algorithm, false, ['verify']);
  return crypto.subtle.verify(algorithm.name, imported, bytes, content);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** The bytes are those that Headgate signed, so their shape is that of its events. */
function eventOf(body: string): WebhookEvent {
  const parsed = JSON.parse(body);
  return 'specversion' in parsed
    ? ({ type: parsed.type, timestamp: parsed.time, data: parsed.data } as WebhookEvent)
    : (parsed as WebhookEvent);
}
