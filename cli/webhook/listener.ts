/** A receiver on this machine: verifies each webhook, hands it on as it came, and answers what it was answered. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { verifyWebhook, type WebhookEvent, WebhookRefused } from '../../client/webhook.ts';

export interface Heard {
  readonly webhookId: string;
  /** Absent for one that no key signed. */
  readonly event: WebhookEvent | undefined;
  /** What the sender was answered. */
  readonly status: number;
  /** Why it could not be handed on. */
  readonly failure?: string;
  readonly durationMs: number;
}

export interface ListenerParts {
  readonly port: number;
  readonly keys: readonly string[];
  /** Where to; absent: each is answered with 204. */
  readonly forward: URL | undefined;
  onHeard(heard: Heard): void;
}

const MAX_WAIT_MS = 15_000;
/** They belong to the connection, or are made anew. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'expect',
]);

/** @returns the way to stop it. @throws Error when the port is taken */
export async function openListener({
  port,
  keys,
  forward,
  onHeard,
}: ListenerParts): Promise<() => Promise<void>> {
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAtMs = performance.now();
    const body = await buffer(request);
    const event = await verified(body, request, keys);
    const handed = event === undefined ? { status: 401 } : await hand(forward, request, body);
    response.writeHead(handed.status).end();
    const webhookId = String(request.headers['webhook-id'] ?? '');
    onHeard({ webhookId, event, ...handed, durationMs: Math.round(performance.now() - startedAtMs) });
  }
  // A sender that goes away in the middle of its request has sent nothing.
  const server = createServer((request, response) =>
    receive(request, response).catch(() => response.destroy()),
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
}

async function verified(body: Buffer, { headers }: IncomingMessage, keys: readonly string[]) {
  try {
    // The time of the laptop may be ahead of that of this machine; its age is what the signed time says.
    return await verifyWebhook(body, headers, keys, Number(headers['webhook-timestamp']) * 1000);
  } catch (error) {
    if (error instanceof WebhookRefused) return undefined;
    throw error;
  }
}

async function hand(
  forward: URL | undefined,
  { headers }: IncomingMessage,
  body: Buffer<ArrayBufferLike>,
): Promise<Pick<Heard, 'status' | 'failure'>> {
  if (forward === undefined) return { status: 204 };
  const kept = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name));
  try {
    const answer = await fetch(forward, {
      method: 'POST',
      headers: kept.map(([name, value]): [string, string] => [name, String(value)]),
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(MAX_WAIT_MS),
    });
    await answer.body?.cancel();
    return { status: answer.status };
  } catch (error) {
    return { status: 502, failure: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED')
    return 'nothing listens there';
  return cause instanceof Error && cause.name === 'TimeoutError'
    ? 'no answer in 15 s'
    : 'the connection broke';
}
