/**
 * A worker image whose containers do what a test planned for them, and are the real worker otherwise. A held container
 * is the real worker too: it has claimed its job and waits for the rest of its input.
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { built } from '../../tools/build.ts';
import { until } from '../support/until.ts';

export interface Containers {
  readonly images: { readonly WorkerRepository: string };
  /** The exit codes of the first attempts of a job; the attempts after them work as usual. Before the job is sent. */
  willExit(jobId: string, ...codes: readonly number[]): void;
  /** This attempt claims its job and then waits for `release`. Before the job is sent. */
  willHold(jobId: string, attempt?: number): void;
  /** Lets all held containers end their work. */
  release(): void;
  /** Resolves once the Batch job has a process. */
  pidOf(runId: string): Promise<number>;
  close(): Promise<void>;
}

/** Beside the image, because each try has a working directory of its own. */
const program = (worker: string, folder: string) => `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const folder = ${JSON.stringify(`${folder}/`)};
writeFileSync(folder + process.env.AWS_BATCH_JOB_ID + '.pid', String(process.pid));
const [, , jobId, attempt] = process.env.HEADGATE_TICKET.split('.');
const file = folder + jobId + '-' + attempt + '.json';
const plan = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
if (plan.exit !== undefined) process.exit(plan.exit);
const real = fetch;
if (plan.objects !== undefined) globalThis.fetch = (url, init) => real(init?.method === 'PUT' ? url : plan.objects, init);
await import(${JSON.stringify(worker)});
`;

export async function openContainers(): Promise<Containers> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-image-'));
  writeFileSync(
    join(folder, 'main.mjs'),
    program(pathToFileURL(join(built.worker, 'main.mjs')).href, folder),
  );
  const objects = await openSlowObjects();
  const plan = (jobId: string, attempt: number, what: object) =>
    writeFileSync(join(folder, `${jobId}-${attempt}.json`), JSON.stringify(what));
  return {
    images: { WorkerRepository: folder },
    willExit(jobId, ...codes) {
      for (const [i, exit] of codes.entries()) plan(jobId, i + 1, { exit });
    },
    willHold: (jobId, attempt = 1) => plan(jobId, attempt, { objects: objects.origin }),
    release: objects.release,
    pidOf: (runId) =>
      until(`the process of Batch job ${runId}`, async () => {
        const file = join(folder, `${runId}.pid`);
        return existsSync(file) ? Number(readFileSync(file, 'utf8')) || undefined : undefined;
      }),
    async close() {
      await objects.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An S3 that sends the head of every object and keeps the rest back. */
async function openSlowObjects() {
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.method !== 'GET') {
      request.resume().once('end', () => response.end());
      return;
    }
    held.add(response);
    response.once('close', () => held.delete(response));
    response.write('n\n1\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    origin: `http://127.0.0.1:${port}`,
    release() {
      for (const response of held) response.end('2\n');
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Resolves when the process is gone: ended, and taken note of by the one that started it. */
export function gone(pid: number): Promise<true> {
  return until(`the end of process ${pid}`, async () => {
    try {
      process.kill(pid, 0);
      return undefined;
    } catch {
      return true;
    }
  });
}
