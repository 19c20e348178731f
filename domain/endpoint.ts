/** A webhook URL of a tenant, and what it wants to hear. */
import { z } from 'zod';
import { TenantId } from './request.ts';

/** `whsec_` and base64 of 24 to 64 bytes: what Standard Webhooks calls a symmetric secret. */
export const WebhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/);

export const Endpoint = z.object({
  tenantId: TenantId,
  endpointId: z.string().regex(/^whe_[a-z0-9]{1,40}$/),
  url: z.url().max(2048),
  /** The event types it wants, such as job.succeeded. */
  events: z.array(z.string().regex(/^job\.[a-z_]+$/)).min(1),
  /** Newest first. While a secret is being rotated there are two, and both sign. */
  secrets: z.array(WebhookSecret).min(1).max(2),
  disabledReason: z.string().optional(),
});
export type Endpoint = z.infer<typeof Endpoint>;

export function wants(endpoint: Endpoint, eventType: string): boolean {
  return endpoint.disabledReason === undefined && endpoint.events.includes(eventType);
}
