/** headgate-exec as a real process, over worker-api and a bucket in memory. To import this opens a table before each test, and a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach } from '@jest/globals';
import type { RunFacts } from '../../domain/job/claim.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import { type JobStore, jobStore } from '../../io/table/jobs.ts';
import { jobTypes } from '../../job-types.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { type Change, FIRST, JOB_ID, jobIn } from './jobs.ts';
import { createJobsTable } from './jobs-table.ts';
import { root } from './root.ts';
import { memoryBucket, openWorkerApi, ticketFor } from './worker-api.ts';

export const INPUT = { name: 'Ada', note: '"; rm -rf /\n$(touch pwned)\ntoken=FORGED\n\\"é' };

let cloud: Awaited<ReturnType<typeof setUp>>;
export let jobs: JobStore;
export let folder: string;
beforeEach(async () => {
  cloud = await setUp();
  folder = mkdtempSync(join(tmpdir(), 'headgate-exec-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cloud.close();
});

export type Fate = 'answer' | 'lose' | 'spoil_token';

export interface Given {
  readonly change?: Change;
  readonly types?: JobTypes;
  readonly facts?: RunFacts;
  /** Called before each call is answered; 'lose' runs it and does not answer, 'spoil_token' asks with a token that is none. */
  readonly onCall?: (call: { readonly call: string }, number: number) => Fate | Promise<Fate>;
  /** The bucket takes no object. */
  readonly refusesObjects?: boolean;
}

/** Lambda and S3 at one address. */
export async function stack({
  change = {},
  types = jobTypes,
  facts,
  onCall = () => 'answer',
  refusesObjects = false,
}: Given = {}) {
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
  await jobs.create(
    jobIn('submitted', { jobType: 'csv.summarise', input: INPUT, claim: undefined, ...change }),
  );
  const bucket = memoryBucket();
  const calls: { readonly call: string; readonly as: string }[] = [];
  const requests: string[] = [];
  const answered: string[] = [];
  const urlOf = (key: string) => `${origin}/objects/${encodeURIComponent(key)}`;
  const api = openWorkerApi({
    jobs,
    types,
    bucket,
    ...(facts && { facts }),
    ports: {
      objects: {
        ...bucket.signed,
        readUrl: async (key) => urlOf(key),
        writeUrl: async (key, { sha256 }) => ({
          url: urlOf(key),
          headers: { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') },
        }),
      },
    },
  });
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const key = decodeURIComponent((request.url ?? '').replace('/objects/', ''));
    requests.push(
      `${request.method} ${request.headers.authorization ?? ''} ${request.headers['if-none-match'] ?? ''}`,
    );
    if (request.method === 'PUT' && refusesObjects) {
      response.writeHead(403).end();
      return;
    }
    if (request.method === 'PUT' && !bucket.objects.has(key)) bucket.objects.set(key, body);
    if (request.method !== 'POST') {
      response.end(request.method === 'GET' ? bucket.objects.get(key) : undefined);
      return;
    }
    const call = JSON.parse(body.toString());
    calls.push(call);
    const fate = await onCall(call, calls.length);
    const answer = await api.lines(fate === 'spoil_token' ? { ...call, token: 'none' } : call);
    answered.push(call.call);
    if (fate === 'lose') response.destroy();
    else response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
  return {
    calls,
    answered,
    requests,
    bucket,
    job: async () => (await jobs.get(JOB_ID)) as JobRecord, // recorded above
    environment: {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: folder,
      HEADGATE_API: 'worker-api',
      HEADGATE_TICKET: ticketFor(),
      AWS_BATCH_JOB_ID: FIRST,
      AWS_BATCH_JOB_ATTEMPT: '1',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: origin,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly bytes: number;
}

/** In a process group of its own, as a container is. */
export function start(
  environment: NodeJS.ProcessEnv,
  ...command: string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn('sh', [join(root, 'worker/headgate-exec'), ...command], {
    env: environment,
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, bytes] = ['', 0];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (out.length < 100_000) out += chunk;
    });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, out, bytes })) };
}

export const script = (text: string): string[] => {
  const file = join(folder, 'program');
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return [file];
};

export async function ran(text: string, given: Given = {}) {
  const here = await stack(given);
  const ended = await start(here.environment, ...script(text)).ended;
  here.close();
  return { ...here, ...ended, job: await here.job() };
}
