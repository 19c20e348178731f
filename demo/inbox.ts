/** A small web server of a tenant: receives webhooks on loopback and verifies each with an independent library. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { isAboutJob, type LifecycleEvent, TenantEvent } from '../domain/webhook/notification.ts';

export interface Received {
  readonly tenantId: string;
  readonly webhookId: string;
  readonly verified: boolean;
  /** Absent when it does not verify. */
  readonly payload: TenantEvent | undefined;
  /** The same, if it is about a job. */
  readonly event: LifecycleEvent | undefined;
}

export interface Inbox {
  readonly origin: string;
  urlOf(tenantId: string): string;
  close(): Promise<void>;
}

/** @param secrets the `whsec_…` of each tenant; a webhook must verify with the secret of the tenant in its path */
export async function openInbox(
  secrets: ReadonlyMap<string, string>,
  onReceived: (received: Received) => void,
): Promise<Inbox> {
  const server = createServer(async (request, response) => {
    const received = verify(request, await text(request), secrets);
    response.writeHead(received.verified ? 204 : 400).end();
    onReceived(received);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
  return {
    origin,
    urlOf: (tenantId) => `${origin}/${tenantId}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function verify(request: IncomingMessage, body: string, secrets: ReadonlyMap<string, string>): Received {
  const tenantId = request.url?.slice(1) ?? '';
  const webhookId = String(request.headers['webhook-id'] ?? '');
  try {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const payload = TenantEvent.parse(new Webhook(secrets.get(tenantId) ?? '').verify(body, headers));
    const event = isAboutJob(payload) ? payload : undefined;
    return { tenantId, webhookId, verified: payload.data.tenantId === tenantId, payload, event };
  } catch {
    return { tenantId, webhookId, verified: false, payload: undefined, event: undefined };
  }
}
