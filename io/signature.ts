/** Standard Webhooks 1.0 signatures, symmetric scheme `v1`. */
import { createHmac } from 'node:crypto';

const WEBHOOK_ID = /^msg_[a-z2-7]{26}$/;

/**
 * The three headers that let a receiver check who sent a body and when.
 *
 * @param body the exact text that is sent; a receiver that re-serialises the JSON will not verify
 * @param secrets `whsec_…`, newest first; with two, a receiver that has either one verifies
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookHeaders(webhookId: string, nowMs: number, body: string, secrets: readonly string[]) {
  if (!WEBHOOK_ID.test(webhookId))
    throw new Error('A webhook id must not be chosen by others: a dot in it forges signatures');
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${webhookId}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
