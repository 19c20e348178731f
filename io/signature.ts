/** Standard Webhooks 1.0 signatures: `v1` is HMAC-SHA256, `v1a` ed25519. */
import { createHmac, sign } from 'node:crypto';
import type { OpenKey } from './keys.ts';

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
    throw new Error('A webhook id must not be chosen by others: a dot in it forges signatures');
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
