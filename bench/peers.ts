/**
 * Queues of another kind on this machine, in the same run: a job that does nothing, its state and result in a store, and one
 * signed webhook to the same receiver. They run jobs in their own process; Headgate on a laptop makes each go through SQS,
 * AWS Batch, a process and EventBridge, so compare what is bought with the difference, not the figures alone.
 */
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import type { Outcome } from './figure.ts';
import { PEERS, type Store, startPostgres, startRedis } from './peers/servers.ts';
import { usageOf } from './processes.ts';

const JOBS = 3000;
const KEY = 'bench';
const MAX_MS = 60_000;

interface Peer {
  readonly program: string;
  readonly name: string;
  start(): Promise<Store | undefined>;
}

const all: readonly Peer[] = [
  { program: 'bullmq', name: 'BullMQ, Redis without a log', start: startRedis },
  { program: 'pg-boss', name: 'pg-boss, PostgreSQL', start: startPostgres },
  { program: 'graphile-worker', name: 'graphile-worker, PostgreSQL', start: startPostgres },
];

export async function* peers(): AsyncGenerator<Outcome> {
  const receiver = await openReceiver();
  try {
    for (const peer of all) {
      const name = `${peer.name}: no-op jobs`;
      if (!existsSync('/proc/self/stat')) yield { name, skipped: 'CPU time of processes is read from /proc' };
      else if (!existsSync(`${PEERS}/node_modules/${peer.program}`))
        yield { name, skipped: 'npm run outside installs it' };
      else yield* measure(peer, name, receiver);
    }
  } finally {
    receiver.close();
  }
}

async function* measure(peer: Peer, name: string, receiver: Receiver): AsyncGenerator<Outcome> {
  const store = await peer.start();
  if (store === undefined) return yield { name, skipped: 'its store cannot be started here' };
  try {
    receiver.seen.clear();
    const before = usageOf(process.pid);
    const seconds = await runProgram(peer.program, store, receiver.url);
    const after = usageOf(process.pid);
    if (receiver.seen.size !== JOBS) throw new Error(`${peer.name} sent ${receiver.seen.size} webhooks`);
    yield { name, value: JOBS / seconds, unit: 'jobs/s' };
    yield { name, value: (after.cpuMs - before.cpuMs) / JOBS, unit: 'CPU-ms/job' };
  } finally {
    await store.close();
  }
}

/** @returns seconds. Its CPU time is this process's when it has ended. */
async function runProgram(program: string, store: Store, url: string) {
  const child = spawn(process.execPath, [`bench/peers/${program}.mjs`], {
    env: {
      PATH: process.env['PATH'],
      PEERS: resolve(PEERS),
      STORE: store.url,
      RECEIVER: url,
      KEY,
      JOBS: `${JOBS}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MAX_MS,
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  const seconds = Number(/"seconds":([\d.]+)/.exec(out)?.[1]);
  if (code !== 0 || !(seconds > 0)) throw new Error(`${program} ended with ${code}: ${err.slice(-500)}`);
  return seconds;
}

interface Receiver {
  readonly url: string;
  readonly seen: Set<string>;
  close(): void;
}

async function openReceiver(): Promise<Receiver> {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.once('end', () => {
      const [id, at, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((header) =>
        String(request.headers[header]),
      );
      const expected = createHmac('sha256', KEY).update(`${id}.${at}.${body}`).digest('base64');
      const isSigned = signature === `v1,${expected}`;
      if (isSigned) seen.add(String(id));
      response.writeHead(isSigned ? 204 : 401).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  return { url: `http://127.0.0.1:${address.port}/`, seen, close: () => void server.close() };
}
