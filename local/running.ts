/** How commands find a cloud that runs on this machine: each announces itself by a file in one folder. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';

const RunningCloud = z.object({
  pid: z.int().positive(),
  /** The variables that point any AWS client at it. */
  environment: z.record(z.string(), z.string()),
  /** The outputs of its template. */
  outputs: z.record(z.string(), z.string()),
});
export type RunningCloud = z.infer<typeof RunningCloud>;

/** Beside the outputs of the template: where a receiver of this machine may listen. */
export const LISTEN_ORIGIN = 'WebhookListenOrigin';

/** Below a checkout: each has its own laptops. */
export const RUNNING_FOLDER = '.data/running';

/** @returns a function that takes the announcement back */
export async function announce(
  folder: string,
  { environment, outputs }: Omit<RunningCloud, 'pid'>,
): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = fileOf(folder, process.pid);
  // It may name keys, which are the user's own.
  await writeFile(file, JSON.stringify({ pid: process.pid, environment, outputs }), { mode: 0o600 });
  return () => rm(file, { force: true });
}

/** Those that answer. The file of a process that was killed is removed. */
export async function findRunning(folder: string): Promise<RunningCloud[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.filter((name) => /^\d+\.json$/.test(name)).map((name) => look(folder, name)),
  );
  return found.flatMap((cloud) => cloud ?? []);
}

async function look(folder: string, name: string): Promise<RunningCloud | undefined> {
  const read = RunningCloud.safeParse(await json(join(folder, name)));
  // A file that is being written is whole a moment later.
  if (!read.success) return undefined;
  const { pid, environment } = read.data;
  if (!isAlive(pid)) {
    await rm(fileOf(folder, pid), { force: true });
    return undefined;
  }
  return (await answers(environment['AWS_ENDPOINT_URL'])) ? read.data : undefined;
}

const fileOf = (folder: string, pid: number) => join(folder, `${pid}.json`);

async function json(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is alive.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const CONNECT_MS = 1000;

/** The process may be another one with the same id. */
function answers(endpoint = ''): Promise<boolean> {
  const url = URL.parse(endpoint);
  if (url === null) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: url.hostname, port: Number(url.port), timeout: CONNECT_MS });
  socket.once('connect', () => resolve(true));
  for (const event of ['error', 'timeout'] as const) socket.once(event, () => resolve(false));
  return promise.finally(() => socket.destroy());
}
