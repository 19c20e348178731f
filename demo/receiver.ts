/**
 * A web server of a tenant with adjustable outcome, which records the webhooks that it receives. It verifies with
 * an independent library.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

export interface Arrival {
  readonly path: string;
  readonly webhookId: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly atMs: number;
  /** The number of this try of its webhook. */
  readonly nth: number;
  /** The answer: a status, or that there was none. */
  readonly answered: number | 'nothing';
}

/** @param nth counts from 1, for each webhook */
export type TryOutcome = (nth: number, response: ServerResponse) => void;

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}): TryOutcome =>
  (_, response) =>
    void response.writeHead(status, headers).end();
export const after =
  (ms: number, outcome: TryOutcome): TryOutcome =>
  (nth, response) =>
    void setTimeout(() => outcome(nth, response), ms);
/** Accepts the webhook and never answers. */
export const hang: TryOutcome = () => undefined;
/** One outcome after another; the last one for all further tries. */
export const inTurn =
  (first: TryOutcome, ...others: readonly TryOutcome[]): TryOutcome =>
  (nth, response) =>
    (([first, ...others][nth - 1] ?? others.at(-1)) || first)(nth, response);

export interface Receiver {
  readonly origin: string;
  readonly arrivals: readonly Arrival[];
  /** How `/name` behaves from now on. */
  behave(name: string, outcome: TryOutcome): string;
  close(): Promise<void>;
}

export async function openReceiver(
  onArrival: (arrival: Arrival) => void = () => undefined,
): Promise<Receiver> {
  const behaviours = new Map<string, TryOutcome>();
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    const body = await text(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const webhookId = headers['webhook-id'] ?? '';
    const nth = 1 + arrivals.filter((each) => each.path === path && each.webhookId === webhookId).length;
    (behaviours.get(path) ?? answer(204))(nth, response);
    const answered = response.headersSent ? response.statusCode : 'nothing';
    const arrival: Arrival = { path, webhookId, body, headers, atMs: performance.now(), nth, answered };
    arrivals.push(arrival);
    onArrival(arrival);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
  return {
    origin,
    arrivals,
    behave(name, outcome) {
      behaviours.set(`/${name}`, outcome);
      return `${origin}/${name}`;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export function verifies({ body, headers }: Arrival, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
