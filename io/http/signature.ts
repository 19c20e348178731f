/** Standard Webhooks 1.0 signatures: `v1` is HMAC-SHA256, `v1a` ed25519. */
import { createHmac, createPrivateKey, createSecretKey, type KeyObject, sign } from 'node:crypto';
import type { SigningKey } from '../../domain/webhook/endpoint.ts';

const WEBHOOK_ID = /^msg_[a-z2-7]{26}$/;

/**
 * The three headers that let a receiver check who sent a body and when.
 *
 * @param body the exact text that is sent; a receiver that re-serialises the JSON will not verify
 * @param keys newest first; a receiver that has any one of them verifies
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookHeaders(webhookId: string, nowMs: number, body: string, keys: readonly OpenKey[]) {
  if (!WEBHOOK_ID.test(webhookId))
    throw new Error('Expected a webhook id without a dot: a dot would allow a forged signature');
  if (keys.length === 0) throw new Error('Without a key a webhook is not sent');
  const timestamp = String(Math.floor(nowMs / 1000));
  const content = Buffer.from(`${webhookId}.${timestamp}.${body}`);
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => signatureOf(content, key)).join(' '),
  };
}

function signatureOf(content: Buffer, key: OpenKey): string {
  if (key.scheme === 'v1') return `v1,${createHmac('sha256', key.secret).update(content).digest('base64')}`;
  return `v1a,${sign(null, content, key.privateKey).toString('base64')}`;
}

/** A signing key: a secret, or an ed25519 private key. Key objects sign fastest, and are never printed. */
export type OpenKey =
  | { readonly scheme: 'v1'; readonly secret: KeyObject }
  | { readonly scheme: 'v1a'; readonly privateKey: KeyObject };

export function openKey(scheme: SigningKey['scheme'], plain: string): OpenKey {
  if (scheme === 'v1') return { scheme, secret: createSecretKey(plain.slice('whsec_'.length), 'base64') };
  const [x = '', d = ''] = plain.split('.');
  return {
    scheme,
    privateKey: createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' }),
  };
}

/** A signing key as KMS decrypted it. */
export interface PlainKey {
  readonly scheme: SigningKey['scheme'];
  readonly plain: string;
}

/** The three headers of a body, signed by each key, newest first. */
export function signedHeaders(
  webhookId: string,
  nowMs: number,
  body: string,
  keys: readonly PlainKey[],
): Readonly<Record<string, string>> {
  const open = keys.map(({ scheme, plain }) => openKey(scheme, plain));
  return webhookHeaders(webhookId, nowMs, body, open);
}

export type SignWebhook = typeof signedHeaders;
