/** What a program under trial can reach: the function worker-api, as Lambda invokes it, and the objects behind signed URLs. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { WorkerApi } from '../../application/worker/worker-api.ts';
import { Stopped } from '../program/stopped.ts';
import type { TrialObjects } from './trial-objects.ts';

export interface Door {
  readonly origin: string;
  readonly urlOf: (key: string) => string;
  open(parts: { readonly call: WorkerApi; readonly objects: TrialObjects }): void;
  close(): void;
}

const OBJECTS = '/objects/';
export const WORKER_API = 'worker-api';
const INVOCATIONS = `/2015-03-31/functions/${WORKER_API}/invocations`;

/** On an address that only this machine reaches. */
export async function openDoor(): Promise<Door> {
  let parts: Parameters<Door['open']>[0] | undefined;
  const server = createServer((request, response) => {
    answer(request, response, parts).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    urlOf: (key) => `${origin}${OBJECTS}${encodeURIComponent(key)}`,
    open(given) {
      parts = given;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: Parameters<Door['open']>[0] | undefined,
): Promise<void> {
  if (parts === undefined) throw new Stopped('failed', 'The trial has not begun');
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'POST' && pathname === INVOCATIONS) {
    const answered = JSON.stringify(await parts.call(await json(request)));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answered);
    return;
  }
  if (!pathname.startsWith(OBJECTS)) {
    // A container has no right to anything else of AWS.
    response.writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' }).end('{}');
    return;
  }
  const key = decodeURIComponent(pathname.slice(OBJECTS.length));
  if (request.method === 'PUT') {
    const outcome = await parts.objects.write(key, request);
    response.writeHead(outcome === 'written' ? 200 : 412).end();
    return;
  }
  const content = await parts.objects.read(key);
  if (content === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200);
  await pipeline(content, response);
}
